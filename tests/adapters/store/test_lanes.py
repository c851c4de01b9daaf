"""Sales and bulk runs share one account: its rate, and the calls it may have under way."""

import itertools

import pytest

from adapters.store import lanes
from adapters.store.lanes import LEASE_SECONDS
from domain.pacing import Lane

IN_FLIGHT = 10  # of which sales_share = 0.2 keeps two


@pytest.fixture
def worker(desk):
    """Opens one more process in a lane."""

    async def opened(lane=Lane.BULK, **settings):
        return await desk.ledger(lane=lane, **({"max_in_flight": IN_FLIGHT} | settings))

    return opened


async def sent(ledger, scope, room=99):
    return len((await ledger.step(scope, [], room)).work)


async def test_bulk_work_leaves_places_to_those_who_sell(desk, worker):
    scope = desk.batch(40)
    bulk, _ = await worker(), await worker(Lane.SALES)

    assert await sent(bulk, scope) == IN_FLIGHT - 2
    assert await sent(bulk, scope) == 0


async def test_those_who_sell_have_their_places_however_much_bulk_work_is_under_way(desk, worker):
    scope = desk.batch(40)
    bulk = await worker()
    assert await sent(bulk, scope, IN_FLIGHT) == IN_FLIGHT
    seller = await worker(Lane.SALES)

    assert await sent(seller, scope) == 2
    assert await sent(seller, scope) == 0


async def test_those_who_sell_take_what_bulk_work_does_not_use(desk, worker):
    scope = desk.batch(40)
    seller = await worker(Lane.SALES)

    assert await sent(seller, scope) == IN_FLIGHT


async def test_one_place_is_enough_for_both(desk, worker):
    scope = desk.batch(40)
    bulk, seller = await worker(max_in_flight=1), await worker(Lane.SALES, max_in_flight=1)

    assert (await sent(bulk, scope), await sent(seller, scope)) == (1, 1)


async def test_a_seller_that_died_keeps_nothing(desk, worker):
    scope = desk.batch(40)
    bulk, _ = await worker(), await worker(Lane.SALES)
    desk.later(LEASE_SECONDS + 1)

    assert await sent(bulk, scope, IN_FLIGHT) == IN_FLIGHT


async def test_a_seller_that_waits_for_buyers_shows_that_it_lives(desk, worker):
    scope = desk.batch(40)
    bulk, seller = await worker(), await worker(Lane.SALES)
    desk.later(LEASE_SECONDS + 1)
    await seller.beat()

    assert await sent(bulk, scope) == IN_FLIGHT - 2


async def test_without_a_share_sales_have_no_lane(desk, worker):
    scope = desk.batch(40)
    bulk = await worker(sales_share=0)
    await worker(Lane.SALES, sales_share=0)

    assert await sent(bulk, scope) == IN_FLIGHT


async def test_bulk_work_hears_that_somebody_sells(desk, worker):
    scope = desk.batch(40)
    bulk = await worker()
    assert not (await bulk.step(scope, [], 0)).yielding
    seller = await worker(Lane.SALES)

    assert (await bulk.step(scope, [], 0)).yielding
    assert not (await seller.step(scope, [], 0)).yielding
    assert desk.store.write(lanes.sellers_of, seller.owner.account, 0.0)


async def test_a_sale_starts_before_the_bulk_calls_that_are_planned_already(desk, worker):
    bulk, seller = await worker(rate_per_second=200), await worker(Lane.SALES, rate_per_second=200)
    await seller.take(1)
    planned = await bulk.take(16)

    slots = await seller.take(1)

    assert slots.at[0] < planned.at[-1]
    every = sorted([*planned.at, *slots.at])
    assert min(b - a for a, b in itertools.pairwise(every)) >= 1 / 200 * 0.999


async def test_bulk_work_plans_less_far_ahead_while_somebody_may_sell(desk, worker):
    bulk = await worker(rate_per_second=100)
    alone = await bulk.take(99)
    desk.later(10)
    await worker(Lane.SALES)

    beside = await bulk.take(99)

    assert len(beside.at) < 10 < len(alone.at)
