"""kill -9 while an order is cancelled or refunded: asked for again, it is done once. All points: tests/chaos."""

import pytest

from tests.support.deaths import cancel_killed_at, killed_at_each, refund_killed_at

REFUND, CANCEL = range(1, 40, 4), range(1, 20, 3)


@pytest.mark.parametrize("urls", ["sqlite"], indirect=True)
async def test_a_refund_that_is_killed_on_its_way_suspends_the_endpoint_once_and_is_finished(urls):
    killed = await killed_at_each(urls, REFUND, at_once=5, killed=refund_killed_at)

    assert killed.count(True) >= 5


@pytest.mark.parametrize("urls", ["sqlite"], indirect=True)
async def test_a_cancel_that_is_killed_on_its_way_gives_the_sim_back_once(urls):
    killed = await killed_at_each(urls, CANCEL, at_once=5, killed=cancel_killed_at)

    assert killed.count(True) >= 2
