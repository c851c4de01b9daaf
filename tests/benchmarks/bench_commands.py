"""Measures how soon commands answer."""

import time
from collections.abc import Iterator
from statistics import median

from tests.benchmarks.table import Line
from tests.flows.world import World

REPEAT = 5


def measure_commands(world: World) -> Iterator[Line]:
    """Commands that a person waits for, on a store that holds something."""
    store = f"store of {len(world.iccids):,}"
    yield Line(f"preactive stock, {store}", median(seconds(world, "stock")), "s", most=0.5)
    yield Line("preactive --help", median(seconds(world, "--help")), "s", most=0.5)
    yield Line(f"preactive batch list, {store}", median(seconds(world, "batch", "list")), "s")
    one = seconds(world, "endpoints", "--iccid", world.iccids[0])
    yield Line(f"preactive endpoints --iccid, {store}", median(one), "s")


def seconds(world: World, *command: str) -> list[float]:
    """Wall times of a command, from start to end."""
    times = []
    for _ in range(REPEAT):
        began = time.perf_counter()
        world.run(*command)
        times.append(time.perf_counter() - began)
    return times
