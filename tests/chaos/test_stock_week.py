"""The schedule keeps stock between its marks over a week of sales; docs/images shows that week."""

from tests.support.stock_week import DAY, DAYS, MARK, RAW, Shop, cadence
from tests.support.virtual_world import virtually


def lived(quick_path, days, **options):
    """So many days of sales."""

    async def scenario():
        async with Shop(f"sqlite:///{quick_path}/store.db", **options) as shop:
            found = await shop.live(days)
            assert {len(ids) for ids in shop.made().values()} == {1}
            return found

    return virtually(scenario)


def test_stock_stays_between_its_marks_over_a_week_and_the_warning_comes_before_the_end(quick_path):
    week = lived(quick_path, DAYS, raw=RAW)

    assert week.wrong() == []
    assert len(week.sold) + week.free[-1][1] + week.raw[-1] == RAW
    creating = sum(bool(created) for _, created in week.runs)
    assert len(week.runs) == DAYS * DAY / cadence() - 1
    assert 5 < creating < len(week.runs) / 10  # between its marks nothing is done
    assert week.warned_at is not None
    assert DAY < week.warned_at < DAYS * DAY
    assert week.raw[-1] > 0
    assert min(free for _, free in week.free) > MARK.low / 2


def test_a_schedule_of_once_a_day_would_not_do(quick_path):
    assert lived(quick_path, 2, raw=RAW, every=DAY).wrong() != []
