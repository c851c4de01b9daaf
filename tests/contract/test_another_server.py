"""The main job against a server that shares nothing with the simulator but the wire form."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.platforms.sft.client import SftPlatform
from adapters.platforms.simulator.stock import generate_iccids
from domain.options import Account, GroupTarget
from tests.contract.other_server import OtherServer
from tests.support.job import Job

COUNT = 100


@pytest.fixture(params=[0, 7], ids=["every answer arrives", "every seventh create's answer is lost"])
def server(request: pytest.FixtureRequest) -> Iterator[OtherServer]:
    """A server with a hundred SIMs in stock."""
    running = OtherServer(generate_iccids(COUNT, 3), lose_every=request.param)
    yield running
    running.close()


async def test_a_batch_is_created_tagged_activated_and_grouped_once(server: OtherServer, tmp_path: Path) -> None:
    account = Account(
        base_url=server.base_url,
        username="u",
        rate_per_second=2000,
        max_in_flight=8,
        deadline_seconds=5,
        settle_seconds=0.3,
        groups={"eu": GroupTarget(addon_plan_id="654321")},
    )
    job = Job(f"sqlite:///{tmp_path / 'store.db'}", account)
    await job.open()
    platform = SftPlatform(account, job.pacer)
    try:
        scope = job.batch(list(server.stock))
        await job.finish(platform, scope)
        await job.finish(platform, job.activation("b", "eu", 30))
        writes = server.writes
        await job.finish(platform, scope)
    finally:
        await platform.close()
        await job.close()

    assert dict(server.creates) == dict.fromkeys(server.stock, 1)
    endpoints = server.endpoints.values()
    assert {tuple(endpoint["tags"]) for endpoint in endpoints} == {("b",)}
    assert {endpoint["isDefaultActivation"] for endpoint in endpoints} == {"false"}
    assert sorted(len(endpoint["addons"]) for endpoint in endpoints) == [0] * 70 + [1] * 30
    assert sum(endpoint["status"] == "Active" for endpoint in endpoints) == 30
    assert server.writes == writes
