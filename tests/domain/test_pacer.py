"""The calls of one process wait for their turn. These tests use the real clock, at rates where a turn is short."""

import asyncio
import itertools
import time

import pytest

from domain.errors import StoreLocked
from domain.pacer import Closed, Pacer
from domain.pacing import HEADROOM
from tests.support.memory_ledger import MemoryBuckets

RATE = 200.0


@pytest.fixture
def buckets():
    return MemoryBuckets(rate=RATE)


@pytest.fixture
async def pacer(buckets):
    made = Pacer(buckets, rate=RATE)
    yield made
    made.close()
    await asyncio.sleep(0)


async def test_calls_start_one_after_the_other(pacer):
    started = await asyncio.gather(*(pacer.slot() for _ in range(20)))

    gaps = [later - sooner for sooner, later in itertools.pairwise(one.ticks for one in started)]
    assert min(gaps) >= 0.9 / RATE * 0.99  # after a hiccup they may catch up a little, never more
    assert started[-1].ticks - started[0].ticks >= 19 * 0.9 / RATE
    assert pacer.calls == 20


async def test_those_who_came_first_start_first(pacer):
    order = []

    async def call(number):
        await pacer.slot()
        order.append(number)

    await asyncio.gather(*(call(number) for number in range(10)))

    assert order == list(range(10))


async def test_a_process_that_was_frozen_while_it_asked_takes_no_start_for_younger_than_it_is():
    class Slow(MemoryBuckets):
        async def take(self, wanted):
            slots = await super().take(wanted)
            time.sleep(0.2)  # noqa: ASYNC251 - nothing goes on in a process that is frozen
            return slots

    pacer = Pacer(Slow(rate=RATE), rate=RATE)
    before = time.time()

    assert (await pacer.slot()).at >= before + 0.2
    pacer.close()


async def test_a_start_is_told_on_the_clock_of_the_bucket():
    day = 86_400.0
    ahead = MemoryBuckets(rate=RATE, clock=lambda: time.time() + day)
    pacer = Pacer(ahead, rate=RATE)

    before = time.time()
    assert before - 1.0 <= (await pacer.slot()).at - day <= time.time() + 1.0


async def test_two_pacers_share_one_bucket(buckets):
    pacers = [Pacer(buckets, rate=RATE) for _ in range(2)]

    await asyncio.gather(*(pacer.slot() for _ in range(10) for pacer in pacers))

    granted = sorted(buckets.granted)
    assert len(granted) >= 20
    assert min(b - a for a, b in itertools.pairwise(granted)) >= 0.99 / RATE
    for pacer in pacers:
        pacer.close()


async def test_many_starts_cost_few_trips_to_the_bucket(buckets, pacer):
    await asyncio.gather(*(pacer.slot() for _ in range(40)))

    assert buckets.trips <= 4


async def test_calls_that_were_announced_find_their_turn_and_make_no_trip_to_the_bucket(buckets):
    pacer = Pacer(buckets, rate=RATE, ahead=3)
    pacer.prepare()
    pacer.prepare()
    await asyncio.sleep(0)
    await pacer.slot()
    await pacer.slot()

    assert (buckets.trips, len(buckets.granted)) == (1, 4)

    await asyncio.sleep(0.12)  # what was left is too old by now
    pacer.prepare()
    await asyncio.sleep(0)

    assert buckets.trips == 2
    pacer.close()


@pytest.mark.parametrize("rate", [10.0, RATE])
async def test_what_is_announced_is_taken_only_where_there_are_many_and_calls_may_start(rate):
    buckets = MemoryBuckets(rate=rate)
    pacer = Pacer(buckets, rate=rate, ahead=3)
    if rate == RATE:
        pacer.close()

    pacer.prepare()
    await asyncio.sleep(0.01)

    assert buckets.trips == 0


