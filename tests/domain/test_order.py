"""Where an order stands, by what became of its operations."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.operation import State
from domain.order import (
    CLOSED,
    MOVES,
    RECORDED,
    TAKEN_BACK,
    Order,
    OrderState,
    SellRequest,
    is_order_no,
    judged,
    may_move,
)

C, R, H, P, S, D = (
    State.CONFIRMED,
    State.REFUSED,
    State.NEEDS_HUMAN,
    State.PLANNED,
    State.SENT,
    State.IN_DOUBT,
)


@pytest.mark.parametrize(
    ("activate", "assign", "state", "spoilt"),
    [
        (P, P, OrderState.IN_PROGRESS, False),
        (S, P, OrderState.IN_PROGRESS, False),
        (D, P, OrderState.IN_PROGRESS, False),
        (C, P, OrderState.IN_PROGRESS, False),
        (C, D, OrderState.IN_PROGRESS, False),
        (C, C, OrderState.DONE, False),
        (C, None, OrderState.DONE, False),
        (R, P, OrderState.IN_PROGRESS, True),
        (R, None, OrderState.IN_PROGRESS, True),
        (C, R, OrderState.NEEDS_HUMAN, False),
        (H, P, OrderState.NEEDS_HUMAN, False),
        (C, H, OrderState.NEEDS_HUMAN, False),
        (R, H, OrderState.NEEDS_HUMAN, False),
    ],
)
def test_the_state_follows_from_the_operations(activate, assign, state, spoilt):
    assert judged(activate, assign) == (state, spoilt)


def test_an_order_is_done_only_when_everything_asked_for_is_confirmed():
    for activate, assign in itertools.product(State, [*State, None]):
        done = judged(activate, assign)[0] is OrderState.DONE
        assert done is (activate is C and assign in (C, None))


def test_only_a_refused_activation_lets_another_sim_take_its_place():
    for activate, assign in itertools.product(State, [*State, None]):
        if judged(activate, assign)[1]:
            assert activate is R


def reached_from(state):
    reached, new = {state}, {state}
    while new:
        new = {after for before in new for after in MOVES[before]} - reached
        reached |= new
    return reached


def test_an_order_that_was_taken_back_never_comes_back_and_every_other_can_still_be_done():
    assert MOVES[OrderState.CANCELLED] == MOVES[OrderState.REFUNDED] == frozenset()
    assert reached_from(OrderState.REFUNDING) == {OrderState.REFUNDING, OrderState.REFUNDED}
    assert reached_from(OrderState.DONE) == {OrderState.DONE, OrderState.REFUNDING, OrderState.REFUNDED}
    for state in set(RECORDED) - TAKEN_BACK:
        assert OrderState.DONE in reached_from(state)
    assert may_move(OrderState.NO_STOCK, OrderState.IN_PROGRESS)
    assert OrderState.NEEDS_HUMAN not in CLOSED


def test_every_order_can_be_refunded_and_what_is_only_shown_is_never_written_down():
    for state in RECORDED:
        assert OrderState.REFUNDED in reached_from(state) or state is OrderState.CANCELLED
    assert set(MOVES) == set(RECORDED) == set(OrderState) - {OrderState.SUSPENDED, OrderState.ENDED}
    assert not any(moves & {OrderState.SUSPENDED, OrderState.ENDED} for moves in MOVES.values())


@pytest.mark.parametrize("order", ["4711", "A-1", "2026.11.21:7_b", "a" * 100])
def test_order_numbers_are_letters_digits_and_a_few_signs(order):
    assert is_order_no(order)
    assert SellRequest(order=order).order == order


@given(st.text(max_size=120))
def test_the_check_of_a_number_and_that_of_a_request_agree(text):
    try:
        accepted = SellRequest(order=text).order == text
    except ValidationError:
        accepted = False

    assert is_order_no(text) is accepted


def test_what_is_said_of_an_order_is_one_text():
    order = Order(1, "t", "4711", OrderState.NO_STOCK)

    assert order.sentence().startswith("order 4711: no stock. No pre-active SIM was free; nothing was changed")
    assert replace(order, text="the group is full").sentence() == "order 4711: no stock; the group is full"
