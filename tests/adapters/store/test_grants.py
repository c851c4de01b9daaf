"""What is planned is sent only as far as the run may change by itself, or two persons signed for exactly that."""

import pytest

from adapters.store import approvals, bulk_changes, ingest, repairs, selection, stocking
from adapters.store.approvals import Signature
from adapters.store.selection import Request
from adapters.store.unfinished import unfinished
from domain.approval import Bound, Change, Decision, Standing
from domain.errors import Unsigned
from domain.lifecycle import Kind, Lifecycle
from domain.ports import Scope
from domain.repair import Repair
from domain.stock_mark import StockMark
from tests.support.desk import ACCOUNT, Desk, accepted, manifest
from tests.support.works import iccid

RUN = "5f2c0b8e-0000-4000-8000-000000000001"
ALL_BUT = Bound(RUN, 2, "the request")
NOTHING = Bound(RUN, 0, "the request")
END = Request(ACCOUNT, "sft", tag="old", kind=Kind.TERMINATE)


def tagged(desk: Desk, *numbers: int) -> None:
    """The SIMs that carry the tag, and no others."""
    desk.do("DELETE FROM tags WHERE tag = 'old'")
    for number in numbers:
        desk.do("INSERT INTO tags (endpoint, tag) SELECT id, 'old' FROM endpoints WHERE iccid = :i", i=iccid(number))


def trial(desk: Desk, function, *args, **kwargs) -> Unsigned:
    """What must be signed before this can be planned."""
    with pytest.raises(Unsigned) as unsigned:
        desk.store.rehearse(function, *args, **kwargs)
    return unsigned.value


def sign(desk: Desk, unsigned: Unsigned, run: str = RUN) -> None:
    """Two persons sign it."""
    change = Change(ACCOUNT, "terminate", unsigned.digest, unsigned.count, unsigned.allowed, unsigned.bound)
    request = desk.store.write(approvals.request, run, change)
    for name in ("ann", "bob"):
        desk.store.write(approvals.set_approver, name, "salt", ["code"])
        given = Signature(name, "code", Decision.APPROVE)
        request = desk.store.write(approvals.answer, request.id, len(request.answers), given)
    assert request.standing is Standing.APPROVED


def end(desk: Desk, bound: Bound = NOTHING):
    """Plan the terminations."""
    return desk.store.write(selection.select_endpoints, END, bound)


async def carry_out(desk: Desk, change: int, *, made: str = "terminated") -> list[str]:
    """What is handed out, all of it done then."""
    ledger = await desk.ledger(max_in_flight=100)
    step = await ledger.step(Scope(change), [], 100)
    sent = sorted(work.iccid for work in step.work)
    desk.do("UPDATE operations SET state = 'confirmed' WHERE state = 'sent'")
    desk.do(
        f"UPDATE endpoints SET state = '{made}' WHERE id IN (SELECT endpoint FROM operations WHERE change_id = :c)",
        c=change,
    )
    return sent


async def test_a_signed_change_is_planned_once_and_others_need_signatures_of_their_own(desk):
    desk.pre_active(6)
    tagged(desk, 1, 2, 3)
    asked = trial(desk, selection.select_endpoints, END, NOTHING)
    assert (asked.count, asked.allowed) == (3, 0)
    assert desk.operations("terminate") == [], "a trial leaves nothing behind"
    sign(desk, asked)
    first = end(desk)
    assert await carry_out(desk, first.change) == [iccid(1), iccid(2), iccid(3)]

    assert end(desk).new == 0, "a run that comes again finds nothing to plan"
    tagged(desk, 4, 5, 6)
    again = trial(desk, selection.select_endpoints, END, NOTHING)

    assert again.count == 3
    assert again.digest != asked.digest
    with pytest.raises(Unsigned):
        end(desk)
    assert desk.operations("terminate") == ["confirmed"] * 3


async def test_what_was_signed_is_no_leave_for_other_endpoints_of_the_same_number(desk):
    desk.pre_active(6)
    tagged(desk, 1, 2, 3)
    sign(desk, trial(desk, selection.select_endpoints, END, NOTHING))
    tagged(desk, 4, 5, 6)

    with pytest.raises(Unsigned):
        end(desk)
    tagged(desk, 1, 2, 3)
    assert end(desk).new == 3


