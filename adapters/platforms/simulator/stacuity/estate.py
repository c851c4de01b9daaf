"""The account's true state and its clock; every change is one commit, noted in the ledger and told as an event."""

import heapq
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import count
from typing import TypeVar
from uuid import UUID, uuid5

from adapters.platforms.simulator.clock import Clock
from adapters.platforms.simulator.ledger import Ledger
from adapters.platforms.simulator.stacuity.envelope import NOT_FOUND, Refusal
from adapters.platforms.simulator.stacuity.model import (
    STATUSES,
    TERMINATED,
    Endpoint,
    Event,
    EventMap,
    Group,
    Handler,
    Named,
    VSlice,
)

DAY = 86_400.0
KEPT_DAYS, EVENT_DAYS = 90, 30
_SPACE = UUID("5b9a7c5e-0d0a-4d39-9a44-4f5f2c1b6b10")
_STALE_SECONDS = 5.0

T = TypeVar("T", VSlice, Named, Group, Handler, EventMap)


class Estate:
    """Endpoints, groups and everything they need, as one account sees them."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        *,
        seed: int = 1,
        behaviours: frozenset[str] = frozenset(),
        customer: str = "",
    ) -> None:
        self.customer = customer
        self.ledger = ledger
        self.clock = clock
        self.seed = seed
        self.behaviours = behaviours
        self.endpoints: dict[str, Endpoint] = {}
        self.unclaimed: dict[str, tuple[str, bool]] = {}  # ICCID: activation code, and whether others have it
        self.vslices: dict[str, VSlice] = {}
        self.groups: dict[str, Group] = {}
        self.operator_policies: dict[str, Named] = {}
        self.regional_policies: dict[str, Named] = {}
        self.routing_policies: dict[str, Named] = {}
        self.routing_targets: dict[str, Named] = {}
        self.edge_services: dict[str, Named] = {}
        self.handlers: dict[str, Handler] = {}
        self.maps: dict[str, EventMap] = {}
        self.events: list[Event] = []
        self.listeners: list[Callable[[Event], None]] = []
        self._coming: list[tuple[float, int, Callable[[], None]]] = []
        self._by_iccid: dict[str, str] = {}
        self._sorted: list[str] = []
        self._members: dict[str, int] = {}
        self._made = 0
        self._numbered = 0
        self._turns = count()
        self._event_space = str(uuid5(_SPACE, f"{seed}|events"))[:24]
        self._told = 0

    @property
    def now(self) -> float:
        """Seconds since 1970 by the account's clock.

        Whole microseconds, as times are told: a caller who asks with a time that it was told finds what happened then.
        """
        return datetime.fromtimestamp(self.clock.wall(), UTC).timestamp()

    def new_id(self, kind: str) -> str:
        """An id that the same seed gives again."""
        self._made += 1
        return str(uuid5(_SPACE, f"{self.seed}|{kind}|{self._made}"))

    # --- endpoints ---

    def put(self, iccid: str, *, kind: str) -> Endpoint:
        """Put a SIM on the account, pending. `kind`: how it came, for the ledger."""
        endpoint = Endpoint(id=str(uuid5(_SPACE, f"{self.seed}|endpoint|{iccid}|{self._made}")), iccid=iccid, number=0)
        self._made += 1
        self._numbered += 1
        endpoint.number = self._numbered
        self.endpoints[endpoint.id] = endpoint
        self._by_iccid[iccid] = endpoint.id
        self._sorted = []
        self.ledger.record(kind, endpoint.id, iccid)
        return endpoint

    def swap(self, endpoint: Endpoint, iccid: str) -> None:
        """Put another SIM on an endpoint, as people do in the portal; the account has the old one no more."""
        self._by_iccid.pop(endpoint.iccid, None)
        endpoint.iccid = iccid
        self._by_iccid[iccid] = endpoint.id
        self.ledger.record("swap", endpoint.id, iccid)

    def endpoint(self, key: str) -> Endpoint:
        """The endpoint of this id or reference. Raises Refusal."""
        found = self.endpoints.get(key)
        if found is None:
            found = next((one for one in self.endpoints.values() if one.reference == key), None)
        if found is None:
            raise Refusal(NOT_FOUND)
        return found

    def with_iccid(self, iccid: str) -> Endpoint | None:
        """The endpoint with this ICCID."""
        return self.endpoints.get(self._by_iccid.get(iccid, ""))

    def ordered(self) -> list[Endpoint]:
        """All endpoints by id."""
        if not self._sorted:
            self._sorted = sorted(self.endpoints)
        return [self.endpoints[key] for key in self._sorted]

    def erase(self, endpoint: Endpoint) -> None:
        """Forget an endpoint for good."""
        self.leave(endpoint)
        del self.endpoints[endpoint.id]
        self._by_iccid.pop(endpoint.iccid, None)
        self._sorted = []
        self.ledger.record("erase", endpoint.id, endpoint.iccid)

    def erase_old(self) -> None:
        """Forget for good what was terminated 90 days ago, and events after 30."""
        since = self.now - KEPT_DAYS * DAY
        old = [one for one in self.endpoints.values() if one.terminated_at is not None and one.terminated_at <= since]
        for endpoint in old:
            self.erase(endpoint)
        while self.events and self.events[0].at <= self.now - EVENT_DAYS * DAY:
            self.events.pop(0)

    def later(self, at: float, action: Callable[[], None]) -> None:
        """Let something happen at a time of the account's clock."""
        heapq.heappush(self._coming, (at, next(self._turns), action))

    def let_happen(self) -> None:
        """Do what has become due, in its order."""
        while self._coming and self._coming[0][0] <= self.now:
            heapq.heappop(self._coming)[2]()

    # --- named objects ---

    def find(self, objects: dict[str, T], key: str) -> T:
        """The object of this id or moniker. Raises Refusal."""
        found = objects.get(key) or next((one for one in objects.values() if one.moniker == key), None)
        if found is None:
            raise Refusal(NOT_FOUND)
        return found

    def named_ids(self) -> set[str | None]:
        """The ids of all objects that another one names, and that must therefore stay."""
        named: set[str | None] = set()
        for group in self.groups.values():
            named |= {group.vslice, group.routing_policy, group.regional_policy, group.operator_policy, group.event_map}
        named |= {vslice.event_map for vslice in self.vslices.values()}
        named |= {one.vslice for one in (*self.routing_policies.values(), *self.routing_targets.values())}
        named |= {handler for event_map in self.maps.values() for _, handler, _ in event_map.subscriptions}
        return named

    # --- membership ---

    def join(self, endpoint: Endpoint, group: Group) -> None:
        """Put an endpoint into a group, out of the one that it was in."""
        if endpoint.group is not None:
            self._count(endpoint.group, -1)
        endpoint.group = group.id
        endpoint.last_group_name = group.name
        endpoint.addresses.clear()
        self._count(group.id, 1)

    def leave(self, endpoint: Endpoint) -> None:
        """Take an endpoint out of its group, with the addresses that it has there."""
        if endpoint.group is not None:
            self._count(endpoint.group, -1)
        endpoint.group = None
        endpoint.addresses.clear()

    def _count(self, group_id: str, change: int) -> None:
        now, counts = self.now, self.groups[group_id].counts
        self._members[group_id] = self._members.get(group_id, 0) + change
        counts.append((now, self._members[group_id]))
        while len(counts) > 1 and counts[1][0] <= now - _STALE_SECONDS:
            counts.popleft()

    def members(self, group: Group) -> int:
        """How many endpoints are in a group, terminated ones not counted."""
        return self._members.get(group.id, 0)

    def shown_members(self, group: Group) -> int:
        """The same as reads show it, which may be some seconds old."""
        if "stale_counts" not in self.behaviours:
            return self.members(group)
        return next((number for at, number in reversed(group.counts) if at <= self.now - _STALE_SECONDS), 0)

    def secondaries(self, group: Group) -> list[Group]:
        """The secondary groups of a primary one."""
        return [one for one in self.groups.values() if one.primary == group.id]

    def in_vslice(self, vslice: VSlice) -> Iterable[Group]:
        """The groups of a VSlice."""
        return (group for group in self.groups.values() if group.vslice == vslice.id)

    # --- events ---

    def tell(self, kind: str, endpoint: Endpoint | None, **detail: object) -> None:
        """Record an event, and hand it to whoever listens."""
        its_id = endpoint.id if endpoint is not None else None
        if endpoint is not None:
            group = self.groups.get(endpoint.group or "")
            detail |= {"iccid": endpoint.iccid, "endpointGroup": group.moniker if group else None}
        self._told += 1
        event = Event(f"{self._event_space}{self._told:012x}", self.now, f"{kind}_v1", its_id, detail)
        self.events.append(event)
        for listener in self.listeners:
            listener(event)

    def set_status(self, endpoint: Endpoint, status: int, *, kind: str) -> None:
        """Write an endpoint's provisioning status. What follows from it is in the rules."""
        previous, endpoint.status = endpoint.status, status
        endpoint.terminated_at = self.now if status == TERMINATED else None
        self.ledger.record(kind, endpoint.id, endpoint.iccid, previous=STATUSES[previous], status=STATUSES[status])
        if previous != status:
            self.tell_status(endpoint, previous)

    def tell_status(self, endpoint: Endpoint, previous: int | None) -> None:
        """Tell that an endpoint has got its provisioning status; one that has just come had none before."""
        word = STATUSES[endpoint.status]
        before = STATUSES[previous] if previous is not None else None
        kind = f"EndpointProvisioningStatusSet{word.capitalize()}"
        self.tell(kind, endpoint, previousStatus=before, newStatus=word)

    def chance(self, purpose: str, number: int) -> float:
        """A number in [0, 1) that the same seed gives again."""
        return random.Random(f"{self.seed}|{purpose}|{number}").random()  # noqa: S311 - repeatable on purpose
