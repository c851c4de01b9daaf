"""What an answer makes of an operation."""

import pytest

from domain.operation import State, may_move
from domain.outcome import Answer, Because, Verdict, next_state


def test_done_confirms():
    assert next_state(Answer(Verdict.DONE)) is State.CONFIRMED
    assert next_state(Answer(Verdict.DONE, already=True)) is State.CONFIRMED


def test_unknown_puts_in_doubt():
    assert next_state(Answer(Verdict.UNKNOWN)) is State.IN_DOUBT


@pytest.mark.parametrize("because", [None, *Because])
def test_unknown_stays_unknown_whatever_else_the_answer_says(because):
    assert next_state(Answer(Verdict.UNKNOWN, because, endpoint_id="E1")) is State.IN_DOUBT


@pytest.mark.parametrize(
    ("because", "state"),
    [
        (Because.REFUSED, State.REFUSED),
        (Because.CONTRADICTION, State.NEEDS_HUMAN),
        (Because.THROTTLED, State.PLANNED),
        (Because.UNREACHABLE, State.PLANNED),
        (Because.LOGIN, State.PLANNED),
        (Because.STOPPED, State.PLANNED),
        (Because.GROUP, State.PLANNED),
    ],
)
def test_not_done_goes_where_its_reason_leads(because, state):
    assert next_state(Answer(Verdict.NOT_DONE, because)) is state


def test_every_reason_leads_to_a_state_that_a_sent_operation_may_move_to():
    assert all(may_move(State.SENT, next_state(Answer(Verdict.NOT_DONE, because))) for because in Because)


def test_not_done_without_a_reason_is_a_defect():
    with pytest.raises(AssertionError):
        next_state(Answer(Verdict.NOT_DONE))
