"""What the rules need of the outside: a platform and a ledger. Adapters provide them; tests provide others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from domain.capabilities import Capabilities
from domain.contract import Check
from domain.doubt import Doubt, Evidence, Ruling
from domain.endpoint import SimRecord
from domain.groups import Draft, Group, Target
from domain.inbox import PlatformEvent
from domain.lifecycle import Kind
from domain.operation import State, Work
from domain.outcome import Answer


@dataclass(frozen=True, slots=True)
class SimPage:
    """One page of the platform's SIM list."""

    sims: tuple[SimRecord, ...]
    pages: int


@dataclass(frozen=True, slots=True)
class EndpointProfile:
    """What one read shows of an endpoint: the ICCID of its SIM, and how many times it is in a group."""

    iccid: str
    assigned: int


class Changing(Protocol):
    """A platform, as far as carrying out one change needs it."""

    async def sims_page(self, page: int) -> SimPage:
        """One page of all SIMs of the account, counted from 1."""

    async def sim(self, iccid: str) -> SimRecord | None:
        """The SIM with exactly this ICCID, or None when the platform shows that it has none."""

    async def endpoint_exists(self, endpoint_id: str) -> bool | None:
        """Whether an endpoint that holds no SIM any more is still there, or None when the platform does not tell."""

    async def iccid_on(self, endpoint_id: str) -> str | None:
        """The ICCID of the SIM that an endpoint holds, empty when it holds none, None when that is not shown."""

    async def perform(self, work: Work) -> Answer:
        """Carry out one change: at most one write call, never resent."""

    async def assigned(self, endpoint_id: str, group: str) -> int | None:
        """How many times the endpoint is in the group, or None when the platform cannot count it."""

    async def profile(self, endpoint_id: str, group: str) -> EndpointProfile | None:
        """Both that `iccid_on` and `assigned` say, by one read, or None where no one read shows both."""

    async def tags_of(self, endpoint_id: str) -> frozenset[str] | None:
        """The endpoint's tags, or None when the platform cannot list them."""

    async def proves_absence(self, kind: Kind, target: str = "") -> bool:
        """Whether a look-up that does not show a tag or an assignment proves that it was not made.

        It does once such a look-up was seen to show one on this account: an answer that is not understood shows none.
        """


class GroupKeeper(Protocol):
    """A platform's groups, to look at and to make. Raises UsageError where a platform has none of its own."""

    async def groups(self) -> list[Group]:
        """All groups of the account. Raises ReadFailed."""

    async def group(self, name: str) -> Group:
        """One group by id or moniker. Raises UnknownGroup, ReadFailed."""

    async def check_draft(self, draft: Draft) -> None:
        """Check a new group in every way that changes nothing. Raises UsageError, ReadFailed."""

    async def create_group(self, draft: Draft) -> Group:
        """Make a group and read it back. Raises UsageError, Refused, Stopped, ReadFailed."""

    async def associate(self, primary: str, secondary: str) -> Group:
        """Give a primary group a secondary one and read it back. Raises UsageError, Refused, Stopped, ReadFailed."""


class Platform(Changing, Protocol):
    """A connectivity platform, seen through one account. Writes answer; reads raise ReadFailed."""

    @property
    def capabilities(self) -> Capabilities:
        """What the platform can do for the account."""

    def check_writes(self) -> None:
        """Check that the account may change anything at all, without asking the platform. Raises SettingsError."""

    async def login(self) -> None:
        """Check address and credentials. Raises LoginRefused, PlatformUnreachable."""

    async def prepare_tag(self, tag: str) -> Answer:
        """Make a tag known to the platform before it is attached."""

    async def check_contract(self) -> list[Check]:
        """See by reading which inferred facts about the platform hold. Raises LoginRefused, PlatformUnreachable."""

    async def events(self, since: float, until: float) -> list[PlatformEvent]:
        """What happened between two moments, in seconds since 1970. Raises UsageError, ReadFailed."""

    async def pin_group(self, name: str, *, group_id: str | None = None) -> Target:
        """Find the group of this name once; from then on the name stands for its id.

        What was planned under a name stays with the id that the name stood for, whatever it means by now. Who names
        a group anew says that `group_id`, and the name must still stand for it.
        Raises UnknownGroup, UnusableGroup, ReadFailed.
        """

    async def look_at_group(self, name: str) -> Target:
        """The group that this name stands for, as it is at this moment. Raises what `pin_group` raises."""

    async def close(self) -> None:
        """Close all connections."""


class ReadFailed(Exception):
    """A read of the platform gave no usable answer."""


class ReadRefused(ReadFailed):
    """The platform answered that it will not show this."""


class GroupUnusable(ReadFailed):
    """No endpoint can be put into the group, whichever it is."""


class ReadStopped(ReadFailed):
    """A read was not made because no further call may start."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A stretch of a bulk change: positions `first` to `last`, both included."""

    change: int
    first: int = 0
    last: int = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one piece of work."""

    work: Work
    answer: Answer


@dataclass(frozen=True, slots=True)
class Step:
    """The ledger's reply to one turn: what may be sent now, all of it durable.

    `alone`: no other process works for the account; `yielding`: another one sells, and its turns come first.
    `away`: the store did not answer, and what was learned is kept to be handed in again.
    """

    work: tuple[Work, ...] = ()
    cancelled: bool = False
    away: bool = False
    alone: bool = True
    yielding: bool = False
    now: float = 0.0


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is left in a scope. `next_at` is when the next of it is due, in seconds of the store's clock."""

    counts: Mapping[State, int] = field(default_factory=dict)
    ready: int = 0
    next_at: float | None = None
    now: float = 0.0
    cancelled: bool = False
    delayed: int = 0  # planned, and to be looked at again at some time before they are sent

    @property
    def waiting(self) -> int:
        """Operations under way somewhere, in doubt, or to be looked at again."""
        return self.counts.get(State.SENT, 0) + self.counts.get(State.IN_DOUBT, 0) + self.delayed


class Steps(Protocol):
    """The store, as far as sending needs it."""

    async def step(self, scope: Scope, results: Sequence[Result], room: int, *, bulk: bool = False) -> Step:
        """Record what came of earlier work, then mark up to `room` ready operations as sent and hand them out.

        `bulk` hands out creates only, for calls that the platform may carry out much later.
        """


class Ledger(Steps, Protocol):
    """The store, as far as carrying out operations needs it. Every method is one durable transaction."""

    async def doubts(self, scope: Scope, limit: int) -> list[Doubt]:
        """Operations in doubt whose next look-up is due, with those of dead processes taken over."""

    async def rule(self, rulings: Sequence[tuple[Doubt, Evidence, Ruling]]) -> None:
        """Apply what look-ups decided."""

    async def outlook(self, scope: Scope) -> Outlook:
        """What is left to do in the scope."""


@dataclass(frozen=True, slots=True)
class Slots:
    """Start times granted by the account's bucket, with the store's clock at that moment.

    `rate` is what all processes together get at present, below what is configured after refusals. Units: 1/s.
    """

    at: tuple[float, ...]
    now: float
    rate: float


class Turns(Protocol):
    """The turns at the platform that a process waits for."""

    @property
    def rate(self) -> float:
        """Turns a second that the account has at present. Units: 1/s."""

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn."""


class Buckets(Protocol):
    """The account's shared rate."""

    async def take(self, wanted: int) -> Slots:
        """Up to `wanted` start times, at least one."""

    async def refused(self, sent_at: float, retry_after: float | None) -> None:
        """Slow all processes of the account down."""
