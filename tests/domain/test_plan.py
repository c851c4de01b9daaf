"""What a provision would do, and when it is held."""

import gc
import time
from dataclasses import replace

import pytest

from domain.counts import RowCounts
from domain.errors import Refused, TooManyRejects, TooMuchChange
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.plan import (
    Action,
    Change,
    Into,
    Known,
    Wanted,
    check_rejects,
    check_size,
    check_terminations,
    decide,
    make_plan,
    minutes,
    provision_calls,
    selection_calls,
)
from tests.support.memory_platform import sim
from tests.support.works import account

PRE_ACTIVE, ACTIVE, TERMINATED, STOCK = Lifecycle.PRE_ACTIVE, Lifecycle.ACTIVE, Lifecycle.TERMINATED, Lifecycle.STOCK
WANTED = Wanted("A", "meter")


def known(endpoint_id="E1", state=PRE_ACTIVE, create=State.CONFIRMED):
    return Known(endpoint_id, state, "b1", create)


# --- one SIM ---


def test_a_sim_that_nobody_knows_is_created():
    assert decide(WANTED, None, None) == Change(Action.CREATE, "A", "meter")


def test_a_sim_that_the_platform_shows_in_stock_is_created():
    assert decide(WANTED, None, sim("A")).action is Action.CREATE


def test_what_the_store_has_is_not_created_again():
    change = decide(WANTED, known(), None)

    assert (change.action, change.endpoint_id, change.reason) == (Action.ALREADY, "E1", "in batch b1")


def test_what_the_platform_has_is_not_created_again():
    change = decide(WANTED, None, sim("A", "E9", PRE_ACTIVE))

    assert (change.action, change.endpoint_id, change.reason) == (Action.ALREADY, "E9", "on the platform")


def test_a_sim_that_the_platform_shows_with_two_endpoints_is_a_conflict_that_names_both():
    change = decide(WANTED, None, replace(sim("A", "E1", PRE_ACTIVE), rivals=("E2",)))

    assert (change.action, "E1, E2" in change.reason) == (Action.CONFLICT, True)


def test_what_the_store_planned_and_never_did_is_created_by_its_own_batch():
    planned = known(None, STOCK, State.PLANNED)

    assert decide(WANTED, planned, None, batch="b1").action is Action.CREATE
    assert decide(WANTED, planned, None).reason == "planned by batch b1"


def test_a_raw_sim_is_created_by_whatever_file_names_it():
    raw = known(None, STOCK, None)._replace(is_raw=True)

    assert {decide(WANTED, raw, None, batch=batch).action for batch in ("b1", "b2", None)} == {Action.CREATE}


@pytest.mark.parametrize(
    ("create", "action", "told"),
    [
        (State.REFUSED, Action.CONFLICT, "`preactive batch retry b1` tries it again"),
        (State.NEEDS_HUMAN, Action.CONFLICT, "`preactive resolve` lists it"),
    ],
)
def test_what_a_provision_of_the_same_file_would_not_create_is_not_called_a_create(create, action, told):
    change = decide(WANTED, known(None, STOCK, create), None, batch="b1")

    assert (change.action, told in change.reason) == (action, True)


@pytest.mark.parametrize("state", [ACTIVE, Lifecycle.SUSPENDED, TERMINATED, STOCK, None])
def test_a_sim_with_an_endpoint_in_another_state_is_a_conflict(state):
    change = decide(WANTED, None, sim("A", "E9", state, "Odd"))

    assert change.action is Action.CONFLICT
    assert change.reason == "the SIM already has endpoint E9 in state Odd"


def test_a_state_without_a_word_is_called_unknown():
    assert decide(WANTED, None, sim("A", "E9", None, "")).reason.endswith("in state unknown")


def test_a_terminated_sim_never_returns_to_stock():
    assert decide(WANTED, known(None, TERMINATED), sim("A")).action is Action.CONFLICT


def test_the_store_is_asked_before_the_platform():
    assert decide(WANTED, known("E1", ACTIVE), sim("A", "E1", ACTIVE)).action is Action.ALREADY


# --- all of them ---


def plan(wanted, **fields):
    settings = {"known": {}, "account": account(rate_per_second=2), "tags": ["t"], "file": RowCounts(len(wanted))}
    return make_plan(wanted, **{**settings, **fields})


def test_two_plans_of_the_same_rows_in_any_order_are_equal():
    rows = [Wanted(iccid, iccid.lower()) for iccid in "CAB"]

    assert plan(rows) == plan(rows[::-1])
    assert [change.iccid for change in plan(rows).changes] == ["A", "B", "C"]


