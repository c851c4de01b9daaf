"""What the simulated account holds. Ids of statuses are documented: 001_7a84ade5fb793e66.txt."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

PENDING, ACTIVE, SUSPENDED, TERMINATED = 30, 50, 60, 70
STATUSES = {PENDING: "pending", ACTIVE: "active", SUSPENDED: "suspended", TERMINATED: "terminated"}
UNKNOWN, DETACHED, IDLE, ONLINE = 10, 20, 30, 40
NETWORK = {UNKNOWN: "unknown", DETACHED: "detached", IDLE: "idle", ONLINE: "active"}


@dataclass(slots=True)
class VSlice:
    """An isolated network with its subnets and the patterns of its APNs."""

    id: str
    moniker: str
    name: str
    subnets: list[str]
    apn_patterns: list[str] = field(default_factory=lambda: ["*.flex"])
    event_map: str | None = None
    ip_allocation: str = "static"
    dns_mode: str = "auto"
    dns_servers: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Named:
    """A policy, a routing target or an edge service, and the VSlice it is in, if in one. `fields` as on the wire."""

    id: str
    moniker: str
    name: str
    vslice: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """An endpoint group. References are ids."""

    id: str
    moniker: str
    name: str
    vslice: str
    subscription_type: str
    kind: str
    regional_policy: str
    routing_policy: str | None = None
    operator_policy: str | None = None
    event_map: str | None = None
    apn: str | None = None
    subnet: str | None = None
    ip_allocation: str = "static"
    inactivity_time: int | None = None
    inactivity_action: str = "notify"
    primary: str | None = None
    counts: deque[tuple[float, int]] = field(default_factory=deque)  # the endpoints in it, since when


@dataclass(slots=True)
class Endpoint:
    """One SIM on the account."""

    id: str
    iccid: str
    number: int
    status: int = PENDING
    network: int = UNKNOWN
    name: str | None = None
    reference: str | None = None
    tags: list[str] = field(default_factory=list)
    static_ip: str | None = None
    imei_lock: str | None = None
    group: str | None = None
    last_group_name: str | None = None
    addresses: dict[str, str] = field(default_factory=dict)  # by group
    session_since: float | None = None
    idle_told: bool = False
    terminated_at: float | None = None
    latest_activity: float | None = None
    operator: str | None = None
    country: str | None = None
    position: tuple[float, float] | None = None
    key_values: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Handler:
    """Where events are sent. On the wire it is an "event endpoint"; it has nothing to do with SIMs."""

    id: str
    moniker: str
    name: str
    type: str
    url: str
    timeout: float
    bearer_token: str | None = None
    username: str | None = None
    password: str | None = None


@dataclass(slots=True)
class EventMap:
    """Which events go to which handlers, in a scope that never changes. Subscriptions: id, handler id, event type."""

    id: str
    moniker: str
    name: str
    scope: str
    subscriptions: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; recorded whether or not anybody listens."""

    id: str
    at: float
    type: str
    endpoint_id: str | None
    detail: dict[str, Any]
