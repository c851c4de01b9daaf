"""A checked file becomes a batch, once."""

import pytest

from adapters.store import bulk_changes, tagging
from domain.errors import FileRefused, PreactiveError
from domain.manifest import ManifestRow, Outcome
from domain.problems import Problem
from tests.support.desk import ACCOUNT, accepted, done, manifest
from tests.support.works import iccid

BLANK = ManifestRow(9, Outcome.BLANK)
DUPLICATE = ManifestRow(10, Outcome.DUPLICATE, iccid(1))
REJECTED = ManifestRow(
    11, Outcome.REJECTED, problems=(Problem("iccid", "x", "length", "Too short."),), original=("x", "=1+1")
)


def positions(desk, kind="create"):
    rows = desk.see(
        "SELECT o.position, e.iccid, o.target FROM operations o JOIN endpoints e ON e.id = o.endpoint "
        "WHERE o.kind = :kind ORDER BY o.position, o.id",
        kind=kind,
    )
    return [tuple(row) for row in rows]


def tags_of(desk, number):
    rows = desk.see(
        "SELECT t.tag FROM tags t JOIN endpoints e ON e.id = t.endpoint WHERE e.iccid = :iccid ORDER BY t.tag",
        iccid=iccid(number),
    )
    return [row.tag for row in rows]


# --- a new file ---


def test_a_file_becomes_endpoints_in_stock_and_planned_creates(desk):
    stored = desk.ingest(manifest(accepted(5, 3, 4)))

    assert stored.is_new
    assert positions(desk) == [(0, iccid(5), ""), (1, iccid(3), ""), (2, iccid(4), "")]
    assert desk.operations() == ["planned"] * 3
    assert {row.state for row in desk.see("SELECT state FROM endpoints")} == {"stock"}
    assert desk.one("SELECT size FROM changes") == 3


def test_a_name_comes_from_the_row_or_else_from_the_template(desk):
    desk.ingest(manifest(accepted(1, 2, names=["meter 1", None])))

    assert [desk.endpoint(n).name for n in (1, 2)] == ["meter 1", "march-000003"]


def test_the_numbers_of_the_file_are_kept_and_add_up(desk):
    desk.ingest(manifest([*accepted(1, 2), DUPLICATE, REJECTED, BLANK]))

    row = desk.see("SELECT rows, accepted, rejected, duplicates, blank FROM sources")[0]
    assert tuple(row) == (5, 2, 1, 1, 1)


def test_numbers_that_do_not_add_up_are_refused_by_the_database(desk):
    wrong = manifest(accepted(1))
    wrong.counts[Outcome.ACCEPTED] = 2

    with pytest.raises(PreactiveError, match="refused a statement"):
        desk.ingest(wrong)
    assert desk.one("SELECT count(*) FROM batches") == 0


def test_a_rejected_row_is_kept_with_its_problems_and_its_cells(desk):
    desk.ingest(manifest([*accepted(1), REJECTED]))

    row = desk.see("SELECT row_no, outcome FROM rejects")[0]
    assert tuple(row) == (11, "rejected")
    assert "=1+1" in str(desk.one("SELECT original FROM rejects"))


def test_a_file_of_rejects_alone_is_kept_as_a_batch_without_endpoints(desk):
    stored = desk.ingest(manifest([REJECTED]))

    assert stored.is_new
    assert desk.one("SELECT count(*) FROM operations") == 0


# --- the same again ---


def test_the_same_bytes_again_are_the_same_batch(desk):
    first = desk.ingest(manifest(accepted(1, 2)))
    again = desk.ingest(manifest(accepted(1, 2)), batch="renamed")

    assert not again.is_new
    assert (again.batch, again.name, again.change, again.source) == (
        first.batch,
        "march",
        first.change,
        first.source,
    )
    assert desk.one("SELECT count(*) FROM operations") == 2


