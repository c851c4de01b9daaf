"""What the program tells Prefect of, so that automations can act on it; also what it listens to."""

from collections.abc import Collection, Iterable
from typing import Any

from domain.order import Order, OrderState
from domain.refund import WAITS
from domain.replenish import Need
from domain.summary import Summary

# Asked for from outside: the fields of a request to activate. A dry run unless the event says otherwise.
ACTIVATION_REQUESTED = "preactive.activation.requested"
# Asked for from outside: the fields of an order, which is carried out at once. The same order again changes nothing.
ORDER_REQUESTED = "preactive.order.requested"
# Told by a run that ended with something for a person to look at.
RUN_HAS_FAILURES = "preactive.run.failures"
# Told by a replenishing, also by one that could not work, for an account and a tag of which too few SIMs wait.
STOCK_LOW = "preactive.stock.low"
# Told by the order service when an order was taken back, and when a refund cannot be carried out without a person.
ORDER_CANCELLED = "preactive.order.cancelled"
ORDER_REFUNDED = "preactive.order.refunded"
REFUND_WAITS = "preactive.order.refund-waits"
# Told by a replenishing that took from the raw SIMs of an account and a tag, when they run out.
RAW_SHORT = "preactive.stock.raw"
# Told by an activation whose count cannot be reached with the endpoints of an account and a tag.
STOCK_SHORT = "preactive.stock.short"


def of_count(account: str, tag: str, group: str, summary: Summary) -> tuple[str, str, dict[str, Any]] | None:
    """What to tell of a count that cannot be reached, with the thing it is about, or None when it was reached."""
    if not summary.asked:
        return None
    facts = {"account": account, "tag": tag, "group": group, "asked": summary.asked, "available": summary.available}
    return STOCK_SHORT, f"preactive.stock.{account}.{tag}", facts | {"sentence": summary.sentence()}


def failures(summary: Summary) -> dict[str, Any] | None:
    """What to tell of a run that ended, or None when there is nothing to look at. Numbers and names, never an ICCID."""
    if not summary.exit_code:
        return None
    return {"batch": summary.batch, "run": summary.run, "sentence": summary.sentence(), **summary.numbers()}


def of_order(order: Order) -> tuple[str, str, dict[str, Any]] | None:
    """What to tell of an order that the shop takes back, with the thing it is about; no ICCID."""
    event = _OF_STATE.get(order.state)
    if order.state is OrderState.REFUNDING and order.text.startswith(WAITS):
        event = REFUND_WAITS
    if event is None:
        return None
    facts = {"account": order.account, "order": order.order, "sentence": order.sentence()}
    return event, f"preactive.order.{order.account}.{order.order}", facts


_OF_STATE = {OrderState.CANCELLED: ORDER_CANCELLED, OrderState.REFUNDED: ORDER_REFUNDED}


def of_stock(account: str, needs: Iterable[Need], used: Collection[str]) -> list[tuple[str, str, dict[str, Any]]]:
    """What to tell of an account's stock, each with the thing it is about.

    That raw SIMs run out is told when some of the tag were `used`: otherwise nothing has changed since it was told.
    """
    told: list[tuple[str, str, dict[str, Any]]] = []
    for need in needs:
        about = f"preactive.stock.{account}.{need.mark.tag}"
        of = {"account": account, "tag": need.mark.tag, "group": need.mark.group}
        if need.is_low:
            facts = {"pre_active": need.level.free, "low": need.mark.low, "sentence": need.sentence()}
            told.append((STOCK_LOW, about, of | facts))
        if need.warning and need.mark.tag in used:
            told.append((RAW_SHORT, about, of | {"raw": need.level.raw, "sentence": need.warning}))
    return told
