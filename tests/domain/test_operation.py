"""The states of an operation and the moves between them."""

from itertools import product

import pytest

from domain.lifecycle import Kind
from domain.operation import FINAL, MOVES, OPEN, REPEATABLE, SENTENCES, State, may_move

PLANNED, SENT, CONFIRMED, REFUSED, IN_DOUBT, NEEDS_HUMAN = State

# The protocol, written down a second time on purpose.
ALLOWED = {
    (PLANNED, SENT),  # the intent is durable
    (PLANNED, CONFIRMED),  # seen on the platform before anything was sent, or a late answer of the same attempt
    (PLANNED, REFUSED),
    (PLANNED, NEEDS_HUMAN),
    (SENT, CONFIRMED),
    (SENT, REFUSED),
    (SENT, IN_DOUBT),
    (SENT, PLANNED),  # known not to have been carried out
    (SENT, NEEDS_HUMAN),
    (IN_DOUBT, CONFIRMED),
    (IN_DOUBT, PLANNED),  # absence was proven
    (IN_DOUBT, NEEDS_HUMAN),
    (NEEDS_HUMAN, CONFIRMED),
    (NEEDS_HUMAN, PLANNED),
    (NEEDS_HUMAN, REFUSED),
    (REFUSED, PLANNED),  # a person asked for it again
    (CONFIRMED, NEEDS_HUMAN),  # a later read contradicted it
}


@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_an_operation_moves_only_as_the_protocol_says(before, after):
    assert may_move(before, after) is ((before, after) in ALLOWED)


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_sentence_and_its_moves(state):
    assert SENTENCES[state].endswith(".")
    assert state in MOVES


def test_nothing_in_doubt_is_sent_or_refused_without_proof():
    assert not may_move(IN_DOUBT, SENT)
    assert not may_move(IN_DOUBT, REFUSED)


def test_only_what_is_planned_is_sent():
    assert {before for before in State if may_move(before, SENT)} == {PLANNED}


def test_a_confirmed_operation_is_never_sent_again_without_a_person():
    assert MOVES[CONFIRMED] == {NEEDS_HUMAN}


def test_every_state_is_either_final_or_open():
    assert set(State) == FINAL | OPEN
    assert not FINAL & OPEN


@pytest.mark.parametrize("kind", [Kind.CREATE, Kind.ASSIGN, Kind.TERMINATE])
def test_what_makes_something_new_or_ends_something_is_not_repeatable(kind):
    assert kind not in REPEATABLE
