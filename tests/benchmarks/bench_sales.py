"""Measures sales beside a bulk run on the same account: ours, the platform's own time, and Prefect's `run_deployment`.

`python -m tests.benchmarks.bench_sales` runs it alone.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import aiohttp

from tests.benchmarks.figure import Figure
from tests.benchmarks.plain import HEADERS
from tests.flows.prefect_api import PrefectApi
from tests.flows.processes import end, fetch, until
from tests.flows.selling import TAG, Service, stock
from tests.flows.world import ADDON, GROUP, PASSWORD, ROOT, World

LATENCY, RATE, ORDERS_PER_SECOND, PLAIN_PER_SECOND = 0.05, 200, 10.0, 5.0
DEPLOYED = 4

# Sells by starting the deployment, and says how long each took.
BY_DEPLOYMENT = """
import asyncio, sys, time
from prefect.deployments import arun_deployment

async def main():
    for number in range(int(sys.argv[1])):
        request = {"order": f"D-{number}", "account": "t", "tag": sys.argv[2], "group": sys.argv[3]}
        began = time.perf_counter()
        run = await arun_deployment("sell/order", parameters={"request": request}, poll_interval=0.05)
        print(run.state.name, time.perf_counter() - began, flush=True)

asyncio.run(main())
"""


def sales(folder: Path, api: PrefectApi, *, rows: int, seconds: float) -> Iterator[Figure]:
    """Ten orders a second while a provision runs."""
    folder.mkdir()
    orders, plain = int(seconds * ORDERS_PER_SECOND), int(seconds * PLAIN_PER_SECOND)
    platform = {"--rate": RATE + 30, "--latency": LATENCY, "--read-lag": 0}
    account = {"rate_per_second": RATE, "max_in_flight": 32, "max_change": 100_000, "settle_seconds": 3}
    with World(folder, rows=rows + orders + plain + DEPLOYED + 1, api=api, platform=platform, account=account) as world:
        ready = orders + plain + DEPLOYED + 1
        stock(world, world.iccids[:ready])
        # The plain calls have SIMs of their own, which the store does not offer.
        _set_aside(world, plain)
        world.write("batch.csv", world.iccids[ready:])
        yield from _side_by_side(world, orders, plain, seconds)


def _set_aside(world: World, count: int) -> None:
    import sqlite3

    with sqlite3.connect(world.store) as store:
        store.execute("UPDATE endpoints SET held_by = 0 WHERE id <= ?", (count,))
    store.close()


def _side_by_side(world: World, orders: int, plain: int, seconds: float) -> Iterator[Figure]:
    api = {"PREFECT_API_URL": world.env["PREFECT_API_URL"]}
    with _served(world), closing(Service(world, env=api)) as service:
        service.sell("warm")
        bulk = world.start(*world.provision)
        before = until(lambda: world.platform.writes > 300 and world.platform.writes, 120, "the provision")
        began = time.time()
        ours, own = asyncio.run(_both(world, service, orders, plain))
        passed = time.time() - began
        was_busy = not bulk.is_over
        written = world.platform.writes - before
        told = _by_deployment(world)
        summary = bulk.end(600).summary
    shown = _shown(world)
    stats = world.platform.stats
    assert was_busy, "the provision ended before the sales did"
    assert summary["confirmed"] == summary["rows"], summary
    check_sold_of(world, ours)
    yield from _figures([seconds for _, seconds in ours], own, [float(line.split()[1]) for line in told])
    yield Figure("write calls a second meanwhile, bulk and sales", written / passed, unit="/s")
    yield Figure("calls refused for asking too often", stats["refused_for_rate"], 0)
    yield Figure("sales that had a run in Prefect at the end", shown, unit="%")


def _by_deployment(world: World) -> list[str]:
    command = [sys.executable, "-c", BY_DEPLOYMENT, str(DEPLOYED), TAG, GROUP]
    env = world.env | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, check=False, env=env, cwd=world.folder, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return [line for line in ended.stdout.splitlines() if line.startswith("Completed")]


def _figures(ours: Sequence[float], own: Sequence[tuple[float, float]], deployed: Sequence[float]) -> Iterator[Figure]:
    whole, writes = [both for both, _ in own], [two for _, two in own]
    yield Figure(f"the platform's own time for a sale's calls, median of {len(own)}", median(whole), unit="s")
    yield Figure("  p99", p99(whole), unit="s")
    yield Figure("  only the two writes of them, median", median(writes), unit="s")
    yield Figure(f"a sale through the order service, median of {len(ours)}", median(ours), unit="s")
    yield Figure("  p99", p99(ours), unit="s")
    yield Figure("  more than the platform's own time, median", median(ours) - median(whole), 0.1, unit="s")
    yield Figure("  more than the platform's own time, p99", p99(ours) - p99(whole), 0.3, unit="s")
    yield Figure(f"the same sale by run_deployment, median of {len(deployed)}", median(deployed), unit="s")
    yield Figure("  run_deployment / order service", median(deployed) / median(ours))


def p99(values: Sequence[float]) -> float:
    """The value that one in a hundred exceeds."""
    return quantiles(values, n=100)[98]


@contextmanager
def _served(world: World) -> Iterator[subprocess.Popen[bytes]]:
    """The deployments, served as `preactive up` serves them."""
    shutil.copy(ROOT / "prefect.yaml", world.folder)
    env = world.env | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-m", "flows.serving"], env=env, cwd=world.folder)
    deployments = f"{world.env['PREFECT_API_URL']}/deployments/filter"
    try:
        until(lambda: any(one["name"] == "order" for one in fetch(deployments, {})), 120, "the deployment")
        yield process
    finally:
        end(process)


async def _both(
    world: World, service: Service, orders: int, plain: int
) -> tuple[list[tuple[str, float]], list[tuple[float, float]]]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        token = await _log_in(session, world.platform.base_url)
        held = list(_held(world, plain))
        return await asyncio.gather(
            _at_a_pace(ORDERS_PER_SECOND, [_sell(session, service.url, f"A-{n}") for n in range(orders)]),
            _at_a_pace(PLAIN_PER_SECOND, [_calls(session, world.platform.base_url, token, one) for one in held]),
        )


async def _at_a_pace(per_second: float, calls: Sequence[Any]) -> list[Any]:
    """Start them evenly, however long each takes."""

    async def later(number: int, call: Any) -> Any:
        await asyncio.sleep(number / per_second)
        return await call

    return list(await asyncio.gather(*(later(number, call) for number, call in enumerate(calls))))


async def _sell(session: aiohttp.ClientSession, url: str, order: str) -> tuple[str, float]:
    began = time.perf_counter()
    body = {"order": order, "tag": TAG, "group": GROUP}
    async with session.post(f"{url}/orders", json=body) as answer:
        sold = await answer.json()
        assert answer.status == 200, sold
    return order, time.perf_counter() - began


async def _log_in(session: aiohttp.ClientSession, base_url: str) -> str:
    login = {"username": "api-user", "password": PASSWORD}
    async with session.post(f"{base_url}/login", json=login, headers=HEADERS) as answer:
        return str((await answer.json())["AccessToken"])


def _held(world: World, count: int) -> Iterator[str]:
    endpoints = world.platform.endpoints
    for iccid in world.iccids[:count]:
        yield endpoints[iccid]["endPointId"]


async def _calls(session: aiohttp.ClientSession, base_url: str, token: str, endpoint: str) -> tuple[float, float]:
    """The calls of a sale and nothing else: activate, count the add-ons, add one, count again. Seconds: all, writes."""
    headers = HEADERS | {"X-Authorization": f"Bearer {token}"}

    async def call(method: str, path: str, **content: Any) -> float:
        began = time.perf_counter()
        async with session.request(method, f"{base_url}/{path}", headers=headers, **content) as answer:
            found = (await answer.json())["Response"]
            assert found["resultCode"] == "0", found
        return time.perf_counter() - began

    profile = {"params": {"endPointId": endpoint}}
    addon = {"Request": {"requestParam": {"endPointId": endpoint, "planId": ADDON}}}
    took = [
        await call("POST", "EndPointActivation", json={"Request": {"endPointId": endpoint}}),
        await call("GET", "GetEndPointProfile", **profile),
        await call("POST", "SubscribeAddon", json=addon),
        await call("GET", "GetEndPointProfile", **profile),
    ]
    return sum(took), took[0] + took[2]


def check_sold_of(world: World, ours: Sequence[tuple[str, float]]) -> None:
    """Every order has a SIM of its own."""
    rows = [row for row in world.run("endpoints", "--state", "active", "--json").rows if row["order"]]
    sold = {row["order"]: row["iccid"] for row in rows}
    assert {order for order, _ in ours} <= set(sold)
    assert len(set(sold.values())) == len(sold)


def _shown(world: World) -> float:
    import sqlite3

    store = sqlite3.connect(world.store)
    runs = [run for (run,) in store.execute("SELECT run FROM orders")]
    store.close()
    return 100 * sum(bool(run) for run in runs) / len(runs)


def main() -> None:
    """This part alone."""
    quick = "--quick" in sys.argv
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        (Path(name) / "api").mkdir()
        api = PrefectApi(Path(name) / "api")
        try:
            for figure in sales(Path(name) / "sales", api, rows=1500 if quick else 5000, seconds=8 if quick else 40):
                print(figure.line(), flush=True)
        finally:
            api.close()


if __name__ == "__main__":
    main()
