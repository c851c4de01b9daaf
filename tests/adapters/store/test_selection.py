"""The same request selects the same endpoints, and never more than were asked for in all."""

import pytest

from adapters.store import pins
from domain.lifecycle import Kind
from domain.operation import State
from domain.outcome import Because, Verdict
from domain.ports import Scope
from tests.support.desk import accepted, came, manifest
from tests.support.works import iccid

REFUSED = (Verdict.NOT_DONE, Because.REFUSED)


def numbers(selected):
    return (selected.already, selected.open, selected.new, selected.unusable)


def selected_iccids(desk):
    rows = desk.see(
        "SELECT e.iccid FROM operations o JOIN endpoints e ON e.id = o.endpoint "
        "WHERE o.kind = 'activate' ORDER BY o.position"
    )
    return [row.iccid for row in rows]


async def carried_out(desk, selected, answers, *, rounds=1):
    """Activate what was selected; `answers` by number of the SIM, the others are done."""
    scope, ledger = Scope(selected.change), await desk.ledger()
    results = []
    for _ in range(rounds):
        step = await ledger.step(scope, results, 99)
        results = [came(work, *answers.get((int(work.iccid[-3:]), work.kind), (Verdict.DONE,))) for work in step.work]
    await ledger.step(scope, results, 0)


def test_the_oldest_that_wait_are_selected(desk):
    desk.pre_active(5)

    selected = desk.select(tag="march", count=3)

    assert numbers(selected) == (0, 0, 3, 0)
    assert selected_iccids(desk) == [iccid(1), iccid(2), iccid(3)]
    assert desk.one("SELECT size FROM changes WHERE id = :id", id=selected.change) == 3


def test_without_a_count_all_that_wait_are_selected(desk):
    desk.pre_active(5)

    assert desk.select(tag="march").new == 5


def test_a_group_is_planned_behind_each_activation(desk):
    desk.pre_active(2)
    desk.select(tag="march", group="eu")

    rows = desk.see("SELECT position, kind, target FROM operations WHERE kind <> 'create' ORDER BY position, id")
    assert [tuple(row) for row in rows] == [
        (0, "activate", ""),
        (0, "assign", "eu"),
        (1, "activate", ""),
        (1, "assign", "eu"),
    ]


def test_the_same_request_again_selects_nothing_new(desk):
    desk.pre_active(5)
    first = desk.select(tag="march", count=3)

    again = desk.select(tag="march", count=3)

    assert (numbers(again), again.change) == ((0, 3, 0, 0), first.change)
    assert len(selected_iccids(desk)) == 3


def test_a_count_is_a_total(desk):
    desk.pre_active(5)
    first = desk.select(tag="march", count=2)

    more = desk.select(tag="march", count=4)

    assert (numbers(more), more.change) == ((0, 2, 2, 0), first.change)
    assert selected_iccids(desk) == [iccid(n) for n in (1, 2, 3, 4)]


def test_a_smaller_count_takes_nothing_back(desk):
    desk.pre_active(5)
    desk.select(tag="march", count=4)

    assert numbers(desk.select(tag="march", count=2)) == (0, 4, 0, 0)
    assert len(selected_iccids(desk)) == 4


async def test_what_is_active_already_counts_towards_the_total(desk):
    desk.pre_active(5)
    selected = desk.select(tag="march", count=2)
    await carried_out(desk, selected, {})

    assert numbers(desk.select(tag="march", count=3)) == (2, 0, 1, 0)
    assert selected_iccids(desk) == [iccid(1), iccid(2), iccid(3)]


async def test_what_is_active_and_not_yet_in_the_group_counts_towards_the_total(desk):
    """The run was interrupted between the activation and the group; going on must not activate others instead."""
    desk.pre_active(5)
    selected = desk.select(tag="march", group="eu", count=2)
    await carried_out(desk, selected, {})  # one round: the activations are done, the groups are still planned
    assert [desk.endpoint(n).state for n in (1, 2, 3)] == ["active", "active", "pre_active"]
    assert desk.endpoint(1).group is None

    again = desk.select(tag="march", group="eu", count=2)

    assert numbers(again) == (0, 2, 0, 0)
    assert selected_iccids(desk) == [iccid(1), iccid(2)]


