"""What a platform's events mean for the operations and endpoints in the store. Source: 003_bd238f6d132cb73a.txt.

An event is believed where it agrees with what was asked for. Where it speaks against the store it opens a difference
for a person; it never changes a mapping or a state by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.lifecycle import Kind, Lifecycle

_CLOCKS_APART = 30.0  # seconds by which the platform's clock may be behind ours


class Meaning(StrEnum):
    """What became of an event."""

    NEW = "new"  # not looked at yet, or its operation is under way
    NOTED = "noted"  # it says nothing about an endpoint's state, or about one that the store does not know
    AGREES = "agrees"  # the store knows it already
    CONFIRMS = "confirms"  # it settles an operation in doubt
    OLD = "old"  # a later event about the same endpoint is known
    DIFFERS = "differs"  # a person must look


@dataclass(frozen=True, slots=True)
class PlatformEvent:
    """Something that happened on the platform. `at` in seconds since 1970, by the platform's clock."""

    id: str
    at: float
    type: str
    endpoint_id: str | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """An operation on the endpoint that is under way (`is_sent`) or in doubt, with the time of its intent."""

    kind: Kind
    sent_at: float
    is_sent: bool


_PREFIX = "endpointprovisioningstatusset"
_SAYS: Mapping[str, tuple[Lifecycle, frozenset[Kind]]] = {
    "pending": (Lifecycle.PRE_ACTIVE, frozenset({Kind.CREATE})),
    "active": (Lifecycle.ACTIVE, frozenset({Kind.ACTIVATE, Kind.ASSIGN, Kind.RESUME})),
    "suspended": (Lifecycle.SUSPENDED, frozenset({Kind.SUSPEND})),
    "terminated": (Lifecycle.TERMINATED, frozenset({Kind.TERMINATE})),
}


def says(event_type: str) -> tuple[Lifecycle, frozenset[Kind]] | None:
    """The state that an event reports and the changes that lead to it; None for events that report none.

    Two spellings of event types are known, with capitals and without.
    """
    name = event_type.strip().lower().partition("_v")[0]
    return _SAYS.get(name.removeprefix(_PREFIX)) if name.startswith(_PREFIX) else None


def judge(event: PlatformEvent, *, known: Lifecycle | None, newest: float, pending: Pending | None) -> Meaning:
    """What an event means. `known`: the store's state of its endpoint; `newest`: the latest time of such an event."""
    reported = says(event.type)
    if reported is None or known is None:
        return Meaning.NOTED
    state, kinds = reported
    if event.at < newest:
        return Meaning.OLD
    if pending is not None and pending.kind in kinds and event.at >= pending.sent_at - _CLOCKS_APART:
        return Meaning.NEW if pending.is_sent else Meaning.CONFIRMS
    return Meaning.AGREES if state is known else Meaning.DIFFERS
