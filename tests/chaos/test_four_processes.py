"""Four real processes on one account: one rate for all, and nearly all of it used."""

import pytest

from tests.lives.conftest import urls
from tests.support.lives import RealWorld

__all__ = ["urls"]

pytestmark = pytest.mark.timeout(1200)

RATE, PROCESSES, ROWS = 20, 4, 300


async def test_four_processes_keep_the_rate_of_their_account_and_use_it(urls):
    """By the simulator's count, on a machine that does nothing else; what was seen is printed."""
    knobs = {"latency_write": (0.5, 1.0)}
    settings = {"rate_per_second": RATE, "max_in_flight": 32, "deadline_seconds": 20}
    async with RealWorld(urls(), rows=ROWS, knobs=knobs, **settings) as world:
        lives = [world.live(world.job(tags=())) for _ in range(PROCESSES)]
        assert [await life.ended(300) for life in lives] == [0] * PROCESSES
        world.check_all_made()
        times = sorted(entry["time"] for entry in world.simulator.journal.entries())
        used = (len(times) - 1) / (times[-1] - times[0]) / RATE
        most = world.simulator.engine.stats.max_in_one_second
        print(f"{PROCESSES} processes, rate {RATE}: at most {most} calls in a second, {used:.1%} of the rate used")
        assert world.requests("CreateEndPoint") == ROWS
        assert most <= RATE
        assert used >= 0.95