def test_a_plan_shows_creates_first_and_conflicts_last():
    seen = {"A": sim("A", "E1", ACTIVE), "B": sim("B", "E2", PRE_ACTIVE)}

    actions = [change.action for change in plan([Wanted(i, "") for i in "ABC"], seen=seen).changes]

    assert actions == [Action.CREATE, Action.TAG, Action.CONFLICT]


def test_a_plan_counts_its_calls_and_their_time():
    file = RowCounts(264, 250, rejected=10, duplicates=1, blank=3)
    found = plan([Wanted(str(number), "") for number in range(250)], file=file)

    assert found.creates == 250
    assert found.calls == 1 + 250 + 251 + 2 * 3  # login, creates, the tag and its attachments, pages before and after
    assert found.seconds == found.calls / 2
    assert found.sentence() == (
        "250 to create, 0 already there, 0 conflicts, 10 rejected, 1 duplicate, 3 blank of 264 rows; "
        "to write: 250 creates, 250 tags; about 508 calls, 5 min"
    )


def test_a_plan_without_creates_costs_nothing():
    found = plan([WANTED], known={"A": known()})

    assert (found.creates, found.calls, found.seconds) == (0, 0, 0)


@pytest.mark.parametrize(("mode", "calls"), [("now", 13 + 3 * 11), ("later", 13 + 3 * 11), ("off", 13)])
def test_tags_that_the_run_writes_are_counted_sooner_or_later(mode, calls):
    rows = [Wanted(str(number), "") for number in range(10)]

    assert plan(rows, tags=["a", "b", "c"], account=account(platform_tags=mode)).calls == calls


def test_tags_for_endpoints_that_are_there_are_counted_and_said():
    seen = {"A": sim("A", "E1", PRE_ACTIVE), "B": sim("B", "E2", ACTIVE)}
    rows = [Wanted("A", "", None, ("own",)), Wanted("B", ""), Wanted("C", "")]
    into = Into("b1", (), is_same=True, open={Kind.TAG: 4}, tags_there=3)
    found = plan(rows, seen=seen, known={"C": known()}, into=into)

    assert (found.writes, found.left) == ({Kind.TAG: 2 + 4}, {Kind.TAG: 4})  # both tags of A; B is a conflict
    assert found.retagged == 2 + 3
    assert found.calls == 1 + 6 + 2 + 1  # login, tags, the two tags themselves, a page
    assert found.sentence().startswith("0 to create, 1 to tag, 1 already there, 1 conflict, 0 rejected of 3 rows; ")
    assert "; earlier files of the batch still need 4 tags; to write: 6 tags; about 10 calls" in found.sentence()


def test_after_an_early_end_a_plan_counts_the_tags_of_those_that_are_there_apart():
    """Of 6, all planned, 3 were created and one of these tagged."""
    rows = [Wanted(iccid, "") for iccid in "ABCDEF"]
    planned = frozenset({"t"})

    def stands(iccid):
        if iccid in "DEF":
            return known(None, STOCK, State.PLANNED)._replace(planned_tags=planned, tags_dealt_with=planned)
        return known()._replace(planned_tags=planned if iccid != "A" else frozenset(), tags_dealt_with=planned)

    into = Into("b1", ("t",), is_same=True, open={Kind.CREATE: 3, Kind.TAG: 5}, tags_there=2)
    found = plan(rows, known={iccid: stands(iccid) for iccid in "ABCDEF"}, into=into)

    assert (found.creates, found.count(Action.TAG), found.count(Action.ALREADY)) == (3, 2, 1)
    assert (found.retagged, found.writes, found.left) == (2, {Kind.CREATE: 3, Kind.TAG: 5}, {})


def test_a_row_of_another_batch_gets_the_tags_asked_for_and_not_those_of_the_batch():
    elsewhere = known()._replace(tags_dealt_with=frozenset({"b1", "had"}))
    wanted = Wanted("A", "", None, ("own", "had"))
    into = Into("b2", ("b2",), is_same=False)

    found = plan([wanted], known={"A": elsewhere}, tags=["b2", "asked"], asked=["asked"], into=into)

    assert [change.tags for change in found.changes] == [("asked", "own")]
    assert found.changes[0].action is Action.TAG


def test_a_row_of_the_batch_itself_gets_its_tags_when_another_file_names_it():
    into = Into("b1", ("b1", "old"), is_same=False)
    there = known()._replace(tags_dealt_with=frozenset({"b1"}))

    found = plan([WANTED], known={"A": there}, tags=["b1", "old"], into=into)

    assert [change.tags for change in found.changes] == [("old",)]


