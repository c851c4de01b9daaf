"""The main job against a server that shares nothing with the simulator but the wire form."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.platforms.sft.client import SftPlatform
from adapters.platforms.simulator.stock import generate_iccids
from adapters.store import ingest, selection
from adapters.store.store import AccountLedger, Store
from domain.executor import Executor
from domain.operation import State
from domain.options import Account, GroupTarget
from domain.pacer import Pacer
from domain.ports import Scope
from domain.settler import Settler
from tests.contract.other_server import OtherServer

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
    store = Store(f"sqlite:///{tmp_path / 'store.db'}")
    ledger = AccountLedger(store, "t", account)
    await ledger.open()
    pacer = Pacer(ledger, rate=account.rate_per_second)
    platform = SftPlatform(account, pacer)
    try:
        scope = Scope(store.write(ingest.ingest, **_batch(list(server.stock))).change)
        await _finish(ledger, platform, account, scope)
        wanted = selection.Request("t", tag="b", group="eu", count=30)
        await _finish(ledger, platform, account, Scope(store.write(selection.select_endpoints, wanted).change))
        writes = server.writes
        await _finish(ledger, platform, account, scope)
    finally:
        await platform.close()
        await ledger.close()
        store.close()

    assert dict(server.creates) == dict.fromkeys(server.stock, 1)
    endpoints = server.endpoints.values()
    assert {tuple(endpoint["tags"]) for endpoint in endpoints} == {("b",)}
    assert {endpoint["isDefaultActivation"] for endpoint in endpoints} == {"false"}
    assert sorted(len(endpoint["addons"]) for endpoint in endpoints) == [0] * 70 + [1] * 30
    assert sum(endpoint["status"] == "Active" for endpoint in endpoints) == 30
    assert server.writes == writes


def _batch(iccids: list[str]) -> dict[str, object]:
    count = len(iccids)
    return {
        "account": "t",
        "batch": "b",
        "is_named": False,
        "source": ingest.Source("b.csv", "0" * 64, "1" * 64, ("iccid",), count, count, 0, 0, 0),
        "accepted": [(number + 2, iccid, None) for number, iccid in enumerate(iccids)],
        "name_template": account_template(),
        "rejected": [],
        "tags": ["b"],
        "platform_tags": "now",
    }


def account_template() -> str:
    """The name template that an account has unless it is told otherwise."""
    return str(Account.model_fields["name_template"].default)


async def _finish(ledger: AccountLedger, platform: SftPlatform, account: Account, scope: Scope) -> None:
    """Send and settle until nothing is left."""
    stop = asyncio.Event()
    executor = Executor(
        ledger,
        platform,
        max_in_flight=account.max_in_flight,
        rate=account.rate_per_second,
        send_window=account.send_window,
        stop=stop,
        halt=stop.set,
    )
    settler = Settler(ledger, platform, account.patience)
    for _ in range(400):
        await executor.run(scope)
        await settler.settle_due(scope)
        outlook = await ledger.outlook(scope)
        if set(outlook.counts) == {State.CONFIRMED}:
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"not finished: {outlook.counts}")