async def test_a_bucket_that_fails_what_was_announced_is_asked_again():
    class Away(MemoryBuckets):
        async def take(self, wanted):
            slots = await super().take(wanted)
            if self.trips == 1:
                raise StoreLocked
            return slots

    pacer = Pacer(Away(rate=RATE), rate=RATE, ahead=3)
    pacer.prepare()
    await asyncio.sleep(0.01)

    await pacer.slot()
    pacer.close()


async def test_a_slow_rate_takes_nothing_ahead():
    buckets = MemoryBuckets(rate=10.0)
    pacer = Pacer(buckets, rate=10.0)

    await pacer.slot()

    assert len(buckets.granted) == 1


async def test_a_refusal_drops_what_was_granted(buckets, pacer):
    await pacer.slot()
    await pacer.refused(time.time(), 0.1)
    before = time.monotonic()

    await pacer.slot()

    assert time.monotonic() - before >= 0.09
    assert buckets.bucket.factor == 0.5


async def test_nothing_starts_once_it_is_closed(pacer):
    pacer.close()

    with pytest.raises(Closed):
        await pacer.slot()
    assert pacer.calls == 0


async def test_those_who_wait_are_told_that_it_was_closed(buckets, pacer):
    await buckets.refused(time.time(), 500.0)
    waiting = [asyncio.create_task(pacer.slot()) for _ in range(3)]
    await asyncio.sleep(0.01)

    pacer.close()

    assert [type(told) for told in await asyncio.gather(*waiting, return_exceptions=True)] == [Closed] * 3


async def test_it_can_be_opened_again(pacer):
    pacer.close()
    await asyncio.sleep(0)
    pacer.reopen()

    assert (await pacer.slot()).at > 0


async def test_it_can_be_opened_again_in_the_same_moment(pacer):
    """The one that waited is told, and whoever comes next gets a turn."""
    first = asyncio.create_task(pacer.slot())
    await asyncio.sleep(0)
    pacer.close()
    pacer.reopen()

    async with asyncio.timeout(20.0):
        assert (await pacer.slot()).at > 0
    with pytest.raises(Closed):
        await first


async def test_one_who_gave_up_waiting_keeps_nobody_from_starting(pacer):
    first, second = (asyncio.create_task(pacer.slot()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()

    assert (await asyncio.wait_for(second, 20.0)).at > 0
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_bucket_that_fails_is_told_to_those_who_wait(buckets, pacer):
    buckets.broken = OSError("the store is gone")

    with pytest.raises(OSError, match="the store is gone"):
        await pacer.slot()
    buckets.broken = None
    assert (await pacer.slot()).at > 0


async def test_a_turn_that_was_slept_through_is_not_made_up_for():
    """Or the next ones would all come too soon after one another, and some second hold one too many."""
    buckets = MemoryBuckets(rate=RATE)
    pacer = Pacer(buckets, rate=20.0)
    starts = []

    async def call():
        starts.append((await pacer.slot()).ticks)

    buckets.rate = 20.0
    calls = [asyncio.create_task(call()) for _ in range(12)]
    await asyncio.sleep(0.13)
    time.sleep(0.05)  # noqa: ASYNC251 - nothing goes on in a process that is frozen
    await asyncio.gather(*calls)
    pacer.close()

    turns = sorted(at - starts[0] for at in starts)
    assert max(abs(turn * 20 * HEADROOM - round(turn * 20 * HEADROOM)) for turn in turns) < 0.4, turns
    assert turns[-1] * 20 * HEADROOM > 11.5, "one turn was lost"


async def test_after_a_refusal_the_pacer_knows_the_rate_that_is_left():
    """By it the executor takes no more work than has its turn in time."""
    buckets = MemoryBuckets(rate=RATE)
    pacer = Pacer(buckets, rate=RATE)
    await pacer.slot()
    before = pacer.rate
    await pacer.refused((await pacer.slot()).at, 0.01)
    await pacer.slot()
    pacer.close()

    assert (before, pacer.rate) == (RATE, RATE / 2)
