"""A day of sales from stock that the schedule keeps between its marks; `make chaos` lives a whole week."""

import pytest

from tests.support.stock_week import DAY, Shop, cadence
from tests.support.virtual_world import virtually


@pytest.mark.long
def test_the_schedule_keeps_stock_between_its_marks_over_a_day_of_sales(quick_path):
    async def scenario():
        async with Shop(f"sqlite:///{quick_path}/store.db", raw=150) as shop:
            return await shop.live(1)

    day = virtually(scenario)

    assert day.wrong() == []
    assert len(day.sold) + day.free[-1][1] + day.raw[-1] == 150
    assert len(day.runs) == DAY / cadence() - 1  # the one at the end of the day is not waited for
    assert 1 <= sum(bool(created) for _, created in day.runs) <= 5
