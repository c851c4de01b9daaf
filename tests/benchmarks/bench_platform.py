"""Measures bulk work on the simulated platform: beside what physics allows, and beside a bare script."""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.table import Line
from tests.flows.world import PrefectApi, World

IN_FLIGHT, LATENCY = 32, 0.05
UNLIMITED = 100_000
ACCOUNT = {"max_in_flight": IN_FLIGHT, "max_change": 20_000, "deadline_seconds": 20, "settle_seconds": 5}
PLATFORM = {"--latency": LATENCY, "--read-lag": 0}


def measure_provision(world: World) -> Iterator[Line]:
    """A whole provision without a rate limit, and then the bare script with the same calls."""
    count = len(world.iccids)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    summary = world.run(*world.provision, seconds=600).summary
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert summary["confirmed"] == count, summary
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    limit = summary["calls"] * LATENCY / IN_FLIGHT
    world.check_one_each()
    world.platform.ask("/reset", {})
    bare = bare_seconds(world)
    name = f"provision {count:,}, {IN_FLIGHT} in flight, {LATENCY * 1000:.0f} ms each"
    yield Line(f"{name}: seconds of the flow", summary["seconds"], "s")
    yield Line("  the whole command", wall, "s")
    yield Line("  what latency allows: calls x latency / in flight", limit, "s")
    yield Line("  flow / what latency allows", summary["seconds"] / limit, "", most=1.25)
    yield Line("  a bare aiohttp script with the same writes", bare, "s")
    yield Line("  flow / bare script", summary["seconds"] / bare)
    yield Line("  calls for each endpoint", summary["calls"] / count, "", most=2.03)
    yield Line("  own processor time for each endpoint", 1000 * cpu / count, "ms")


def bare_seconds(world: World) -> float:
    """Seconds that the bare script needs on the same platform, which is empty again."""
    iccids = world.folder / "iccids.txt"
    iccids.write_text("\n".join(world.iccids))
    script = Path(__file__).with_name("bare_client.py")
    arguments = [world.platform.base_url, str(iccids), str(IN_FLIGHT), "bare"]
    ended = subprocess.run([sys.executable, str(script), *arguments], check=True, capture_output=True, text=True)
    assert len(world.platform.endpoints) == len(world.iccids)
    return float(ended.stdout)


def measure_rate(folder: Path, api: PrefectApi, *, rate: int, count: int) -> Iterator[Line]:
    """How much of a rate limit is used, and how often the platform refuses a call."""
    account = ACCOUNT | {"rate_per_second": rate}
    with World(folder, rows=count, api=api, account=account, platform=PLATFORM | {"--rate": rate}) as world:
        world.run(*world.provision, seconds=600)
        times = [entry["time"] for entry in world.platform.received("CreateEndPoint", "createEndpointTag")]
        stats = world.platform.stats
        used = (len(times) - 1) / (times[-1] - times[0])
    yield Line(f"rate limit {rate}/s, {count:,} endpoints: share used while writing", 100 * used / rate, "%", least=95)
    yield Line("  calls refused for asking too often", stats["refused_for_rate"], "", most=0)
    yield Line("  most calls in any one second", stats["max_in_one_second"])
