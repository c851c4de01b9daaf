"""What a look at the platform settles before and after the writes."""

import pytest

from domain.lifecycle import MOVES, Kind, Lifecycle
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


# --- before another change ---

CHANGES = [Kind.ACTIVATE, Kind.SUSPEND, Kind.RESUME, Kind.ASSIGN, Kind.TERMINATE]
KEPT = [PRE_ACTIVE, ACTIVE, Lifecycle.SUSPENDED]


@pytest.mark.parametrize("state", KEPT)
@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_is_sent_only_from_a_state_that_allows_it_and_not_when_it_is_done(kind, state):
    move, finding = MOVES["sft"][kind], before_write(work(1, kind), sim(A, "E1", state))

    if state is move.to:
        assert (finding.state, finding.endpoint_id) == (State.CONFIRMED, "E1")
    elif state in move.allowed_from:
        assert finding is None
    else:
        assert finding.state is State.REFUSED


@pytest.mark.parametrize("kind", CHANGES)
def test_a_word_that_is_not_known_blocks_every_change(kind):
    assert found(work(1, kind), sim(A, "E1", None, "Odd")) == (State.REFUSED, None)


@pytest.mark.parametrize("kind", CHANGES)
def test_another_endpoint_on_the_sim_goes_to_a_person(kind):
    assert found(work(1, kind), sim(A, "E2", ACTIVE)) == (State.NEEDS_HUMAN, None)


@pytest.mark.parametrize("kind", CHANGES)
def test_a_sim_that_shows_a_state_and_no_endpoint_can_only_be_ended(kind):
    finding = before_write(work(1, kind), sim(A, None, Lifecycle.SUSPENDED))

    assert (finding is None) is (kind is Kind.TERMINATE)


def test_a_refusal_names_the_states_that_would_do():
    finding = before_write(work(1, Kind.TERMINATE), sim(A, "E1", None, "Odd"))

    assert finding.text == "the platform shows 'Odd'; only pre-active or active or suspended is terminated"


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


@pytest.mark.parametrize(
    ("row", "differs"),
    [(sim("A", "E1", ACTIVE), True), (sim("A", None, STOCK), False), (sim("A", "E2", ACTIVE), False)],
)
def test_an_ended_endpoint_differs_while_its_sim_still_holds_it(row, differs):
    assert bool(differ({"A": row}, Lifecycle.TERMINATED)) is differs
