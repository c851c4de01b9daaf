"""What a look at the platform settles before and after the writes."""

from dataclasses import replace

import pytest

from domain.lifecycle import MOVES, Kind, Lifecycle
from domain.operation import State
from domain.sight import before_write, differing
from tests.support.memory_platform import sim
from tests.support.works import iccid, work

PRE_ACTIVE, ACTIVE, STOCK = Lifecycle.PRE_ACTIVE, Lifecycle.ACTIVE, Lifecycle.STOCK
A = iccid(1)
CREATE, ACTIVATE = work(1), work(1, Kind.ACTIVATE)


def before(operation, seen, platform="sft"):
    return before_write(operation, seen, platform)


def found(operation, seen):
    finding = before(operation, seen)
    return None if finding is None else (finding.state, finding.endpoint_id)


# --- before a create ---


@pytest.mark.parametrize("seen", [None, sim(A), sim(A, None, None, "Odd")])
def test_a_sim_without_an_endpoint_is_created(seen):
    assert before(CREATE, seen) is None


def test_an_endpoint_that_waits_already_is_taken_over():
    assert found(CREATE, sim(A, "E7", PRE_ACTIVE)) == (State.CONFIRMED, "E7")


@pytest.mark.parametrize("state", [ACTIVE, Lifecycle.SUSPENDED, Lifecycle.TERMINATED, STOCK, None])
def test_a_sim_with_an_endpoint_in_another_state_is_refused(state):
    assert found(CREATE, sim(A, "E7", state)) == (State.REFUSED, None)


# --- before an activation ---


def test_a_waiting_endpoint_is_activated():
    assert before(ACTIVATE, sim(A, "E1", PRE_ACTIVE)) is None


@pytest.mark.parametrize("seen", [None, sim(A), sim(A, None, ACTIVE)])
def test_a_sim_that_was_not_shown_with_its_endpoint_is_looked_at_again_by_the_call(seen):
    assert before(ACTIVATE, seen) is None


def test_an_endpoint_that_is_active_before_anything_was_sent_is_somebody_elses():
    finding = before(ACTIVATE, sim(A, "E1", ACTIVE))

    assert (finding.state, finding.is_taken) == (State.NEEDS_HUMAN, True)


def test_an_endpoint_that_an_earlier_attempt_may_have_activated_counts_as_done():
    assert found(replace(ACTIVATE, unclear=1), sim(A, "E1", ACTIVE)) == (State.CONFIRMED, "E1")


@pytest.mark.parametrize("state", [Lifecycle.SUSPENDED, Lifecycle.TERMINATED, STOCK, None])
def test_only_a_waiting_endpoint_is_activated(state):
    assert found(ACTIVATE, sim(A, "E1", state, "Odd")) == (State.REFUSED, None)


@pytest.mark.parametrize("state", [PRE_ACTIVE, ACTIVE])
def test_an_activation_is_not_sent_when_the_platform_shows_another_endpoint(state):
    finding = before(ACTIVATE, sim(A, "E2", state))

    assert (finding.state, finding.endpoint_id) == (State.NEEDS_HUMAN, None)
    assert finding.text == "the platform shows endpoint E2 for this SIM, not E1"


def test_a_finding_says_why():
    finding = before(ACTIVATE, sim(A, "E1", Lifecycle.SUSPENDED))

    assert finding.text == "the platform shows 'Suspended'; only pre-active is activated"


# --- before another change ---

CHANGES = [Kind.ACTIVATE, Kind.SUSPEND, Kind.RESUME, Kind.ASSIGN, Kind.TERMINATE]
KEPT = [PRE_ACTIVE, ACTIVE, Lifecycle.SUSPENDED]


@pytest.mark.parametrize("state", KEPT)
@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_is_sent_only_from_a_state_that_allows_it_and_not_when_it_is_done(kind, state):
    move, finding = MOVES["sft"][kind], before(work(1, kind), sim(A, "E1", state))

    if kind is Kind.ACTIVATE and state is ACTIVE:
        assert finding.is_taken
    elif state is move.to:
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
def test_a_sim_that_shows_a_state_and_no_endpoint_is_left_to_the_look_before_the_call(kind):
    assert before(work(1, kind), sim(A, None, Lifecycle.SUSPENDED)) is None


def test_a_tag_is_only_held_by_another_endpoint():
    tag = work(1, Kind.TAG, target="march")

    assert before(tag, sim(A, "E1", None, "Odd")) is None
    assert found(tag, sim(A, "E2", ACTIVE)) == (State.NEEDS_HUMAN, None)


def test_a_refusal_names_the_states_that_would_do():
    finding = before(work(1, Kind.TERMINATE), sim(A, "E1", None, "Odd"))

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


@pytest.mark.parametrize(
    ("row", "differs"),
    [(sim("A", "E1", ACTIVE), True), (sim("A", None, STOCK), False), (sim("A", "E2", ACTIVE), False)],
)
def test_an_ended_endpoint_differs_while_its_sim_still_holds_it(row, differs):
    assert bool(differ({"A": row}, Lifecycle.TERMINATED)) is differs