async def test_what_is_in_the_group_is_done(desk):
    desk.pre_active(3)
    selected = desk.select(tag="march", group="eu", count=2)
    await carried_out(desk, selected, {}, rounds=2)

    assert [desk.endpoint(n).group for n in (1, 2, 3)] == ["eu", "eu", None]
    assert numbers(desk.select(tag="march", group="eu", count=2)) == (2, 0, 0, 0)


async def test_a_refused_one_keeps_its_place_in_the_total_and_is_told(desk):
    desk.pre_active(5)
    selected = desk.select(tag="march", count=3)
    await carried_out(desk, selected, {(2, Kind.ACTIVATE): REFUSED})

    again = desk.select(tag="march", count=3)

    assert (numbers(again), again.refused, again.elsewhere) == ((2, 0, 0, 0), 1, 0)
    assert "1 refused before (--retry-refused tries them again)" in again.sentence()
    assert selected_iccids(desk) == [iccid(n) for n in (1, 2, 3)]


async def test_a_larger_total_takes_another_one_instead_of_a_refused_one(desk):
    desk.pre_active(5)
    selected = desk.select(tag="march", count=3)
    await carried_out(desk, selected, {(2, Kind.ACTIVATE): REFUSED})

    assert desk.select(tag="march", count=4).new == 1
    assert selected_iccids(desk) == [iccid(n) for n in (1, 2, 3, 4)]


async def test_a_refused_one_is_tried_again_when_a_person_asks_for_it(desk):
    desk.pre_active(5)
    selected = desk.select(tag="march", count=3)
    await carried_out(desk, selected, {(2, Kind.ACTIVATE): REFUSED})

    again = desk.select(tag="march", count=3, retry=True)

    assert (numbers(again), again.refused, again.change) == ((2, 0, 1, 0), 0, selected.change)
    assert desk.operations("activate") == ["confirmed", "planned", "confirmed"]


async def test_one_that_another_request_had_refused_is_tried_again_in_a_round_of_its_own(desk):
    desk.pre_active(2)
    await carried_out(desk, desk.select(tag="march", count=1), {(1, Kind.ACTIVATE): REFUSED})

    left = desk.preview(iccids=listed(1))
    again = desk.select(iccids=listed(1), retry=True)

    assert (numbers(left), left.refused, left.elsewhere) == ((0, 0, 0, 0), 1, 1)
    assert numbers(again) == (0, 0, 1, 0)
    rows = desk.see("SELECT round, state FROM operations WHERE kind = 'activate' ORDER BY id")
    assert [tuple(row) for row in rows] == [(0, "refused"), (1, "planned")]


async def test_a_group_that_waited_behind_a_refused_activation_goes_with_the_one_that_is_tried_again(desk):
    desk.pre_active(1)
    await carried_out(desk, desk.select(tag="march", group="eu"), {(1, Kind.ACTIVATE): REFUSED})

    again = desk.select(iccids=listed(1), group="eu", retry=True)
    await carried_out(desk, again, {}, rounds=2)

    assert (desk.endpoint(1).state, desk.endpoint(1).group) == ("active", "eu")
    assert numbers(desk.preview(iccids=listed(1), group="eu")) == (1, 0, 0, 0)


async def test_a_refused_group_of_an_active_endpoint_is_tried_again_when_a_person_asks_for_it(desk):
    desk.pre_active(2)
    selected = desk.select(tag="march", group="eu")
    await carried_out(desk, selected, {(2, Kind.ASSIGN): REFUSED}, rounds=2)

    told = desk.preview(tag="march", group="eu")
    again = desk.select(tag="march", group="eu", retry=True)

    assert (numbers(told), told.refused) == ((1, 0, 0, 0), 1)
    assert numbers(again) == (1, 0, 1, 0)
    assert desk.operations("assign") == ["confirmed", "planned"]


async def test_what_a_person_refused_is_not_tried_again(desk):
    desk.pre_active(2)
    selected = desk.select(tag="march")
    await carried_out(desk, selected, {(1, Kind.ACTIVATE): (Verdict.NOT_DONE, Because.CONTRADICTION)})
    operation = desk.one("SELECT id FROM operations WHERE state = 'needs_human'")
    desk.decide(operation, State.REFUSED)

    again = desk.select(tag="march", retry=True)

    assert (numbers(again), again.refused) == ((1, 0, 0, 0), 1)
    assert desk.operations("activate") == ["refused", "confirmed"]


