"""The facts about orders that were taken back, from which a store made again knows that they sell nothing any more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.order import OrderState

# A chain of its own, since a cancelled order may have no operation and no SIM.
CHAIN = "~orders"
ABOUT = ("account", "order_no", "at", "event", "tag", "group", "iccid", "refund", "owner", "text")


class OrderEvent(StrEnum):
    """What may happen to an order beside its operations."""

    CANCELLED = "cancelled"
    REFUNDING = "refunding"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class TakenBack:
    """An order that was taken back, by its last fact. `iccid`: the SIM that was in service for it, if any."""

    order: str
    state: OrderState
    tag: str
    group: str
    iccid: str
    refund: str
    text: str
    at: float


def taken_back(facts: Iterable[Mapping[str, Any]], account: str) -> dict[str, TakenBack]:
    """The orders of an account that were taken back, by number."""
    return {
        fact["order_no"]: TakenBack(
            fact["order_no"],
            OrderState(fact["event"]),
            *(fact[name] for name in ("tag", "group", "iccid", "refund", "text", "at")),
        )
        for fact in facts
        if fact["account"] == account
    }
