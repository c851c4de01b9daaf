"""The schedule keeps stock between its marks over a week of sales; docs/images shows that week."""

import pytest

from tests.support.desk import Desk
from tests.support.stock_week import HOURS, MARK, RAW, lived


@pytest.fixture
def week_desk(quick_path):
    made = Desk(f"sqlite:///{quick_path}/store.db")
    yield made
    made.close()


async def test_stock_stays_between_its_marks_over_a_week_and_the_warning_comes_before_the_end(week_desk):
    week = await lived(week_desk)
    until_warned = week.free[: week.warned_at]

    assert len(week.free) == HOURS + 1
    assert week.no_stock == 0
    assert max(week.free) <= MARK.high
    assert min(until_warned) >= MARK.low
    assert sum(week.sold) + week.free[-1] + week.raw[-1] == RAW
    assert sum(map(bool, week.created)) < HOURS / 3  # between its marks nothing is done
    assert week.warned_at is not None
    assert week.raw[week.warned_at] > 0