def test_the_same_rows_in_another_order_or_form_are_the_same_batch(desk):
    first = desk.ingest(manifest(accepted(1, 2, names=["a", "b"]), "a csv"))
    again = desk.ingest(manifest(accepted(2, 1, names=["b", "a"]), "an xlsx"), batch="april")

    assert (again.is_new, again.batch) == (False, first.batch)
    assert desk.one("SELECT count(*) FROM operations") == 2


def test_the_same_bytes_read_as_other_rows_are_not_the_same_batch(desk):
    """Another sheet of the same workbook, or the same file after its settings were corrected."""
    desk.ingest(manifest(accepted(1), "workbook"))
    other = desk.ingest(manifest(accepted(2), "workbook"))

    assert other.is_new
    assert [row[1] for row in positions(desk)] == [iccid(1), iccid(2)]


def test_another_account_has_batches_of_its_own(desk):
    first = desk.ingest(manifest(accepted(1)))
    other = desk.ingest(manifest(accepted(1)), account="other")

    assert other.is_new
    assert (other.name, other.batch != first.batch) == ("march", True)
    assert desk.one("SELECT count(*) FROM endpoints") == 2


def test_another_file_under_the_same_name_gets_a_name_that_is_free(desk):
    names = [desk.ingest(manifest(accepted(number))).name for number in (1, 2, 3)]

    assert names == ["march", "march-2", "march-3"]


def test_a_file_of_which_some_iccids_are_known_plans_only_the_others(desk):
    desk.ingest(manifest(accepted(1, 2)))
    desk.ingest(manifest(accepted(2, 3)), batch="april")

    assert sorted(row[1] for row in positions(desk)) == [iccid(1), iccid(2), iccid(3)]
    known = desk.see("SELECT r.known FROM rows r JOIN sources s ON s.id = r.source_id ORDER BY s.id, r.row_no")
    assert [bool(row.known) for row in known] == [False, False, True, False]
    assert desk.endpoint(2).name == "march-000003"  # the first to name it keeps its name


def test_a_second_file_into_a_named_batch_is_added_to_it(desk):
    first = desk.ingest(manifest(accepted(1, 2)), is_named=True)
    second = desk.ingest(manifest(accepted(2, 3, 4)), is_named=True)

    assert (second.is_new, second.batch, second.change) == (True, first.batch, first.change)
    assert positions(desk) == [(n, iccid(n + 1), "") for n in range(4)]
    assert desk.one("SELECT size FROM changes") == 4
    assert desk.one("SELECT count(*) FROM sources") == 2


async def test_what_was_done_stays_done_when_the_file_comes_again(desk):
    scope = desk.batch(2)
    ledger = await desk.ledger()
    step = await ledger.step(scope, [], 1)
    await ledger.step(scope, [done(step.work[0])], 0)

    desk.ingest(manifest(accepted(1, 2)))

    assert desk.operations() == ["confirmed", "planned"]


def test_a_cancelled_change_can_be_asked_for_again(desk):
    stored = desk.ingest(manifest(accepted(1)))
    desk.store.write(bulk_changes.cancel, [stored.change])
    assert desk.one("SELECT cancelled_at FROM changes") > 0

    desk.store.write(bulk_changes.allow, stored.change)

    assert desk.one("SELECT cancelled_at FROM changes") is None


def test_the_same_rows_beside_other_rejected_ones_are_the_same_batch_and_the_rejects_are_kept(desk):
    first = desk.ingest(manifest(accepted(1, 2)))
    other = manifest([*accepted(1, 2), REJECTED])
    second, third = desk.ingest(other, batch="april"), desk.ingest(other, batch="april")

    assert (second.batch, second.change, second.is_new) == (first.batch, first.change, False)
    assert second.source != first.source
    assert third.source == second.source
    assert desk.one("SELECT count(*) FROM operations") == 2
    assert desk.one("SELECT source_id FROM rejects") == second.source


# --- tags ---


def test_without_tags_a_batch_is_tagged_with_its_name(desk):
    desk.ingest(manifest(accepted(1)))

    assert tags_of(desk, 1) == ["march"]