async def test_one_in_doubt_is_not_replaced(desk):
    desk.pre_active(5)
    selected = desk.select(tag="march", count=3)
    await carried_out(desk, selected, {(2, Kind.ACTIVATE): (Verdict.UNKNOWN,)})

    assert numbers(desk.select(tag="march", count=3)) == (2, 1, 0, 0)


def test_another_request_does_not_take_what_is_selected_already(desk):
    desk.pre_active(3)
    desk.select(tag="march", group="eu", count=2)

    other = desk.select(tag="march", group="us")

    assert numbers(other) == (0, 0, 1, 2)


@pytest.mark.parametrize("state", ["stock", "suspended", "terminated"])
def test_what_is_in_another_state_is_not_selected(desk, state):
    desk.pre_active(2)
    desk.do("UPDATE endpoints SET state = :state WHERE iccid = :iccid", state=state, iccid=iccid(1))

    assert numbers(desk.select(tag="march")) == (0, 0, 1, 1)
    assert selected_iccids(desk) == [iccid(2)]


def test_an_endpoint_active_outside_of_the_group_is_not_taken_for_one_in_it(desk):
    desk.pre_active(2)
    desk.do("UPDATE endpoints SET state = 'active' WHERE iccid = :iccid", iccid=iccid(1))

    assert numbers(desk.preview(tag="march")) == (1, 0, 1, 0)
    assert numbers(desk.preview(tag="march", group="eu")) == (0, 0, 1, 1)


@pytest.mark.parametrize("state", ["terminated", "suspended"])
async def test_what_is_not_in_service_any_more_does_not_count_towards_the_total(desk, state):
    desk.pre_active(5)
    await carried_out(desk, desk.select(tag="march", group="eu", count=3), {}, rounds=2)
    desk.do("UPDATE endpoints SET state = :state WHERE iccid = :iccid", state=state, iccid=iccid(2))

    again = desk.select(tag="march", group="eu", count=3)

    assert (numbers(again), again.others) == ((2, 0, 1, 1), {state: 1})
    assert selected_iccids(desk) == [iccid(n) for n in (1, 2, 3, 4)]


async def test_what_was_moved_to_another_group_does_not_count_towards_the_total(desk):
    desk.pre_active(4)
    await carried_out(desk, desk.select(tag="march", group="eu", count=2), {}, rounds=2)
    moved = desk.select(kind=Kind.ASSIGN, iccids=listed(1), group="us")
    await carried_out(desk, moved, {})

    again = desk.select(tag="march", group="eu", count=2)

    assert (numbers(again), again.others) == ((1, 0, 1, 1), {"active": 1})


async def test_a_refused_one_that_was_ended_gives_its_place_in_the_total_free(desk):
    desk.pre_active(3)
    await carried_out(desk, desk.select(tag="march", count=2), {(2, Kind.ACTIVATE): REFUSED})
    desk.do("UPDATE endpoints SET state = 'terminated' WHERE iccid = :iccid", iccid=iccid(2))

    again = desk.select(tag="march", count=2)

    assert (numbers(again), again.refused) == ((1, 0, 1, 1), 0)


def test_one_group_under_two_names_is_one_group(desk):
    desk.pre_active(3)
    for name in ("eu", "fleet-main"):
        desk.store.write(pins.pin, "travel", name, "G1")
    desk.do("UPDATE endpoints SET state = 'active', \"group\" = 'fleet-main' WHERE iccid = :iccid", iccid=iccid(1))
    first = desk.select(tag="march", group="eu", count=2, platform="stacuity")

    again = desk.select(tag="march", group="fleet-main", count=2, platform="stacuity")
    by_id = desk.select(tag="march", group="G1", count=2, platform="stacuity")

    assert numbers(first) == (1, 0, 1, 0)
    assert numbers(again) == numbers(by_id) == (1, 1, 0, 0)
    assert again.change == by_id.change == first.change
    assert numbers(desk.preview(kind=Kind.ASSIGN, iccids=listed(1), group="eu", platform="stacuity")) == (1, 0, 0, 0)


