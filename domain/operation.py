"""An operation is one intended change to one endpoint, with a state of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from domain.lifecycle import Kind


class State(StrEnum):
    """Where an operation stands."""

    PLANNED = "planned"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    NEEDS_HUMAN = "needs_human"


SENTENCES: Mapping[State, str] = {
    State.PLANNED: "The change is wanted and nothing has been sent.",
    State.SENT: "The intent is on disk and the call may be on its way.",
    State.CONFIRMED: "The platform has the change.",
    State.REFUSED: "The platform said no, or the change is not allowed; nothing was done.",
    State.IN_DOUBT: "The call went out and its outcome is unknown until a look-up proves it.",
    State.NEEDS_HUMAN: "The evidence is contradictory or missing; a person decides.",
}

MOVES: Mapping[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.SENT, State.CONFIRMED, State.REFUSED, State.NEEDS_HUMAN}),
    State.SENT: frozenset({State.CONFIRMED, State.REFUSED, State.IN_DOUBT, State.PLANNED, State.NEEDS_HUMAN}),
    State.IN_DOUBT: frozenset({State.CONFIRMED, State.PLANNED, State.NEEDS_HUMAN}),
    State.NEEDS_HUMAN: frozenset({State.CONFIRMED, State.PLANNED, State.REFUSED}),
    State.REFUSED: frozenset({State.PLANNED}),
    State.CONFIRMED: frozenset({State.NEEDS_HUMAN}),  # a later read contradicted it
}

FINAL = frozenset({State.CONFIRMED, State.REFUSED, State.NEEDS_HUMAN})
OPEN = frozenset(State) - FINAL

# Sending one of these twice leaves the endpoint as sending it once would (2507 and 1254 answer "already").
REPEATABLE = frozenset({Kind.TAG, Kind.ACTIVATE, Kind.SUSPEND, Kind.RESUME})


# What may be learned of an operation, and in which states that decides something. In any other it is kept as a fact.
DECIDES: Mapping[str, frozenset[State]] = {
    "answer": frozenset({State.SENT}),
    "lookup": frozenset({State.IN_DOUBT}),
    "seen": frozenset({State.PLANNED}),
    "orphaned": frozenset({State.SENT}),
    "person": frozenset({State.NEEDS_HUMAN, State.REFUSED}),
    "recorded": frozenset({State.PLANNED}),
    "differs": frozenset({State.CONFIRMED}),
    "again": frozenset({State.REFUSED}),
    "event": frozenset({State.IN_DOUBT}),
    "given_back": frozenset({State.PLANNED}),
}
_OWN_GOOD_NEWS = frozenset({State.PLANNED, State.SENT, State.IN_DOUBT, State.NEEDS_HUMAN})


def decided_from(event: str, after: State) -> frozenset[State]:
    """The states that an event may end, so that the operation is in `after`.

    An attempt's own good news is taken even when its process was thought dead: the token is still the same.
    """
    return _OWN_GOOD_NEWS if (event, after) == ("answer", State.CONFIRMED) else DECIDES[event]


def may_move(before: State, after: State) -> bool:
    """Whether an operation may go from one state to the other."""
    return after in MOVES[before]


@dataclass(frozen=True, slots=True)
class Work:
    """An operation whose intent is durable and which may now be carried out, once.

    `token` is the attempt number and fences every later decision about it.
    """

    id: int
    kind: Kind
    token: int
    endpoint: int
    iccid: str
    name: str
    endpoint_id: str | None = None
    target: str = ""
    sent_at: float = 0.0
    activation_code: str = field(default="", repr=False)  # a secret
    batch: str = ""
    round: int = 0
    seen_at: float = 0.0  # when a read last showed the endpoint with this ICCID, by the store's clock
    unclear: int = 0  # earlier attempts that may have been carried out, in whole or in part
    misses: int = 0  # looks in a row that did not show the endpoint with this ICCID
    detached: bool = False  # the SIM was taken away before: only the endpoint is left to end


# What was learned from the platform, so that a look afterwards may show it to be wrong.
READ_BACK_AFTER = frozenset({"answer", "lookup", "event"})
