"""Measures whole provisions beside the physical limit and a plain script, and how soon reading commands answer."""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks import plain
from tests.benchmarks.figure import Figure
from tests.flows.prefect_api import PrefectApi
from tests.flows.world import PASSWORD, World

LATENCY, AT_ONCE = 0.05, 32
_LONGEST = 600.0


@contextmanager
def _world(folder: Path, api: PrefectApi, *, rows: int, sim: Mapping[str, Any], **account: Any) -> Iterator[World]:
    folder.mkdir()
    settings = {"max_change": 100_000, "settle_seconds": 3, "deadline_seconds": 10} | account
    # Started as a user starts it: what a command takes to start counts here.
    with World(folder, rows=rows, api=api, platform=sim, account=settings, warm=False) as world:
        yield world


def speed(folder: Path, api: PrefectApi, rows: int) -> Iterator[Figure]:
    """As fast as latency and the number of calls in flight allow."""
    sim = {"--rate": 0, "--latency": LATENCY, "--read-lag": 0, "--no-journal": True}
    fast = {"rate_per_second": 100_000, "max_in_flight": AT_ONCE}
    with _world(folder / "plain", api, rows=rows, sim=sim, **fast) as world:
        login = {"username": "api-user", "password": PASSWORD}
        script = asyncio.run(plain.provision(world.platform.base_url, world.iccids, at_once=AT_ONCE, login=login))
    with _world(folder / "speed", api, rows=rows, sim=sim, **fast) as world:
        seconds, cpu, summary = _measured(world)
        count = len(world.iccids)
        assert summary["confirmed"] == count, summary
        world.check_one_each()
        reading = list(answers(world, count))
    calls = summary["calls"]
    limit = calls * LATENCY / AT_ONCE
    yield Figure(f"physical limit of {calls:,} calls at {LATENCY * 1000:g} ms, {AT_ONCE} in flight", limit, unit="s")
    yield Figure("a plain asyncio script of the same writes", script, unit="s")
    yield Figure("the provision, from the first look to the read-back", summary["seconds"], unit="s")
    yield Figure("the whole command, with start and reports", seconds, unit="s")
    yield Figure("the provision / the physical limit", summary["seconds"] / limit, 1.25)
    yield Figure("the provision / the plain script", summary["seconds"] / script)
    yield Figure("calls for each endpoint", calls / count, 2.03)
    yield Figure("the command's own CPU for each endpoint", 1000 * cpu / count, unit="ms")
    yield from reading


def _measured(world: World) -> tuple[float, float, dict[str, Any]]:
    """Wall seconds, CPU seconds and numbers of the provision; the Prefect API is another process and not counted."""
    before, began = os.times(), time.perf_counter()
    ended = world.run(*world.provision, seconds=_LONGEST)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - began, cpu, ended.summary


def rate(folder: Path, api: PrefectApi, rows: int) -> Iterator[Figure]:
    """As fast as an account's rate allows."""
    sim = {"--rate": 100, "--latency": LATENCY, "--read-lag": 0}
    with _world(folder / "rate", api, rows=rows, sim=sim, rate_per_second=100, max_in_flight=AT_ONCE) as world:
        world.run(*world.provision, seconds=_LONGEST)
        times = [entry["time"] for entry in world.platform.received("CreateEndPoint", "createEndpointTag")]
        stats = world.platform.stats
    used = (len(times) - 1) / (times[-1] - times[0])
    yield Figure("share of a rate of 100 calls a second that is used", used / 100, 0.95, at_least=True)
    yield Figure("calls refused for asking too often", stats["refused_for_rate"], 0)
    yield Figure("most calls in any one second, as they arrived", stats["max_in_one_second"])


def answers(world: World, count: int) -> Iterator[Figure]:
    """How soon commands that only read answer."""
    for words in (["stock"], ["--help"]):
        taken = []
        for _ in range(5):
            began = time.perf_counter()
            world.run(*words)
            taken.append(time.perf_counter() - began)
        yield Figure(f"preactive {words[0]} on {count:,} endpoints, median of 5", median(taken), 0.5, unit="s")