def test_only_endpoints_with_the_tag_are_selected(desk):
    desk.ingest(manifest(accepted(1, 2, tags=[("eu",), ()])))
    desk.do("UPDATE endpoints SET endpoint_id = 'E' || id, state = 'pre_active'")

    assert desk.select(tag="eu").new == 1
    assert selected_iccids(desk) == [iccid(1)]
    assert numbers(desk.select(tag="unknown")) == (0, 0, 0, 0)


def test_another_accounts_endpoints_are_not_selected(desk):
    desk.pre_active(2)

    assert numbers(desk.select(account="other", tag="march")) == (0, 0, 0, 0)


# --- a list ---


def listed(*numbers):
    return tuple(iccid(n) for n in numbers)


def test_a_list_selects_its_iccids_and_counts_the_unknown_ones(desk):
    desk.pre_active(5)

    selected = desk.select(iccids=listed(4, 2, 99))

    assert (numbers(selected), selected.unknown) == ((0, 0, 2, 0), 1)
    assert [(one.iccid, one.code) for one in selected.left] == [(iccid(99), "not_in_store")]
    assert "1 not in the store" in selected.sentence()
    assert sorted(selected_iccids(desk)) == [iccid(2), iccid(4)]


def test_the_same_list_in_another_order_is_the_same_request(desk):
    desk.pre_active(5)
    first = desk.select(iccids=listed(4, 2))

    again = desk.select(iccids=listed(2, 4))

    assert (again.change, numbers(again)) == (first.change, (0, 2, 0, 0))


def test_a_list_with_a_count_is_taken_up_to_the_count(desk):
    desk.pre_active(5)

    assert desk.select(iccids=listed(1, 2, 3), count=2).new == 2


def test_an_iccid_that_stands_twice_is_counted_once(desk):
    desk.pre_active(3)

    selected = desk.select(iccids=listed(1, 1, 2))

    assert numbers(selected) == (0, 0, 2, 0)


def test_what_a_list_names_and_the_change_does_not_fit_is_rejected_with_its_reason(desk):
    desk.pre_active(4)
    desk.select(tag="march", group="eu", count=1)
    desk.do("UPDATE endpoints SET state = 'active', \"group\" = 'us' WHERE iccid = :iccid", iccid=iccid(2))
    desk.do("UPDATE endpoints SET state = 'stock', endpoint_id = NULL WHERE iccid = :iccid", iccid=iccid(3))

    selected = desk.preview(iccids=listed(1, 2, 3, 4, 99), group="us2")

    assert [(one.iccid, one.code) for one in selected.left] == [
        (iccid(99), "not_in_store"),
        (iccid(1), "busy"),
        (iccid(2), "active_elsewhere"),
        (iccid(3), "other_state"),
    ]
    assert (selected.left_out, selected.new) == (4, 1)
    assert "active in group us; `preactive assign`" in selected.left[2].reason


def test_who_asks_for_a_tag_is_told_of_no_rejects(desk):
    desk.pre_active(3)
    desk.do("UPDATE endpoints SET state = 'stock', endpoint_id = NULL WHERE iccid = :iccid", iccid=iccid(3))

    selected = desk.preview(tag="march")

    assert (selected.unusable, selected.left_out) == (1, 0)
    assert selected.sentence().endswith("1 in another state (1 stock); to write: 2 activations")


# --- looking ---


def test_a_preview_changes_nothing(desk):
    desk.pre_active(3)

    preview = desk.preview(tag="march", count=2)

    assert (numbers(preview), preview.change) == ((0, 0, 2, 0), 0)
    assert desk.one("SELECT count(*) FROM operations WHERE kind = 'activate'") == 0
    assert desk.one("SELECT count(*) FROM changes") == 1


async def test_a_preview_tells_what_a_selection_will_do(desk):
    desk.pre_active(6)
    first = desk.select(tag="march", group="eu", count=3)
    await carried_out(desk, first, {(2, Kind.ACTIVATE): REFUSED})

    preview = desk.preview(tag="march", group="eu", count=4)
    selected = desk.select(tag="march", group="eu", count=4)

    assert numbers(preview) == numbers(selected)


def test_a_group_and_no_group_are_two_requests(desk):
    desk.pre_active(4)

    assert desk.select(tag="march", count=1).change != desk.select(tag="march", group="eu", count=1).change
