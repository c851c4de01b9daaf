"""Where an order stands by what its endpoint is now, since a SIM that was sold may be out of service since."""

from dataclasses import dataclass

from domain.inbox import says
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.order import OrderState

_NOUNS = {Kind.SUSPEND: "suspension", Kind.TERMINATE: "termination"}


@dataclass(frozen=True, slots=True)
class EndpointNow:
    """What the store knows of the endpoint of an order at this moment.

    `ending` is a suspension or termination without a known outcome, as kind and state; `reported` the type of an event
    that speaks against the store; `contradicted` says why its activation is believed no more.
    """

    state: Lifecycle | None
    group: str = ""
    ending: tuple[Kind, State] | None = None
    reported: str = ""
    contradicted: str = ""


def standing(settled: OrderState, group: str, now: EndpointNow, *, kept: bool = False) -> tuple[OrderState, str]:
    """The state to tell and, where its own sentence does not do, the words.

    `settled`: by the order's own operations; `kept`: its refund leaves the endpoint as it is.
    """
    if settled is OrderState.REFUNDED:
        return settled, REVIVED if now.state is Lifecycle.ACTIVE and not kept else ""
    return _of_a_sold_one(group, now) if settled is OrderState.DONE else (settled, "")


REVIVED = "The order was refunded, and its endpoint is in service again; an operator has to suspend it."


def _of_a_sold_one(group: str, now: EndpointNow) -> tuple[OrderState, str]:
    if now.state is Lifecycle.TERMINATED:
        return OrderState.ENDED, ""
    if now.state is Lifecycle.SUSPENDED:
        return OrderState.SUSPENDED, ""
    if now.state is not Lifecycle.ACTIVE:
        return OrderState.NEEDS_HUMAN, f"the endpoint was sold and is recorded as {_plain(now.state)} now"
    if doubt := _doubt(now):
        return OrderState.NEEDS_HUMAN, doubt
    if now.ending is not None:
        return OrderState.IN_PROGRESS, f"The endpoint was sold, and its {_NOUNS[now.ending[0]]} is under way."
    moved = group and now.group != group
    return OrderState.DONE, f"The endpoint is active; its group is {now.group or 'none'} now." if moved else ""


def _doubt(now: EndpointNow) -> str:
    """Why nobody can say whether an endpoint that is recorded as active is in service."""
    if now.ending is not None and now.ending[1] is State.NEEDS_HUMAN:
        return f"the endpoint was sold, and the outcome of its {_NOUNS[now.ending[0]]} needs a person"
    reported = says(now.reported)
    if reported is not None and reported[0] is not Lifecycle.ACTIVE:
        return f"the endpoint was sold, and the platform reported it as {_plain(reported[0])}; see `preactive resolve`"
    return f"the endpoint was sold, and its activation is contradicted: {now.contradicted}" if now.contradicted else ""


def _plain(state: Lifecycle | None) -> str:
    return "gone" if state is None else state.value.replace("_", "-")
