"""The account's bucket is one row that all processes share."""

import asyncio
import itertools
import time

import pytest

from domain.pacing import CREDIT, HEADROOM
from tests.support.desk import ACCOUNT

RATE = 50.0


async def test_two_processes_share_one_bucket(desk):
    ledgers = [await desk.ledger(rate_per_second=RATE) for _ in range(2)]

    taken = [await ledger.take(4) for _ in range(3) for ledger in ledgers]

    slots = sorted(slot for slots in taken for slot in slots.at)
    assert len(slots) >= 6
    assert min(b - a for a, b in itertools.pairwise(slots)) >= 1 / RATE * 0.999


async def test_processes_that_take_at_the_same_time_get_different_starts(desk):
    ledgers = [await desk.ledger(rate_per_second=RATE) for _ in range(4)]

    taken = await asyncio.gather(*(ledger.take(3) for _ in range(5) for ledger in ledgers))

    slots = sorted(slot for slots in taken for slot in slots.at)
    assert min(b - a for a, b in itertools.pairwise(slots)) >= 1 / RATE * 0.999


async def test_starts_are_given_on_the_stores_clock(desk):
    ledger = await desk.ledger(rate_per_second=RATE)

    before = time.time()
    slots = await ledger.take(1)

    assert before - 0.1 <= slots.now <= time.time() + 0.1
    assert slots.at[0] >= slots.now - CREDIT


async def test_another_account_has_a_bucket_of_its_own(desk):
    first, other = await desk.ledger(rate_per_second=0.5), await desk.ledger(name="other", rate_per_second=0.5)
    await first.take(1)

    slots = await other.take(1)

    assert slots.at[0] == slots.now - CREDIT
    assert [row.account for row in desk.see("SELECT account FROM buckets ORDER BY account")] == ["other", ACCOUNT]


async def test_a_refusal_slows_all_processes_down(desk):
    first, other = await desk.ledger(rate_per_second=RATE), await desk.ledger(rate_per_second=RATE)
    slots = await first.take(1)
    before = time.time()
    await first.refused(slots.now, 30.0)
    after = time.time()

    slots = await other.take(2)

    assert before + 29.9 <= slots.at[0] <= after + 30.1
    assert desk.one("SELECT factor FROM buckets") == 0.5


async def test_a_storm_of_refusals_in_two_processes_counts_once(desk):
    first, other = await desk.ledger(rate_per_second=RATE), await desk.ledger(rate_per_second=RATE)
    sent_at = (await first.take(1)).now

    for ledger in (first, other, first, other):
        await ledger.refused(sent_at, 30.0)

    assert tuple(desk.see("SELECT factor, strikes FROM buckets")[0]) == (0.5, 1)


async def test_the_rate_recovers_for_all_processes(desk):
    first, other = await desk.ledger(rate_per_second=RATE), await desk.ledger(rate_per_second=RATE)
    await first.refused((await first.take(1)).now, 1.0)
    desk.later(33)  # the pause of 2 s after one refusal, and half a minute

    slots = await other.take(2)

    assert slots.at[0] == slots.now - CREDIT
    assert slots.at[1] - slots.at[0] == pytest.approx(1 / (RATE * 0.625 * HEADROOM), rel=1e-4)


async def test_the_wait_outlives_the_process(desk):
    ledger = await desk.ledger(rate_per_second=RATE)
    refused_at = (await ledger.take(1)).now
    await ledger.refused(refused_at, 60.0)
    await ledger.close()

    slots = await (await desk.ledger(rate_per_second=RATE)).take(1)

    assert slots.at[0] >= refused_at + 60
