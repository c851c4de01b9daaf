"""Raw SIMs wait without a plan, and are made endpoints once each, oldest first."""

import asyncio
import itertools

import pytest

from adapters.store import ingest, stocking
from domain.ports import Scope
from domain.stock_mark import StockMark, by_tag
from tests.support.desk import ACCOUNT, accepted, done, manifest
from tests.support.works import iccid

MARK = StockMark(tag="spring", low=10, high=30)


@pytest.fixture
def raw(desk):
    """Takes SIMs into raw stock."""

    def take_in(*numbers, **options):
        values = desk.ingest_values(manifest(accepted(*numbers)), **({"tags": ["spring"]} | options))
        return desk.store.write(ingest.ingest, into_stock=True, **values)

    return take_in


def plan(desk, mark=MARK, *, most=1000, platform_tags="now", **asked):
    fill = desk.store.write(
        stocking.plan, ACCOUNT, mark, most=most, platform="sft", platform_tags=platform_tags, **asked
    )
    return fill.need, fill.change


def level(desk, mark=MARK):
    found = desk.store.write(stocking.level, ACCOUNT, mark)
    return found.free, found.coming, found.raw


def test_raw_sims_are_known_and_tagged_and_nothing_is_planned_for_them(desk, raw):
    raw(*range(1, 51), platform_tags="now")

    assert level(desk) == (0, 0, 50)
    assert desk.one("SELECT count(*) FROM operations") == 0
    assert desk.one("SELECT count(*) FROM tags WHERE tag = 'spring'") == 50


def test_sims_that_were_planned_or_created_before_stay_as_they_are(desk, raw):
    desk.batch(5, tags=["spring"])
    raw(*range(1, 11), batch="april")

    assert desk.operations() == ["planned"] * 5
    assert level(desk) == (0, 5, 5)


def test_the_oldest_raw_sims_are_planned_up_to_the_high_mark_with_their_tags(desk, raw):
    raw(*range(1, 51))

    need, change = plan(desk)

    assert need.create == 30
    planned = desk.see("SELECT e.iccid FROM operations o JOIN endpoints e ON e.id = o.endpoint WHERE kind = 'create'")
    assert {row.iccid for row in planned} == {iccid(number) for number in range(1, 31)}
    assert desk.operations("tag") == ["planned"] * 30
    assert desk.one("SELECT size FROM changes WHERE id = :id", id=change) == 30
    assert level(desk) == (0, 30, 20)


def test_planning_again_plans_nothing_more(desk, raw):
    raw(*range(1, 51))
    plan(desk)

    assert plan(desk)[0].create == 0
    assert desk.operations() == ["planned"] * 30


async def test_schedules_that_overlap_plan_the_work_once(desk, raw):
    raw(*range(1, 201))
    stores = [desk.another_store() for _ in range(4)]
    settings = {"platform": "sft", "most": 1000, "platform_tags": "off"}

    planned = await asyncio.gather(*(store.awrite(stocking.plan, ACCOUNT, MARK, **settings) for store in stores))

    assert sorted(fill.need.create for fill in planned) == [0, 0, 0, 30]
    assert len({fill.change for fill in planned}) == 1
    assert desk.one("SELECT count(*) FROM operations") == 30


async def test_a_later_need_is_a_change_of_its_own_and_takes_the_next_sims(desk, raw):
    raw(*range(1, 51))
    _, change = plan(desk, platform_tags="off")
    desk.do("UPDATE operations SET state = 'confirmed', token = 1")
    desk.do(
        "UPDATE endpoints SET state = 'active', endpoint_id = 'E' || id WHERE id IN (SELECT endpoint FROM operations)"
    )

    need, later = plan(desk, platform_tags="off")

    assert need.create == 20
    assert later != change
    ledger = await desk.ledger(max_in_flight=50)
    step = await ledger.step(Scope(later), [], 50)
    assert [work.iccid for work in step.work] == [iccid(number) for number in range(31, 51)]


async def test_what_a_fill_left_is_gone_on_with_in_its_change(desk, raw):
    raw(*range(1, 51))
    _, change = plan(desk, platform_tags="off")
    ledger = await desk.ledger(max_in_flight=50)
    some = await ledger.step(Scope(change), [], 25)
    await ledger.step(Scope(change), [done(work) for work in some.work], 0)

    need, again = plan(desk, platform_tags="off")

    assert (need.create, again) == (0, change)
    assert len((await ledger.step(Scope(again), [], 50)).work) == 5


def test_only_sims_that_may_be_sold_count_as_free(desk, raw):
    desk.pre_active(12, tags=["spring"])
    desk.do("UPDATE endpoints SET held_by = 7 WHERE id = 12")
    desk.do("UPDATE endpoints SET state = 'active' WHERE id = 2")
    desk.do("UPDATE endpoints SET \"group\" = 'us' WHERE id = 3")
    desk.select(tag="spring", count=2)  # one is active already

    assert level(desk)[0] == 8


def test_no_mark_takes_the_sims_of_another_tag(desk, raw):
    raw(*range(1, 6), tags=["autumn"], batch="a")

    need, _ = plan(desk)

    assert (need.create, need.warning[:26]) == (0, "raw SIMs have run out: 30 ")


def test_a_lost_create_counts_as_coming_and_is_not_made_up_for(desk, raw):
    raw(*range(1, 51))
    plan(desk, platform_tags="off")
    states = itertools.cycle(["sent", "in_doubt", "planned"])
    for row in desk.see("SELECT id FROM operations ORDER BY id"):
        desk.do("UPDATE operations SET state = :state WHERE id = :id", id=row.id, state=next(states))

    assert plan(desk)[0].create == 0


def sell(desk, endpoint, *, days_ago, tag="spring", group=""):
    """Note that an endpoint was sold."""
    now = desk.one("SELECT max(updated_at) FROM endpoints")
    desk.do(
        'INSERT INTO orders (account, order_no, tag, "group", endpoint, state, created_at) '
        "VALUES (:account, :number, :tag, :group, :endpoint, 'done', :at)",
        account=ACCOUNT,
        number=f"A-{endpoint}",
        tag=tag,
        group=group,
        endpoint=endpoint,
        at=now - days_ago * 86_400,
    )


def test_sales_are_counted_by_the_tags_of_the_endpoint_whatever_the_order_asked_for(desk):
    desk.pre_active(8, tags=["spring"])
    sell(desk, 1, days_ago=27)
    sell(desk, 2, days_ago=1, tag="")
    sell(desk, 3, days_ago=1, group="us")
    sell(desk, 4, days_ago=29)

    found = desk.store.write(stocking.level, ACCOUNT, MARK)

    assert (found.sold, found.seconds / 86_400) == (3, 28)
    assert desk.store.write(stocking.level, ACCOUNT, MARK.model_copy(update={"tag": "autumn"})).sold == 0


def test_a_tag_that_is_new_is_measured_since_its_first_sale(desk):
    desk.pre_active(8, tags=["spring"])
    sell(desk, 1, days_ago=4)
    sell(desk, 2, days_ago=1)

    found = desk.store.write(stocking.level, ACCOUNT, MARK)

    assert (found.sold, round(found.seconds / 86_400, 2)) == (2, 4)


def test_marks_of_one_tag_and_several_groups_are_filled_up_together(desk, raw):
    raw(*range(1, 61))
    (both,) = by_tag(MARK.model_copy(update={"group": group}) for group in ("eu", "us"))

    assert plan(desk, both)[0].create == 60
