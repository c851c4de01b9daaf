"""Lifecycle states, the moves between them, and each platform's own words for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Lifecycle(StrEnum):
    """Where an endpoint stands; one state at a time."""

    STOCK = "stock"  # the SIM is known, no endpoint exists yet
    PRE_ACTIVE = "pre_active"  # the endpoint exists and waits for a buyer
    ACTIVE = "active"  # in service
    SUSPENDED = "suspended"  # out of service for a time
    TERMINATED = "terminated"  # gone for good; the ICCID never returns to stock


class NetworkState(StrEnum):
    """What the radio network says; never a lifecycle state and never a guard."""

    UNKNOWN = "unknown"
    DETACHED = "detached"
    IDLE = "idle"
    ACTIVE = "active"


class Kind(StrEnum):
    """The changes the program can make to one endpoint."""

    CREATE = "create"
    TAG = "tag"
    ACTIVATE = "activate"
    ASSIGN = "assign"
    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed change: from which states, to which state (None: the state stays), and why."""

    allowed_from: frozenset[Lifecycle]
    to: Lifecycle | None
    sentence: str


def _move(*allowed_from: Lifecycle, to: Lifecycle | None, sentence: str) -> Move:
    return Move(frozenset(allowed_from), to, sentence)


_L = Lifecycle

# SFT: section "state machine" of docs/platforms.md. Stacuity: 001_7a84ade5fb793e66.txt, 002_d2e891f7add7f2d7.txt.
MOVES: Mapping[str, Mapping[Kind, Move]] = {
    "sft": {
        Kind.CREATE: _move(_L.STOCK, to=_L.PRE_ACTIVE, sentence="A SIM in stock gets an endpoint that waits."),
        Kind.TAG: _move(_L.PRE_ACTIVE, _L.ACTIVE, _L.SUSPENDED, to=None, sentence="A label changes no state."),
        Kind.ACTIVATE: _move(_L.PRE_ACTIVE, to=_L.ACTIVE, sentence="Only a waiting endpoint is activated."),
        Kind.ASSIGN: _move(_L.ACTIVE, to=None, sentence="An add-on or plan is given to an endpoint in service."),
        Kind.SUSPEND: _move(_L.ACTIVE, to=_L.SUSPENDED, sentence="Only an endpoint in service can be suspended."),
        Kind.RESUME: _move(_L.SUSPENDED, to=_L.ACTIVE, sentence="A suspended endpoint goes back into service."),
        Kind.TERMINATE: _move(
            _L.PRE_ACTIVE, _L.ACTIVE, _L.SUSPENDED, to=_L.TERMINATED, sentence="De-linked and deleted, for good."
        ),
    },
    "stacuity": {
        Kind.CREATE: _move(_L.STOCK, to=_L.PRE_ACTIVE, sentence="A SIM on the account is pending until grouped."),
        Kind.TAG: _move(_L.PRE_ACTIVE, _L.ACTIVE, _L.SUSPENDED, to=None, sentence="A label changes no state."),
        Kind.ACTIVATE: _move(_L.PRE_ACTIVE, to=_L.ACTIVE, sentence="A pending endpoint becomes active in a group."),
        Kind.ASSIGN: _move(_L.PRE_ACTIVE, _L.ACTIVE, to=_L.ACTIVE, sentence="Placing it in a group makes it active."),
        Kind.SUSPEND: _move(_L.ACTIVE, to=_L.SUSPENDED, sentence="Disabled for a time; running sessions end."),
        Kind.RESUME: _move(_L.SUSPENDED, to=_L.ACTIVE, sentence="Documents disagree, so a setting decides."),
        Kind.TERMINATE: _move(
            _L.PRE_ACTIVE, _L.ACTIVE, _L.SUSPENDED, to=_L.TERMINATED, sentence="Cannot be undone in the portal."
        ),
    },
}

# The platforms' own ids and words. A word that is not here is unknown and blocks every write to that endpoint.
WORDS: Mapping[str, Mapping[str, Lifecycle]] = {
    "sft": {
        "ready to activate": Lifecycle.STOCK,
        "pre-active": Lifecycle.PRE_ACTIVE,
        "active": Lifecycle.ACTIVE,
        "suspended": Lifecycle.SUSPENDED,
    },
    "stacuity": {
        "30": Lifecycle.PRE_ACTIVE,
        "pending": Lifecycle.PRE_ACTIVE,
        "50": Lifecycle.ACTIVE,
        "active": Lifecycle.ACTIVE,
        "60": Lifecycle.SUSPENDED,
        "suspended": Lifecycle.SUSPENDED,
        "70": Lifecycle.TERMINATED,
        "terminated": Lifecycle.TERMINATED,
        "closed": Lifecycle.TERMINATED,  # the older word of the same state
    },
}

NETWORK_WORDS: Mapping[str, NetworkState] = {
    "10": NetworkState.UNKNOWN,
    "20": NetworkState.DETACHED,
    "30": NetworkState.IDLE,
    "40": NetworkState.ACTIVE,
}


def from_platform(platform: str, word: str) -> Lifecycle | None:
    """The lifecycle state behind a platform's id or word, or None when it is unknown."""
    return WORDS[platform].get(word.strip().lower())


def is_allowed(platform: str, kind: Kind, state: Lifecycle | None) -> bool:
    """Whether the table of moves allows this change from this state."""
    return state in MOVES[platform][kind].allowed_from


def state_after(platform: str, kind: Kind, state: Lifecycle) -> Lifecycle:
    """The state an endpoint is in once the change is done."""
    return MOVES[platform][kind].to or state