def test_what_was_signed_counts_for_the_state_that_the_endpoints_had(desk):
    desk.pre_active(3)
    tagged(desk, 1, 2, 3)
    sign(desk, trial(desk, selection.select_endpoints, END, NOTHING))
    desk.do("UPDATE endpoints SET state = 'active' WHERE iccid = :iccid", iccid=iccid(2))  # sold meanwhile

    with pytest.raises(Unsigned):
        end(desk)


def test_an_approval_counts_for_its_run_and_its_request_alone(desk):
    desk.pre_active(3)
    tagged(desk, 1, 2, 3)
    sign(desk, trial(desk, selection.select_endpoints, END, NOTHING))

    for other in (Bound("another run", 0, "the request"), Bound(RUN, 0, "another request")):
        with pytest.raises(Unsigned):
            end(desk, other)
    assert end(desk).new == 3


async def test_a_spent_approval_is_no_leave_to_do_the_same_to_the_same_endpoints_again(desk):
    desk.pre_active(3)
    desk.do("UPDATE endpoints SET state = 'active'")
    tagged(desk, 1, 2, 3)
    asked = Request(ACCOUNT, "sft", tag="old", kind=Kind.SUSPEND)
    signed = trial(desk, selection.select_endpoints, asked, ALL_BUT)
    sign(desk, signed)
    first = desk.store.write(selection.select_endpoints, asked, ALL_BUT)
    await carry_out(desk, first.change, made="suspended")
    desk.do("UPDATE endpoints SET state = 'active'")

    with pytest.raises(Unsigned) as unsigned:
        desk.store.write(selection.select_endpoints, asked, ALL_BUT)
    assert unsigned.value.digest != signed.digest, "or the run would find its request signed, and never ask"


def test_an_approval_lets_through_once_whatever_became_of_the_plan(desk):
    desk.pre_active(3)
    tagged(desk, 1, 2, 3)
    sign(desk, trial(desk, selection.select_endpoints, END, NOTHING))
    end(desk)
    desk.do("DELETE FROM operations WHERE kind = 'terminate'")

    with pytest.raises(Unsigned):
        end(desk)


def test_a_run_that_ended_before_it_sent_anything_goes_on_without_new_signatures(desk):
    desk.pre_active(3)
    tagged(desk, 1, 2, 3)
    sign(desk, trial(desk, selection.select_endpoints, END, NOTHING))
    first = end(desk)
    again = end(desk)

    assert (again.change, again.new, again.open) == (first.change, 0, 3)


def test_an_approval_is_used_up_in_the_transaction_that_plans(desk):
    desk.pre_active(3)
    tagged(desk, 1, 2, 3)
    sign(desk, trial(desk, selection.select_endpoints, END, NOTHING))
    desk.store.rehearse(selection.select_endpoints, END, NOTHING)
    assert desk.see("SELECT * FROM grants") == []
    change = end(desk).change

    (grant,) = desk.see("SELECT change_id, endpoints, approval_id FROM grants")
    (fact,) = desk.see("SELECT approval_id, text FROM approver_facts WHERE event = 'used'")
    assert tuple(grant) == (change, 3, fact.approval_id)
    assert fact.text == f"3 endpoints of change {change} let through by ann and bob"


# --- how much a run may change by itself ---


def test_a_run_may_change_so_many_in_all_however_often_it_plans(desk):
    desk.pre_active(6)
    for numbers in ((1,), (2,)):
        tagged(desk, *numbers)
        end(desk, ALL_BUT)
    tagged(desk, 3)

    asked = trial(desk, selection.select_endpoints, END, ALL_BUT)
    assert (asked.count, asked.allowed, asked.bound) == (1, 0, 2)
    assert end(desk, Bound("another", 2)).new == 1


@pytest.mark.parametrize("platform_tags", ["now", "later", "off"])
def test_a_file_counts_as_many_endpoints_as_it_would_create_or_tag(desk, platform_tags):
    values = desk.ingest_values(manifest(accepted(1, 2, 3)), tags=["spring"], platform_tags=platform_tags)

    assert trial(desk, ingest.ingest, **values, bound=ALL_BUT).count == 3
    assert desk.see("SELECT * FROM endpoints") == []
    desk.store.write(ingest.ingest, **values, bound=Bound(RUN, 3))
    more = values | {"tags": ["summer"]}
    if platform_tags == "off":
        desk.store.write(ingest.ingest, **more, bound=ALL_BUT)
    else:
        assert trial(desk, ingest.ingest, **more, bound=Bound("another", 2)).count == 3