@pytest.mark.parametrize(("batch", "tag"), [("my batch", "my-batch"), ("März/1", "M-rz-1"), ("***", "batch")])
def test_the_tag_made_of_a_batch_name_keeps_to_the_rule_of_tags(desk, batch, tag):
    desk.ingest(manifest(accepted(1)), batch=batch, is_named=True)

    assert tags_of(desk, 1) == [tag]
    assert desk.one("SELECT name FROM batches") == batch


def test_a_made_name_that_the_platform_would_refuse_stores_nothing(desk):
    with pytest.raises(FileRefused, match="does not fit the platform") as caught:
        desk.ingest(manifest(accepted(1)), check_name=lambda name: len(name) < 5)

    assert caught.value.code == "names"
    assert desk.one("SELECT count(*) FROM batches") == 0


def test_tags_given_and_tags_of_the_row_are_kept_together(desk):
    desk.ingest(manifest(accepted(1, 2, tags=[("eu", "spare"), ()])), tags=["q1", "q1"])

    assert tags_of(desk, 1) == ["eu", "q1", "spare"]
    assert tags_of(desk, 2) == ["q1"]


def test_a_file_added_to_a_batch_gets_its_tags_and_leaves_the_rows_of_the_others_alone(desk):
    desk.ingest(manifest(accepted(1)), tags=["q1"], is_named=True, platform_tags="now")
    desk.ingest(manifest(accepted(2)), is_named=True, platform_tags="now")
    desk.ingest(manifest(accepted(3)), tags=["q2"], is_named=True, platform_tags="now")

    assert [tags_of(desk, number) for number in (1, 2, 3)] == [["q1"], ["q1"], ["q1", "q2"]]
    assert sorted(row[1:] for row in positions(desk, "tag")) == sorted(
        [(iccid(1), "q1"), (iccid(2), "q1"), (iccid(3), "q1"), (iccid(3), "q2")]
    )


def test_a_tag_asked_for_with_the_same_file_is_added(desk):
    desk.ingest(manifest(accepted(1)), platform_tags="now")
    desk.ingest(manifest(accepted(1)), tags=["late"], platform_tags="now")

    assert tags_of(desk, 1) == ["late", "march"]
    assert [row[2] for row in positions(desk, "tag")] == ["march", "late"]


def test_another_batchs_endpoint_does_not_get_a_batchs_name_as_tag(desk):
    desk.ingest(manifest(accepted(1)))
    desk.ingest(manifest(accepted(1, 2)), batch="april", platform_tags="now")

    assert tags_of(desk, 1) == ["march"]
    assert [row[1] for row in positions(desk, "tag")] == [iccid(2)]


@pytest.mark.parametrize("mode", ["now", "later"])
def test_tags_asked_for_are_added_to_what_another_batch_brought(desk, mode):
    desk.pre_active(2)
    change = desk.ingest(
        manifest(accepted(1, 2, 3, tags=[("own",), (), ()])), batch="april", tags=["eu"], platform_tags=mode
    ).change

    assert [tags_of(desk, number) for number in (1, 2, 3)] == [["eu", "march", "own"], ["eu", "march"], ["eu"]]
    rows = desk.see("SELECT change_id, state FROM operations WHERE kind = 'tag'")
    assert [tuple(row) for row in rows] == [(change, "planned")] * 4
    assert desk.one("SELECT allowed FROM changes WHERE id = :id", id=change) > max(
        p for p, *_ in positions(desk, "tag")
    )


def test_what_another_batch_has_under_way_is_tagged_when_the_file_comes_again(desk):
    both = manifest(accepted(1, 2))
    desk.ingest(manifest(accepted(1)))
    desk.ingest(both, batch="april", tags=["eu"], platform_tags="now")
    assert [row[1] for row in positions(desk, "tag")] == [iccid(2)]

    desk.do("UPDATE endpoints SET endpoint_id = 'E' || id, state = 'pre_active'")
    desk.ingest(both, batch="april", tags=["eu"], platform_tags="now")

    assert [row[1:] for row in positions(desk, "tag")] == [(iccid(2), "eu"), (iccid(1), "eu")]


