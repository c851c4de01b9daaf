"""An order: the shop's purchase number, which gets exactly one endpoint."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from domain.operation import State

ORDER_NO = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$"
MOST_SIMS = 3  # a SIM that the platform will not activate is set aside for the next one, so many times


class OrderState(StrEnum):
    """Where an order stands."""

    IN_PROGRESS = "in_progress"
    DONE = "done"
    SUSPENDED = "suspended"
    ENDED = "ended"
    NO_STOCK = "no_stock"
    EXPIRED = "expired"
    NEEDS_HUMAN = "needs_human"
    CANCELLED = "cancelled"
    REFUNDING = "refunding"
    REFUNDED = "refunded"


SENTENCES: Mapping[OrderState, str] = {
    OrderState.IN_PROGRESS: "A SIM is reserved for the order, and its activation is planned, under way or looked up.",
    OrderState.DONE: "The endpoint is active and in its group.",
    OrderState.SUSPENDED: "The endpoint was sold and is suspended now; it must not be handed over.",
    OrderState.ENDED: "The endpoint was sold and is terminated for good; this order gets no other.",
    OrderState.NO_STOCK: "No pre-active SIM was free; nothing was changed, and the same order may be sent again.",
    OrderState.EXPIRED: "Nothing was sent in time, so the SIM went back; the same order may be sent again.",
    OrderState.NEEDS_HUMAN: "The platform refused, or its answers contradict each other; a person decides.",
    OrderState.CANCELLED: "The order was cancelled before anything was sent; its number sells nothing any more.",
    OrderState.REFUNDING: "A refund is recorded, and the endpoint is being taken out of service.",
    OrderState.REFUNDED: "The order was refunded; its number sells nothing any more.",
}

# What an order is told to be once it was sold follows from its endpoint (domain/standing.py) and is never written down.
SHOWN_ONLY = frozenset({OrderState.SUSPENDED, OrderState.ENDED})
RECORDED = tuple(state for state in OrderState if state not in SHOWN_ONLY)

_GONE = frozenset({OrderState.CANCELLED, OrderState.REFUNDED})
# Taken back by the shop: nothing is sold under such a number any more, whoever sends it.
TAKEN_BACK = _GONE | {OrderState.REFUNDING}
MOVES: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.IN_PROGRESS: frozenset(RECORDED) - {OrderState.IN_PROGRESS},
    OrderState.DONE: frozenset({OrderState.REFUNDING, OrderState.REFUNDED}),
    OrderState.NO_STOCK: _GONE | {OrderState.IN_PROGRESS},
    OrderState.EXPIRED: _GONE | {OrderState.IN_PROGRESS, OrderState.NO_STOCK},
    OrderState.NEEDS_HUMAN: frozenset(RECORDED) - {OrderState.NEEDS_HUMAN, OrderState.NO_STOCK},
    OrderState.CANCELLED: frozenset(),
    OrderState.REFUNDING: frozenset({OrderState.REFUNDED}),
    OrderState.REFUNDED: frozenset(),
}

# Nobody needs to look at these again, unless the shop sends the order once more.
CLOSED = SHOWN_ONLY | _GONE | {OrderState.DONE, OrderState.NO_STOCK, OrderState.EXPIRED}


class SellRequest(BaseModel):
    """One pre-active endpoint for one order: activated, and put into the group."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: Annotated[
        str,
        Field(
            title="Order",
            pattern=ORDER_NO,
            description="The shop's number; the same again gives the same endpoint",
            json_schema_extra={"position": 0},
        ),
    ]
    account: Annotated[
        str,
        Field(
            title="Account",
            max_length=100,
            description="As named in the settings; default: their default account",
            json_schema_extra={"position": 1},
        ),
    ] = ""
    tag: Annotated[
        str,
        Field(
            title="Tag",
            max_length=100,
            description="Only SIMs that carry it; empty: any",
            json_schema_extra={"position": 2},
        ),
    ] = ""
    group: Annotated[
        str, Field(title="Group", max_length=100, description="Empty: none", json_schema_extra={"position": 3})
    ] = ""


@dataclass(frozen=True, slots=True)
class Order:
    """An order with what is known of its endpoint. Times in seconds of the store's clock."""

    id: int
    account: str
    order: str
    state: OrderState
    tag: str = ""
    group: str = ""
    change: int = 0
    iccid: str | None = None
    endpoint_id: str | None = None
    endpoint_state: str | None = None
    lpa: str | None = None
    text: str = ""
    created_at: float = 0.0
    reserved_until: float = 0.0
    spoilt: bool = False
    settled: OrderState = OrderState.IN_PROGRESS  # by its own operations alone, as it is written down
    refund: str = ""  # what a refund does to the endpoint (domain/refund.py)

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done, by the program or by a person."""
        return self.state not in CLOSED

    @property
    def may_begin_anew(self) -> bool:
        """Whether it holds no SIM, and gets one when the shop sends it again."""
        return self.state in (OrderState.NO_STOCK, OrderState.EXPIRED)

    def sentence(self) -> str:
        """One line for the shop and for an operator; the ICCID stays out of logs."""
        words = f"order {self.order}: {self.state.value.replace('_', ' ')}"
        if self.state is OrderState.DONE and not self.text:
            return words
        return f"{words}; {self.text}" if self.text else f"{words}. {SENTENCES[self.state]}"


@dataclass(frozen=True, slots=True)
class Release:
    """What releasing an order gives back."""

    order: str
    state: OrderState
    sims: int

    def sentence(self) -> str:
        """One line for an operator."""
        where = self.state.value.replace("_", " ")
        return f"order {self.order} ({where}): {self.sims} SIMs go back to stock, and it may be sent again"


def why_not_cancelled(order: Order) -> str:
    """Why an order that was to be cancelled stays as it is, and what to do instead."""
    if order.state in TAKEN_BACK:
        return f"Order {order.order} was refunded, so it is not cancelled; its number sells nothing any more."
    return (
        f"Order {order.order} cannot be cancelled, since something was or may have been done for it; "
        "nothing was changed, refund it instead."
    )


def may_move(before: OrderState, after: OrderState) -> bool:
    """Whether an order may go from one state to the other."""
    return after in MOVES[before]


def is_order_no(text: str) -> bool:
    """Whether this can be an order number."""
    return re.fullmatch(ORDER_NO, text) is not None


def judged(activate: State | None, assign: State | None) -> tuple[OrderState, bool]:
    """The state of an order by that of its operations, and whether its SIM is spoilt. None: there is no such operation.

    Spoilt: the platform refused the activation, so that nothing was done and another SIM may take its place.
    """
    if State.NEEDS_HUMAN in (activate, assign):
        return OrderState.NEEDS_HUMAN, False
    if activate is State.REFUSED:
        return OrderState.IN_PROGRESS, True
    if assign is State.REFUSED:
        return OrderState.NEEDS_HUMAN, False  # in service without its group: only a person can tell what to do
    done = activate is State.CONFIRMED and assign in (None, State.CONFIRMED)
    return (OrderState.DONE if done else OrderState.IN_PROGRESS), False
