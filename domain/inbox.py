"""What a platform's events mean for the operations and endpoints in the store. Source: 003_bd238f6d132cb73a.txt.

An event is believed where it agrees with what was asked for. Where it speaks against the store it opens a difference
for a person; it never changes a mapping or a state by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.lifecycle import Kind, Lifecycle


class Meaning(StrEnum):
    """What became of an event."""

    NEW = "new"  # not looked at yet, or its operation is under way
    NOTED = "noted"  # it says nothing about an endpoint's state, or about one that the store does not know
    AGREES = "agrees"  # the store knows it
    CONFIRMS = "confirms"  # it settles an operation in doubt
    PROMPTS = "prompts"  # it may be about an operation in doubt, which is therefore looked up at once
    OLD = "old"  # a later event about the same endpoint is known
    DIFFERS = "differs"  # a person must look, unless platform and store come to agree
    SETTLED = "settled"  # it differed, and a person saw to it


LATE_SECONDS = 600.0  # by which an event may be recorded late, or the platform's clock differ from ours

# Judged again each time, since what they are about goes on.
OPEN = frozenset({Meaning.NEW, Meaning.PROMPTS})


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


@dataclass(frozen=True, slots=True)
class Judged:
    """How many events meant what, and how many of the new ones are dated ahead of our clock."""

    meant: Mapping[Meaning, int]
    ahead: int = 0


_PREFIX = "endpointprovisioningstatusset"
# A create in doubt has no endpoint id yet, and a move from group to group raises no event that is known.
_SAYS: Mapping[str, tuple[Lifecycle, frozenset[Kind]]] = {
    "pending": (Lifecycle.PRE_ACTIVE, frozenset()),
    "active": (Lifecycle.ACTIVE, frozenset({Kind.ACTIVATE, Kind.ASSIGN, Kind.RESUME})),
    "suspended": (Lifecycle.SUSPENDED, frozenset({Kind.SUSPEND})),
    "terminated": (Lifecycle.TERMINATED, frozenset({Kind.TERMINATE})),
}
_INTO_A_GROUP = frozenset({Kind.ACTIVATE, Kind.ASSIGN})  # and an event does not say which


def says(event_type: str) -> tuple[Lifecycle, frozenset[Kind]] | None:
    """The state that an event reports and the changes that lead to it; None for events that report none.

    Two spellings of event types are known, with capitals and without.
    """
    name = event_type.strip().lower().partition("_v")[0]
    return _SAYS.get(name.removeprefix(_PREFIX)) if name.startswith(_PREFIX) else None


def leads_to(kind: Kind, event_type: str) -> bool:
    """Whether an operation of this kind ends in what the event reports."""
    reported = says(event_type)
    return reported is not None and kind in reported[1]


def is_ahead(at: float, received_at: float) -> bool:
    """Whether an event is dated further ahead of the receiver's clock than clocks differ: its time says nothing."""
    return at > received_at + LATE_SECONDS


def judge(
    event: PlatformEvent,
    *,
    known: Lifecycle | None,
    newest: float,
    pending: Pending | None,
    ahead: bool = False,
) -> Meaning:
    """What an event means.

    `known`: the store's state of its endpoint; `newest`: the latest time of such an event, of those that are not dated
    ahead; `pending`: an operation on the endpoint that leads to what is reported. An event from before the intent, by
    clocks that may differ, one that is dated ahead, or one of an endpoint that was to get into a certain group, decides
    nothing by itself.
    """
    reported = says(event.type)
    if reported is None or known is None:
        return Meaning.NOTED
    if event.at < newest:
        return Meaning.OLD
    if reported[0] is known:
        return Meaning.AGREES
    if pending is None or not leads_to(pending.kind, event.type):
        return Meaning.DIFFERS
    if pending.is_sent:
        return Meaning.NEW
    if pending.kind in _INTO_A_GROUP or event.at < pending.sent_at or ahead:
        return Meaning.PROMPTS
    return Meaning.CONFIRMS