def test_what_was_terminated_is_not_tagged(desk):
    desk.pre_active(1)
    desk.do("UPDATE endpoints SET state = 'terminated'")
    desk.ingest(manifest(accepted(1, tags=[("own",)])), batch="april", tags=["eu"], platform_tags="now")

    assert (tags_of(desk, 1), positions(desk, "tag")) == (["march"], [])


def test_platform_tags_off_plans_no_call(desk):
    desk.ingest(manifest(accepted(1, tags=[("eu",)])), platform_tags="off")

    assert positions(desk, "tag") == []


def test_platform_tags_now_come_with_their_create(desk):
    desk.ingest(manifest(accepted(1, 2, tags=[("eu",), ()])), platform_tags="now")

    assert positions(desk, "tag") == [(0, iccid(1), "march"), (0, iccid(1), "eu"), (1, iccid(2), "march")]
    assert desk.one("SELECT size FROM changes") == 2


def test_platform_tags_later_come_after_the_last_create(desk):
    desk.ingest(manifest(accepted(1, 2, tags=[("eu",), ()])), platform_tags="later")

    rows = positions(desk, "tag")
    assert sorted(row[1:] for row in rows) == [(iccid(1), "eu"), (iccid(1), "march"), (iccid(2), "march")]
    assert min(row[0] for row in rows) == 2
    assert desk.one("SELECT size FROM changes") == max(row[0] for row in rows) + 1


def test_a_tag_is_new_until_it_was_sent_once(desk):
    stored = desk.ingest(manifest(accepted(1, 2)), tags=["b", "a"], platform_tags="now")
    assert desk.store.write(tagging.new_tags, stored.change) == ["a", "b"]

    desk.do("UPDATE operations SET token = 1, state = 'confirmed' WHERE target = 'b' AND position = 0")

    assert desk.store.write(tagging.new_tags, stored.change) == ["a"]


def test_a_tag_that_another_account_sent_is_new(desk):
    desk.ingest(manifest(accepted(1)), account="other", tags=["a"], platform_tags="now")
    desk.do("UPDATE operations SET token = 1 WHERE target = 'a'")
    stored = desk.ingest(manifest(accepted(1)), tags=["a"], platform_tags="now")

    assert desk.store.write(tagging.new_tags, stored.change) == ["a"]


# --- going on ---


def test_open_stretches_are_those_that_hold_something_planned(desk):
    scope = desk.batch(6000)
    assert desk.store.write(bulk_changes.open_stretches, scope.change) == [(1, 2500), (2501, 5000), (5001, 6000)]

    desk.do("UPDATE operations SET state = 'confirmed' WHERE position < 2500 OR position >= 5000")

    assert desk.store.write(bulk_changes.open_stretches, scope.change) == [(2501, 5000)]


def test_refused_operations_are_planned_again_when_a_person_asks(desk):
    scope = desk.batch(3)
    desk.do("UPDATE operations SET state = 'refused' WHERE position = 0")
    desk.do("UPDATE operations SET state = 'needs_human' WHERE position = 1")

    desk.store.write(bulk_changes.plan_refused, scope.change)

    assert desk.operations() == ["planned", "needs_human", "planned"]


def test_half_a_file_is_never_stored(desk):
    """The transaction fails at its very end, with everything else written."""
    with pytest.raises(PreactiveError):
        desk.ingest(manifest(accepted(1, 2)), platform_tags="now", row_tags=[(iccid(2), None)])

    for table in ("batches", "sources", "rows", "endpoints", "operations", "tags", "changes"):
        assert desk.one(f"SELECT count(*) FROM {table}") == 0, table


def test_names_and_tags_of_any_script_survive(desk):
    desk.ingest(manifest(accepted(1, names=["зонд 🛰 'a\"b"])), account=ACCOUNT)

    assert desk.endpoint(1).name == "зонд 🛰 'a\"b"
