"""Measures a bulk activation on a Stacuity account beside the physical limit: one assignment for each endpoint."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from adapters.platforms.simulator.stacuity.config import TOKEN
from tests.benchmarks import plain
from tests.benchmarks.bench_provision import LATENCY, Figure
from tests.flows.fleet import MONIKER, Fleet
from tests.flows.prefect_api import PrefectApi

_AT_ONCE = 20
_LONGEST = 900.0


def assignments(folder: Path, api: PrefectApi, rows: int) -> Iterator[Figure]:
    """As fast as latency and the number of calls in flight allow."""
    account = {"rate_per_second": 100_000, "max_in_flight": _AT_ONCE, "max_change": 100_000, "platform_tags": "off"}
    sim = {"--latency": LATENCY, "--no-journal": True}
    for name in ("plain", "ours"):
        (folder / name).mkdir(parents=True)
    with Fleet(folder / "plain", rows=rows, platform=sim) as world:
        ids = [one["endPointId"] for one in world.platform.endpoints.values()]
        of = {"group": MONIKER, "at_once": _AT_ONCE, "token": TOKEN}
        script = asyncio.run(plain.assign(world.platform.base_url, ids[:rows], **of))
    with Fleet(folder / "ours", rows=rows, api=api, platform=sim, account=account | {"settle_seconds": 3}) as world:
        world.run(*world.provision, seconds=_LONGEST)
        summary = world.run(*world.activate(), seconds=_LONGEST).summary
        count = len(world.iccids)
        assert summary["confirmed"] == count, summary
        assert world.committed("assign") == Counter(world.iccids)
        truth = world.platform.endpoints
        assert {truth[iccid]["group"] for iccid in world.iccids} == {MONIKER}
    calls = summary["calls"]
    limit = calls * LATENCY / _AT_ONCE
    yield Figure(f"physical limit of {calls:,} calls at {LATENCY * 1000:g} ms, {_AT_ONCE} in flight", limit, unit="s")
    yield Figure("a plain asyncio script of the same writes", script, unit="s")
    yield Figure(
        f"{count:,} assignments to a group, from the first look to the read-back", summary["seconds"], unit="s"
    )
    yield Figure("the assignments / the physical limit", summary["seconds"] / limit, 1.2)
    yield Figure("the assignments / the plain script", summary["seconds"] / script)
    yield Figure("calls for each assignment", calls / count, 1.05)
