"""What store and platform say of one SIM: the same, something else, or too early to tell."""

from dataclasses import replace

import pytest

from domain.drift import Drift, Held, difference, differences
from domain.lifecycle import Lifecycle
from tests.support.memory_platform import sim
from tests.support.works import iccid

A = iccid(1)
STOCK, PRE_ACTIVE, ACTIVE, SUSPENDED, TERMINATED = Lifecycle
IN_SERVICE = [PRE_ACTIVE, ACTIVE, SUSPENDED]


def drift(held, seen):
    found = difference(A, held, seen)
    return None if found is None else found.drift


@pytest.mark.parametrize("ours", Lifecycle)
@pytest.mark.parametrize("theirs", [*IN_SERVICE, None])
def test_store_and_platform_agree_only_where_nothing_differs(ours, theirs):
    held = Held(None if ours is STOCK else "E1", ours)

    assert drift(held, sim(A, "E1", theirs, "a word")) is (None if ours is theirs else Drift.DIFFERENT)


@pytest.mark.parametrize("state", IN_SERVICE)
def test_another_endpoint_differs_whatever_its_state(state):
    found = difference(A, Held("E1", state), sim(A, "E2", state))

    assert (found.drift, found.endpoint_id, found.seen_id) == (Drift.DIFFERENT, "E1", "E2")
    assert "recorded as endpoint E1" in found.reason


@pytest.mark.parametrize("seen", [None, sim(A), sim(A, "E1", TERMINATED, "Terminated")])
@pytest.mark.parametrize("state", IN_SERVICE)
def test_an_endpoint_that_the_platform_does_not_show_is_only_in_the_store(state, seen):
    assert drift(Held("E1", state), seen) is Drift.STORE_ONLY


def test_a_sim_in_stock_is_missing_only_when_the_platform_does_not_list_it():
    assert drift(Held(None, STOCK), sim(A)) is None
    assert drift(Held(None, STOCK), None) is Drift.STORE_ONLY


@pytest.mark.parametrize("seen", [None, sim(A), sim(A, "E1", TERMINATED, "Terminated")])
def test_what_was_terminated_may_be_gone(seen):
    assert drift(Held("E1", TERMINATED), seen) is None


def test_an_endpoint_that_the_store_does_not_know_is_only_on_the_platform():
    assert drift(None, sim(A, "E1", ACTIVE)) is Drift.PLATFORM_ONLY
    assert drift(None, sim(A)) is None, "a SIM without an endpoint is stock that nobody handed in yet"


@pytest.mark.parametrize("seen", [None, sim(A), sim(A, "E2", SUSPENDED)])
def test_what_is_under_way_is_not_judged(seen):
    assert drift(Held("E1", ACTIVE, busy=True), seen) is None


def test_differences_are_sorted_by_kind_and_iccid():
    held = {iccid(n): Held(f"E{n}", ACTIVE) for n in (3, 1)}
    seen = {iccid(n): sim(iccid(n), f"E{n}", SUSPENDED) for n in (3, 2)}

    found = [(one.drift, one.iccid) for one in differences(held, seen)]

    assert found == [(Drift.DIFFERENT, iccid(3)), (Drift.PLATFORM_ONLY, iccid(2)), (Drift.STORE_ONLY, iccid(1))]


@pytest.mark.parametrize("held", [None, Held("E1", ACTIVE), Held("E1", TERMINATED)])
def test_two_endpoints_for_one_sim_agree_with_nothing_and_are_both_named(held):
    found = difference(A, held, replace(sim(A, "E1", ACTIVE), rivals=("E2",)))

    assert found.drift is (Drift.PLATFORM_ONLY if held is None else Drift.DIFFERENT)
    assert (found.seen_id, found.seen_state) == ("E1 and E2", None)


# --- groups and tags ---

GROUPED = Held("E1", ACTIVE, group="eu", group_names=frozenset({"G1"}), tags=frozenset({"b", "march"}))


def seen_in(groups=None, tags=None):
    return replace(sim(A, "E1", ACTIVE), groups=groups, tags=tags)


@pytest.mark.parametrize("groups", [None, frozenset(), frozenset({"G1", "fleet-main"})])
@pytest.mark.parametrize("tags", [None, frozenset({"b", "march"}), frozenset({"b", "march", "of-others"})])
def test_a_group_and_tags_agree_where_they_are_shown_as_recorded_or_not_at_all(groups, tags):
    assert drift(GROUPED, seen_in(groups, tags)) is None


def test_another_group_is_listed_with_both():
    found = difference(A, GROUPED, seen_in(frozenset({"G2", "fleet-second"})))

    assert found.drift is Drift.DIFFERENT
    assert found.reason == "in group eu here, in G2 = fleet-second on the platform"


def test_an_endpoint_of_which_no_group_is_recorded_is_in_none_that_could_differ():
    assert drift(Held("E1", ACTIVE), seen_in(frozenset({"G2"}))) is None


@pytest.mark.parametrize(
    ("tags", "words"), [({"b"}, "the platform lacks the tag march"), ((), "the platform lacks the tags b, march")]
)
def test_tags_that_were_written_and_are_missing_are_listed(tags, words):
    assert difference(A, GROUPED, seen_in(tags=frozenset(tags))).reason == words


def test_another_state_is_told_before_group_and_tags():
    seen = replace(seen_in(frozenset({"G2"}), frozenset()), state=SUSPENDED, state_text="suspended")

    assert difference(A, GROUPED, seen).reason == "active here, 'suspended' on the platform"