def test_a_create_that_is_in_doubt_is_no_create_in_a_plan_and_the_run_is_not_done():
    doubt = known(None, STOCK, State.IN_DOUBT)
    found = plan([WANTED], known={"A": doubt}, into=Into("b1", ("t",), is_same=True), asked=[])

    assert (found.creates, found.count(Action.IN_DOUBT), found.is_done) == (0, 1, False)
    assert found.sentence().startswith("0 to create, 1 in doubt, ")


def test_another_name_than_the_endpoint_has_is_told_with_both_and_none_of_a_raw_sim():
    named = known()._replace(name="old")
    raw = known(None, STOCK, None)._replace(name="old", is_raw=True)
    rows = [Wanted("A", "new"), Wanted("B", "old"), Wanted("C", ""), Wanted("D", "new")]
    found = plan(rows, known={"A": named, "B": named, "C": named, "D": raw})

    assert [(change.iccid, change.other_name) for change in found.other_names] == [
        ("A", "keeps its name 'old'; the file says 'new'")
    ]
    assert found.has_problems
    assert "; 1 endpoint keeps another name; " in found.sentence()


def test_a_raw_sim_gets_the_tags_that_it_carries_beside_those_of_its_batch():
    raw = known(None, STOCK, None)._replace(is_raw=True, tags=frozenset({"stocked"}))

    assert plan([WANTED], known={"A": raw}).changes[0].tags == ("stocked", "t")


@pytest.mark.parametrize("size", [4_000])
def test_the_time_of_a_plan_grows_with_the_rows_and_not_with_their_square(size):
    def seconds(count):
        rows = [Wanted(f"{number:020d}", "n", None, ("own",)) for number in range(count)]
        found = {want.iccid: known() for want in rows[::2]}
        gc.collect()  # or one run pays for what others left behind
        began = time.process_time()
        plan(rows, known=found)
        return time.process_time() - began

    once, four_times = (min(seconds(count) for _ in range(3)) for count in (size, 4 * size))

    assert four_times < 9 * once  # the square would be 16 times, and others work on the same processors


def test_a_bulk_call_creates_many_endpoints():
    bulk = {"path": "/CreateBulkEndPoint", "size": 100}

    assert provision_calls(250, tag_writes=0, new_tags=0, account=account(bulk=bulk)) == 1 + 3 + 2 * 3


def test_each_change_has_its_calls():
    def calls(kind, count=10, *, group=False):
        return selection_calls(kind, count, group=group, account=account())

    assert (calls(Kind.ACTIVATE), calls(Kind.ACTIVATE, group=True)) == (13, 43)
    assert (calls(Kind.SUSPEND), calls(Kind.RESUME), calls(Kind.ASSIGN, group=True)) == (13, 13, 33)
    assert calls(Kind.TERMINATE) == 33
    assert calls(Kind.TERMINATE, 0) == 0


# --- holds ---


def test_a_file_with_too_many_bad_rows_is_held_with_the_numbers():
    with pytest.raises(TooManyRejects, match=r"51 of 1,000 rows are rejected \(5\.1%, the account allows 5\.0%\)"):
        check_rejects(51, 1000, account(), accepted_by_person=False)


def test_a_file_at_the_limit_of_bad_rows_goes_on():
    check_rejects(50, 1000, account(), accepted_by_person=False)
    check_rejects(0, 0, account(max_reject_ratio=0), accepted_by_person=False)


def test_a_person_may_accept_the_bad_rows():
    check_rejects(999, 1000, account(), accepted_by_person=True)


def test_too_much_change_is_held_with_the_numbers_and_the_way_on():
    with pytest.raises(TooMuchChange, match=r"changes 5,001 endpoints and 5,000 are allowed .* --limit 5001"):
        check_size(5001, account(), limit=None)


def test_a_limit_that_is_given_replaces_the_accounts():
    check_size(5001, account(), limit=5001)
    with pytest.raises(TooMuchChange):
        check_size(11, account(), limit=10)


def test_an_account_may_allow_no_terminations():
    with pytest.raises(Refused, match="no terminations"):
        check_terminations(account(terminate_with="off"))
    check_terminations(account())


@pytest.mark.parametrize(("limit", "is_held"), [(None, False), (9000, False), (7000, False), (6999, True)])
def test_where_the_run_is_bounded_a_limit_only_lowers_the_bound(limit, is_held):
    if is_held:
        with pytest.raises(TooMuchChange):
            check_size(7000, account(), limit=limit, bounded=True)
    else:
        check_size(7000, account(), limit=limit, bounded=True)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (0.2, "1 s"), (89.5, "90 s"), (90, "2 min"), (3600, "60 min"), (5400, "1.5 h"), (90_000, "25.0 h")],
)
def test_a_duration_is_said_as_people_say_it(seconds, words):
    assert minutes(seconds) == words
