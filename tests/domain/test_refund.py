"""What a refund does, how often, and what is told of it."""

import pytest

from domain.events import ORDER_CANCELLED, ORDER_REFUNDED, REFUND_WAITS, of_order
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.order import Order, OrderState
from domain.refund import WAITS, RefundWith, bounded, next_change, was_in_service

L = Lifecycle


@pytest.mark.parametrize(
    ("refund", "state", "kind"),
    [
        (RefundWith.SUSPEND, L.ACTIVE, Kind.SUSPEND),
        (RefundWith.SUSPEND, L.SUSPENDED, None),
        (RefundWith.SUSPEND, L.TERMINATED, None),
        (RefundWith.TERMINATE, L.ACTIVE, Kind.TERMINATE),
        (RefundWith.TERMINATE, L.SUSPENDED, Kind.TERMINATE),
        (RefundWith.TERMINATE, L.TERMINATED, None),
        (RefundWith.NOTHING, L.ACTIVE, None),
    ],
)
def test_a_refund_makes_the_change_that_is_still_missing(refund, state, kind):
    assert next_change(refund, state) is kind


def test_refunds_terminate_so_many_within_a_day_and_suspend_the_others():
    assert bounded(RefundWith.TERMINATE, terminated=1, most=2) == (RefundWith.TERMINATE, "")
    assert bounded(RefundWith.TERMINATE, terminated=2, most=2)[0] is RefundWith.SUSPEND
    assert bounded(RefundWith.TERMINATE, terminated=0, most=0)[0] is RefundWith.SUSPEND
    for harmless in (RefundWith.SUSPEND, RefundWith.NOTHING):
        assert bounded(harmless, terminated=99, most=0) == (harmless, "")


def test_only_a_refused_activation_proves_that_a_waiting_endpoint_was_never_in_service():
    assert [state for state in State if was_in_service(L.PRE_ACTIVE, state) is False] == [State.REFUSED]
    assert was_in_service(L.PRE_ACTIVE, None) is False
    assert all(was_in_service(state, State.CONFIRMED) for state in (L.ACTIVE, L.SUSPENDED, L.TERMINATED))
    assert was_in_service(L.ACTIVE, None) is None


def test_an_endpoint_that_others_took_into_service_is_not_the_orders():
    assert was_in_service(L.ACTIVE, State.REFUSED) is False


def test_an_order_that_was_taken_back_is_told_and_one_that_only_goes_on_is_not():
    def told(state, text=""):
        event = of_order(Order(1, "t", "4711", state, iccid="8944", text=text))
        assert "8944" not in str(event)
        return event and event[0]

    assert told(OrderState.CANCELLED) == ORDER_CANCELLED
    assert told(OrderState.REFUNDED) == ORDER_REFUNDED
    assert told(OrderState.REFUNDING, f"{WAITS}: it was refused.") == REFUND_WAITS
    assert [state for state in OrderState if told(state)] == [OrderState.CANCELLED, OrderState.REFUNDED]
