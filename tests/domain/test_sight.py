"""What a look at the platform settles before and after the writes."""

import pytest

from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.sight import before_write, differing
from tests.support.memory_platform import sim
from tests.support.works import iccid, work

PRE_ACTIVE, ACTIVE, STOCK = Lifecycle.PRE_ACTIVE, Lifecycle.ACTIVE, Lifecycle.STOCK
A = iccid(1)
CREATE, ACTIVATE = work(1), work(1, Kind.ACTIVATE)


def found(operation, seen):
    finding = before_write(operation, seen)
    return None if finding is None else (finding.state, finding.endpoint_id)


# --- before a create ---


@pytest.mark.parametrize("seen", [None, sim(A), sim(A, None, None, "Odd")])
def test_a_sim_without_an_endpoint_is_created(seen):
    assert before_write(CREATE, seen) is None


def test_an_endpoint_that_waits_already_is_taken_over():
    assert found(CREATE, sim(A, "E7", PRE_ACTIVE)) == (State.CONFIRMED, "E7")


@pytest.mark.parametrize("state", [ACTIVE, Lifecycle.SUSPENDED, Lifecycle.TERMINATED, STOCK, None])
def test_a_sim_with_an_endpoint_in_another_state_is_refused(state):
    assert found(CREATE, sim(A, "E7", state)) == (State.REFUSED, None)


# --- before an activation ---


def test_a_waiting_endpoint_is_activated():
    assert before_write(ACTIVATE, sim(A, "E1", PRE_ACTIVE)) is None


def test_a_sim_that_was_not_shown_is_left_to_the_call():
    assert before_write(ACTIVATE, None) is None


def test_an_active_endpoint_counts_as_done():
    assert found(ACTIVATE, sim(A, "E1", ACTIVE)) == (State.CONFIRMED, "E1")


@pytest.mark.parametrize("state", [Lifecycle.SUSPENDED, Lifecycle.TERMINATED, STOCK, None])
def test_only_a_waiting_endpoint_is_activated(state):
    assert found(ACTIVATE, sim(A, "E1", state, "Odd")) == (State.REFUSED, None)


@pytest.mark.parametrize("state", [PRE_ACTIVE, ACTIVE])
@pytest.mark.parametrize("endpoint_id", ["E2", None])
def test_an_activation_is_not_sent_when_the_platform_shows_another_endpoint(state, endpoint_id):
    state_found, id_found = found(ACTIVATE, sim(A, endpoint_id, state))

    assert state_found in (State.REFUSED, State.NEEDS_HUMAN)
    assert id_found is None


def test_a_finding_says_why():
    finding = before_write(ACTIVATE, sim(A, "E1", Lifecycle.SUSPENDED))

    assert finding.text == "the platform shows 'Suspended'; only pre-active is activated"


# --- after the writes ---


def differ(seen, state=PRE_ACTIVE):
    return differing({"A": "E1"}, seen, state)


def test_what_the_platform_shows_alike_does_not_differ():
    assert differ({"A": sim("A", "E1", PRE_ACTIVE)}) == {}


@pytest.mark.parametrize("seen", [{}, {"A": None}])
def test_what_is_not_shown_does_not_differ(seen):
    """A list may lag or skip a row; only what it does show can contradict."""
    assert differ(seen) == {}


@pytest.mark.parametrize("row", [sim("A", "E2", PRE_ACTIVE), sim("A", None, STOCK), sim("A", "E1", ACTIVE)])
def test_another_id_or_another_state_differs(row):
    assert differ({"A": row}) == {"A": "E1"}


def test_an_endpoint_that_reads_do_not_show_yet_is_no_reason_not_to_activate_it():
    """It was created a moment ago. Should it be gone, the platform refuses."""
    assert found(ACTIVATE, sim(A)) is None
