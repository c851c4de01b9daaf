"""kill -9 at every point of the way, one after the other, until a process lives through; and SIGSTOP at random ones."""

import asyncio
import signal
from itertools import count

import pytest

from tests.lives.conftest import urls
from tests.support.deaths import cancel_killed_at, killed_at_each, refund_killed_at
from tests.support.freezes import freeze, frozen_inside_a_create
from tests.support.lives import RealWorld

__all__ = ["urls"]

pytestmark = pytest.mark.timeout(1200)

AT_ONCE = 24
FREEZES = 12


async def test_a_process_killed_at_any_point_is_made_good_by_the_next(urls):
    """Provision two SIMs, tag them, activate one into its group: the first, the second, the third … point."""
    for first in count(1, AT_ONCE):
        came = await killed_at_each(urls, range(first, first + AT_ONCE), at_once=AT_ONCE)
        if not any(came):
            break
    reached = first + sum(came) - 1
    print(f"killed at each of about {reached} points, each made good by the next process")
    assert reached > 50


@pytest.mark.parametrize("urls", ["postgresql"], indirect=True)
async def test_whoever_ends_first_a_process_frozen_inside_a_create_does_no_harm(urls):
    await asyncio.gather(
        *(
            frozen_inside_a_create(urls(), wakes=wakes, done=done)
            for wakes in ("after the other has ended", "before the other has ended")
            for done in (True, False)
        )
    )


async def test_a_process_frozen_at_a_random_point_does_no_harm_when_it_wakes(urls, chance):
    """It sleeps past its lease while another takes over, and wakes at a random moment."""

    async def once(point: int, nap: float) -> None:
        url = urls()
        async with RealWorld(url, rows=2, knobs={"duplicates": True}) as world:
            frozen = world.live(world.job(activate=1))
            await world.until(lambda: frozen.points >= point or frozen.is_over, 180)
            await freeze(world, frozen, url)
            other = world.live(world.job(activate=1))
            await asyncio.sleep(nap)
            frozen.signal(signal.SIGCONT)
            assert [await other.ended(), await frozen.ended()] == [0, 0], f"frozen at point {point} for {nap:.2f} s"
            world.check_all_made()
            world.check_activated(1)

    await asyncio.gather(*(once(chance.randrange(3, 90), chance.uniform(0, 4)) for _ in range(FREEZES)))


@pytest.mark.parametrize("killed", [refund_killed_at, cancel_killed_at])
async def test_an_order_that_is_taken_back_is_taken_back_once_wherever_the_process_is_killed(urls, killed):
    points = await killed_at_each(urls, range(1, 45), at_once=8, killed=killed)

    print(f"{killed.__name__}: killed at {points.count(True)} points")
    assert points[0]
    assert not points[-1]