def test_the_names_and_tags_of_a_file_are_signed_too(desk):
    named = {"names": ["a", "b", "c"]}, {"names": ["a", "b", "d"]}, {"names": ["a", "b", "c"], "tags": [("x",), (), ()]}
    digests = [
        trial(
            desk,
            ingest.ingest,
            **desk.ingest_values(manifest(accepted(1, 2, 3, **one), content="same"), platform_tags="now"),
            bound=ALL_BUT,
        ).digest
        for one in named
    ]

    assert len(set(digests)) == 3


def test_what_was_refused_is_planned_again_only_as_far_as_the_run_may(desk):
    change = desk.batch(3).change
    desk.do("UPDATE operations SET state = 'refused', token = 1")

    asked = trial(desk, bulk_changes.plan_refused, change, ALL_BUT)
    assert asked.count == 3
    sign(desk, asked)
    desk.store.write(bulk_changes.plan_refused, change, ALL_BUT)
    assert desk.operations() == ["planned"] * 3
    desk.do("UPDATE operations SET state = 'refused', token = 2")
    assert trial(desk, bulk_changes.plan_refused, change, ALL_BUT).digest != asked.digest


def test_refused_ones_that_a_selection_tries_again_count(desk):
    desk.pre_active(3)
    tagged(desk, 1, 2, 3)
    end(desk, Bound("first", 3))
    desk.do("UPDATE operations SET state = 'refused', token = 1 WHERE kind = 'terminate'")
    again = Request(ACCOUNT, "sft", tag="old", kind=Kind.TERMINATE, retry=True)

    assert trial(desk, selection.select_endpoints, again, ALL_BUT).count == 3


def test_a_repair_counts_every_endpoint_that_it_records_or_changes(desk):
    desk.pre_active(3)
    wanted = [
        Repair(iccid(n), f"E{n}", Lifecycle.PRE_ACTIVE, Lifecycle.ACTIVE, Kind.ACTIVATE, then=Kind.SUSPEND)
        for n in (1, 2, 3)
    ]

    assert trial(desk, repairs.apply_repairs, ACCOUNT, wanted, ALL_BUT).count == 3
    assert desk.endpoint(1).state == "pre_active"
    assert desk.store.write(repairs.apply_repairs, ACCOUNT, wanted[:2], ALL_BUT)


def test_all_marks_of_stock_together_get_what_a_run_may_create(desk):
    for tag, first in (("a", 1), ("b", 11), ("c", 21)):
        values = desk.ingest_values(manifest(accepted(*range(first, first + 10))), batch=tag, tags=[tag])
        desk.store.write(ingest.ingest, into_stock=True, **values)
    marks = [StockMark(tag=tag, low=5, high=8) for tag in "abc"]
    plan = {"platform": "sft", "most": 10, "platform_tags": "off", "bound": Bound(RUN, 10)}

    created = [desk.store.write(stocking.plan, ACCOUNT, mark, **plan).need.create for mark in marks]
    assert created == [8, 2, 0]
    assert desk.store.write(stocking.plan, ACCOUNT, marks[2], **plan | {"bound": Bound("next", 10)}).need.create == 8


# --- what is sent ---


async def test_what_was_planned_by_other_means_is_never_handed_out(desk):
    desk.pre_active(3)
    tagged(desk, 1)
    change = end(desk, ALL_BUT).change
    desk.do(
        "INSERT INTO operations (account, change_id, position, endpoint, kind, state, updated_at) "
        "SELECT account, :change, id, id, 'terminate', 'planned', 0 FROM endpoints WHERE id > 1",
        change=change,
    )
    ledger = await desk.ledger(max_in_flight=10)
    step = await ledger.step(Scope(change), [], 10)

    assert [work.iccid for work in step.work] == [iccid(1)]
    assert (await ledger.outlook(Scope(change))).ready == 0, "nor waited for"
    assert desk.operations("terminate") == ["sent", "planned", "planned"]
    desk.do("UPDATE operations SET state = 'confirmed' WHERE state = 'sent'")
    assert desk.store.write(unfinished, ACCOUNT, "sft") == [], "nor gone on with"
