"""Where a sold order stands follows from its endpoint, and only an endpoint in service is handed over."""

import itertools

import pytest

from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.order import RECORDED, OrderState
from domain.standing import REVIVED, EndpointNow, standing

ACTIVE = EndpointNow(Lifecycle.ACTIVE, "eu")
ENDINGS = [None, *itertools.product((Kind.SUSPEND, Kind.TERMINATE), (State.SENT, State.IN_DOUBT, State.NEEDS_HUMAN))]
REPORTS = ["", *(f"EndpointProvisioningStatusSet{word}_v1" for word in ("Active", "Suspended", "Terminated"))]


def test_nothing_but_an_endpoint_in_service_that_nobody_doubts_is_done():
    for state, ending, reported, contradicted in itertools.product(
        [None, *Lifecycle], ENDINGS, REPORTS, ("", "no trace of it")
    ):
        now = EndpointNow(state, "eu", ending, reported, contradicted)
        is_well = state is Lifecycle.ACTIVE and ending is None and reported in REPORTS[:2] and not contradicted
        assert (standing(OrderState.DONE, "eu", now)[0] is OrderState.DONE) is is_well, now


@pytest.mark.parametrize("settled", sorted(set(RECORDED) - {OrderState.DONE}))
def test_an_order_that_was_not_sold_stands_where_its_own_operations_say(settled):
    for state in [None, *Lifecycle]:
        assert standing(settled, "eu", EndpointNow(state))[0] is settled


def test_a_refunded_order_whose_endpoint_is_in_service_says_so_unless_it_was_to_stay_there():
    assert standing(OrderState.REFUNDED, "eu", ACTIVE) == (OrderState.REFUNDED, REVIVED)
    assert standing(OrderState.REFUNDED, "eu", ACTIVE, kept=True) == (OrderState.REFUNDED, "")
    assert standing(OrderState.REFUNDED, "eu", EndpointNow(Lifecycle.SUSPENDED)) == (OrderState.REFUNDED, "")


def test_the_group_is_told_only_where_it_is_another_one():
    assert standing(OrderState.DONE, "eu", ACTIVE) == (OrderState.DONE, "")
    assert standing(OrderState.DONE, "", ACTIVE) == (OrderState.DONE, "")
    assert "its group is eu now" in standing(OrderState.DONE, "us", ACTIVE)[1]
