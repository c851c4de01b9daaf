"""Filling stock up again and again: after a cancel, after refusals, and beside `provision` with the same file."""

from dataclasses import replace

import pytest

from adapters.store import bulk_changes, ingest, rawstock, stocking
from adapters.store.queries import source_totals, tally_rows
from adapters.store.reading import Reader
from domain.operation import State
from domain.outcome import Because, Verdict
from domain.ports import Scope
from domain.replenish import REFUSALS_IN_A_ROW
from domain.stock_mark import StockMark
from tests.support.desk import ACCOUNT, accepted, came, done, manifest
from tests.support.works import iccid

MARK = StockMark(tag="spring", low=10, high=12)


@pytest.fixture
def raw(desk):
    """Takes SIMs into raw stock."""

    def take_in(*numbers, **options):
        values = desk.ingest_values(manifest(accepted(*numbers)), **({"tags": ["spring"]} | options))
        return desk.store.write(ingest.ingest, into_stock=True, **values)

    return take_in


def plan(desk, *, mark=MARK, most=1000, **asked):
    return desk.store.write(stocking.plan, ACCOUNT, mark, most=most, platform="sft", platform_tags="now", **asked)


def level(desk, mark=MARK):
    return desk.store.write(stocking.level, ACCOUNT, mark)


async def carried_out(desk, change, *, refused):
    """Send all that a change holds, tags included; the platform refuses to create these SIMs."""
    ledger = await desk.ledger(max_in_flight=50)
    gone = {iccid(number) for number in refused}
    while work := (await ledger.step(Scope(change), [], 50)).work:
        no = (Verdict.NOT_DONE, Because.REFUSED)
        await ledger.step(Scope(change), [came(w, *no) if w.iccid in gone else done(w) for w in work], 0)
    await ledger.close()


def creates(desk, change):
    rows = desk.see(
        "SELECT e.iccid, o.state FROM operations o JOIN endpoints e ON e.id = o.endpoint "
        "WHERE o.kind = 'create' AND o.change_id = :change ORDER BY o.position",
        change=change,
    )
    return [(row.iccid, row.state) for row in rows]


def planned(*numbers):
    return [(iccid(number), "planned") for number in numbers]


# --- a cancel ---


async def test_a_cancel_holds_for_its_run_and_the_next_one_fills_up(desk, raw):
    raw(*range(1, 31))
    first = plan(desk)
    desk.store.write(bulk_changes.cancel, [first.change])
    ledger = await desk.ledger(max_in_flight=50)
    assert (await ledger.step(Scope(first.change), [], 50)).work == ()

    again = plan(desk)

    assert again.need.create == 12
    assert len((await ledger.step(Scope(again.change), [], 50)).work) == 12


async def test_what_a_cancelled_run_had_begun_is_settled_by_the_next_one(desk, raw):
    raw(*range(1, 31))
    first = plan(desk)
    ledger = await desk.ledger(max_in_flight=50)
    begun = (await ledger.step(Scope(first.change), [], 5)).work
    await ledger.step(Scope(first.change), [came(work, Verdict.UNKNOWN) for work in begun], 0)
    desk.store.write(bulk_changes.cancel, [first.change])

    again = plan(desk)

    assert (again.change, again.need.level.coming, again.need.create) == (first.change, 5, 7)
    assert [state for _, state in creates(desk, again.change)] == ["in_doubt"] * 5 + ["planned"] * 7
    assert desk.one("SELECT cancelled_at FROM changes WHERE id = :id", id=again.change) is None


def test_no_raw_sim_of_a_batch_that_a_person_cancelled_is_taken(desk, raw):
    batch = raw(*range(1, 6))
    raw(*range(6, 11), batch="april")
    desk.store.write(bulk_changes.cancel, [batch.change])
    assert level(desk).raw == 5

    assert creates(desk, plan(desk).change) == planned(*range(6, 11))

    desk.store.write(bulk_changes.allow, batch.change)
    assert level(desk).raw == 5


# --- refusals ---


async def test_refused_raw_sims_are_left_alone_and_others_are_taken(desk, raw):
    raw(*range(1, 31))
    await carried_out(desk, plan(desk).change, refused=range(1, 4))

    found = level(desk)

    assert (found.free, found.raw, found.refused, found.in_a_row) == (9, 18, 3, 0)
    assert creates(desk, plan(desk).change) == planned(13, 14, 15)


async def test_after_so_many_refusals_in_a_row_no_further_sim_is_taken_until_a_person_says_so(desk, raw):
    raw(*range(1, 31))
    await carried_out(desk, plan(desk).change, refused=range(1, 13))

    held = plan(desk)

    assert level(desk).in_a_row == 12 >= REFUSALS_IN_A_ROW
    assert (held.change, held.need.create, held.need.held) == (0, 0, True)
    assert (level(desk).raw, level(desk).coming) == (18, 0)
    assert creates(desk, plan(desk, go_on=True).change) == planned(*range(13, 25))


async def test_one_confirmed_create_ends_the_row_of_refusals(desk, raw):
    raw(*range(1, 31))
    await carried_out(desk, plan(desk).change, refused=range(1, 13))
    await carried_out(desk, plan(desk, go_on=True).change, refused=range(14, 25))

    assert level(desk).in_a_row == 0
    assert not plan(desk).need.held


async def test_refused_sims_are_tried_again_first_on_request_with_their_tags(desk, raw):
    raw(*range(1, 31))
    await carried_out(desk, plan(desk).change, refused=range(1, 13))

    again = plan(desk, mark=MARK.model_copy(update={"low": 15, "high": 16}), retry_refused=True)

    assert creates(desk, again.change) == planned(*range(1, 17))
    await carried_out(desk, again.change, refused=())
    assert (level(desk).free, level(desk).refused) == (16, 0)
    assert desk.operations("tag") == ["confirmed"] * 16
    assert [fact[0] for fact in desk.facts("again")] == [1] * 12


async def test_what_a_person_refused_is_not_tried_again(desk, raw):
    raw(1, 2)
    fill = plan(desk)
    ledger = await desk.ledger(max_in_flight=50)
    work = (await ledger.step(Scope(fill.change), [], 50)).work
    await ledger.step(Scope(fill.change), [came(w, Verdict.NOT_DONE, Because.CONTRADICTION) for w in work], 0)
    for one in work:
        desk.decide(one.id, State.REFUSED)

    assert level(desk).refused == 0
    assert plan(desk, retry_refused=True).need.create == 0


async def test_what_was_not_begun_goes_back_to_raw_stock(desk, raw):
    raw(*range(1, 31))
    fill = plan(desk)
    ledger = await desk.ledger(max_in_flight=50)
    sent = (await ledger.step(Scope(fill.change), [], 5)).work

    desk.store.write(rawstock.give_back, fill.change)

    assert [state for _, state in creates(desk, fill.change)] == ["sent"] * 5
    assert (level(desk).coming, level(desk).raw) == (5, 25)
    assert desk.operations("tag") == ["planned"] * 5
    assert desk.one("SELECT size FROM changes WHERE id = :id", id=fill.change) == len(sent)


# --- beside a provision ---


def numbers_of(desk, stored):
    """What a provision would say of its file: how many of its rows stand where, and how many were there anyway."""
    with Reader(desk.url).open() as opened:
        counts = tally_rows(opened, stored.batch, stored.change, since=0.0, source=stored.source)
        totals = source_totals(opened, stored.batch, stored.source)
    left = {name: count for name, count in counts.items() if count}
    assert totals["accepted"] == sum(left.values())
    return left, left.pop("already", 0)


def provision(desk, *numbers, **options):
    return desk.ingest(manifest(accepted(*numbers)), **({"tags": ["spring"], "platform_tags": "now"} | options))


def test_a_file_of_sims_in_raw_stock_is_provisioned(desk, raw):
    taken = raw(*range(1, 11))

    stored = provision(desk, *range(1, 11))

    assert stored.batch == taken.batch
    assert creates(desk, stored.change) == planned(*range(1, 11))
    assert desk.operations("tag") == ["planned"] * 10
    assert numbers_of(desk, stored) == ({"planned": 10}, 0)


def test_another_file_of_sims_in_raw_stock_is_provisioned_under_its_own_batch_names_and_tags(desk, raw):
    raw(*range(1, 11))

    stored = provision(desk, *range(6, 16), batch="april", tags=["vip"])

    assert creates(desk, stored.change) == planned(*range(6, 16))
    assert numbers_of(desk, stored) == ({"planned": 10}, 0)
    assert desk.endpoint(6).name == "april-000002"
    tags = desk.see("SELECT target, count(*) AS n FROM operations WHERE kind = 'tag' GROUP BY target ORDER BY target")
    assert [tuple(row) for row in tags] == [("spring", 5), ("vip", 10)]


async def test_a_provision_counts_what_replenishing_made_meanwhile_as_there_already(desk, raw):
    raw(*range(1, 21))
    await carried_out(desk, plan(desk).change, refused=())

    stored = provision(desk, *range(1, 21))

    assert creates(desk, stored.change) == planned(*range(13, 21))
    assert numbers_of(desk, stored) == ({"planned": 8}, 12)


async def test_a_provision_takes_over_what_replenishing_was_refused_or_did_not_begin(desk, raw):
    raw(*range(1, 13))
    fill = plan(desk)
    ledger = await desk.ledger(max_in_flight=50)
    work = (await ledger.step(Scope(fill.change), [], 5)).work
    await ledger.step(Scope(fill.change), [came(w, Verdict.NOT_DONE, Because.REFUSED) for w in work], 0)

    stored = provision(desk, *range(1, 13))

    assert creates(desk, fill.change) == []
    assert numbers_of(desk, stored) == ({"refused": 5, "planned": 7}, 0)
    desk.store.write(bulk_changes.plan_refused, stored.change)
    assert numbers_of(desk, stored) == ({"planned": 12}, 0)


async def test_a_provision_leaves_alone_what_replenishing_has_under_way(desk, raw):
    raw(*range(1, 13))
    fill = plan(desk)
    ledger = await desk.ledger(max_in_flight=50)
    await ledger.step(Scope(fill.change), [], 5)

    stored = provision(desk, *range(1, 13))

    assert [state for _, state in creates(desk, fill.change)] == ["sent"] * 5
    assert numbers_of(desk, stored) == ({"planned": 7}, 5)


def test_taking_a_file_into_stock_that_a_provision_has_planned_changes_nothing(desk, raw):
    stored = provision(desk, *range(1, 11))

    assert raw(*range(1, 11)).change == stored.change
    assert numbers_of(desk, stored) == ({"planned": 10}, 0)
    assert level(desk).raw == 0


def test_a_sim_in_two_files_of_a_batch_counts_for_each_of_them_and_once_for_the_batch(desk, raw):
    first = raw(*range(1, 6))
    second = raw(*range(3, 9), batch="march", is_named=True)
    assert second.batch == first.batch

    both = provision(desk, *range(3, 9)), provision(desk, *range(1, 6))

    assert [numbers_of(desk, one) for one in both] == [({"planned": 6}, 0), ({"planned": 5}, 0)]
    whole = replace(both[0], source=0)
    assert numbers_of(desk, whole) == ({"planned": 8}, 3)
