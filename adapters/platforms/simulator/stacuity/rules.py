"""What endpoints may do, and what follows from it. Each rule's number is the one of docs/rules.md."""

import re
from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv4Network

from adapters.platforms.simulator.stacuity import envelope as texts
from adapters.platforms.simulator.stacuity.envelope import Refusal
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.model import (
    ACTIVE,
    DETACHED,
    IDLE,
    ONLINE,
    PENDING,
    SUSPENDED,
    TERMINATED,
    UNKNOWN,
    Endpoint,
    Group,
)

TAG = re.compile(r"[A-Za-z0-9._-]{1,50}")
MOST_TAGS = 20
_REFERENCE = re.compile(r"[^/?#,:]{1,100}")
_IMEI = re.compile(r"\d{15}")
_BEFORE = {ACTIVE: {SUSPENDED}, SUSPENDED: {ACTIVE}, TERMINATED: {PENDING, ACTIVE, SUSPENDED}}
_KINDS = {ACTIVE: "resume", SUSPENDED: "suspend", TERMINATED: "terminate"}


def claim(estate: Estate, iccid: object, code: object) -> Endpoint:
    """Put a SIM on the account: both ICCID and code are needed, and nobody else may have it."""
    if not isinstance(iccid, str) or not isinstance(code, str):
        raise Refusal(texts.BAD_CLAIM)
    known, is_elsewhere = estate.unclaimed.get(iccid, ("", True))
    if is_elsewhere or known != code or estate.with_iccid(iccid) is not None:
        raise Refusal(texts.BAD_CLAIM)
    return estate.put(iccid, kind="claim")


def check_reference(estate: Estate, reference: object, endpoint_id: str = "") -> None:
    """A reference addresses the endpoint, so it is unique and free of what a path cannot hold."""
    if not isinstance(reference, str) or not _REFERENCE.fullmatch(reference):
        raise Refusal(texts.BAD_FIELD)
    if any(one.reference == reference and one.id != endpoint_id for one in estate.endpoints.values()):
        raise Refusal(texts.REFERENCE_USED)


def check_tags(tags: object, known: Collection[str] = ()) -> list[str]:
    """The tags of a write, in their order, each once. Those that the endpoint has already are taken as they are."""
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Refusal(texts.BAD_FIELD)
    if not all(tag in known or TAG.fullmatch(tag) for tag in tags):
        raise Refusal(texts.BAD_FIELD)
    once = list(dict.fromkeys(tags))
    if len(once) > MOST_TAGS:
        raise Refusal(texts.BAD_FIELD)
    return once


def check_static_ip(estate: Estate, endpoint: Endpoint, address: object) -> None:
    """A static address lies in a subnet of the VSlice of the endpoint's group."""
    group = estate.groups.get(endpoint.group or "")
    try:
        wanted = IPv4Address(address if isinstance(address, str) else "")
    except ValueError:
        raise Refusal(texts.BAD_FIELD) from None
    if group is None or not any(wanted in IPv4Network(net) for net in estate.vslices[group.vslice].subnets):
        raise Refusal(texts.BAD_FIELD)


def check_imei_lock(imei: object) -> None:
    """An IMEI has 15 digits."""
    if not isinstance(imei, str) or not _IMEI.fullmatch(imei):
        raise Refusal(texts.BAD_FIELD)


def check_editable(endpoint: Endpoint) -> None:
    """Nothing is written to an endpoint that was terminated."""
    if endpoint.status == TERMINATED:
        raise Refusal(texts.BAD_MOVE)


def check_assignable(estate: Estate, endpoint: Endpoint, group: Group, *, strict: bool) -> None:
    """Whether an endpoint may be put into a group."""
    if group.kind == "secondary":
        if endpoint.group is None:
            raise Refusal(texts.NO_PRIMARY)
        if group.primary != endpoint.group:
            raise Refusal(texts.NOT_ASSOCIATED)
        raise Refusal(texts.BAD_MOVE)  # the association is what gives the endpoint the APN already
    if endpoint.status not in (PENDING, ACTIVE):
        raise Refusal(texts.BAD_MOVE)
    if not estate.vslices[group.vslice].subnets or (strict and group.routing_policy is None):
        raise Refusal(texts.BAD_FIELD)


def assign(estate: Estate, endpoint: Endpoint, group: Group) -> None:
    """Put an endpoint into a primary group, out of its present one; a pending endpoint becomes active."""
    if endpoint.group == group.id and endpoint.status == ACTIVE:
        return
    was_pending = endpoint.status == PENDING
    estate.join(endpoint, group)
    estate.ledger.record("assign", endpoint.id, endpoint.iccid, group=group.moniker, previous=was_pending)
    if was_pending:
        endpoint.network = DETACHED
        estate.set_status(endpoint, ACTIVE, kind="activate")


def change_status(estate: Estate, endpoint: Endpoint, status: int) -> None:
    """Suspend, resume or terminate; what holds already is no change."""
    if endpoint.status == status:
        return
    if endpoint.status not in _BEFORE.get(status, ()):
        raise Refusal(texts.BAD_MOVE)
    if status == ACTIVE and "suspend_is_final" in estate.behaviours:
        raise Refusal(texts.BAD_MOVE)
    if status in (SUSPENDED, TERMINATED):
        end_session(estate, endpoint)
    estate.set_status(endpoint, status, kind=_KINDS[status])
    if status == TERMINATED:
        endpoint.network = UNKNOWN


def passes_traffic(estate: Estate, endpoint: Endpoint) -> bool:
    """Whether the endpoint is usable: active, in a group that is configured well, in a VSlice with a subnet."""
    group = estate.groups.get(endpoint.group or "")
    if endpoint.status != ACTIVE or group is None or group.routing_policy is None:
        return False
    return bool(estate.vslices[group.vslice].subnets)


def start_session(estate: Estate, endpoint: Endpoint) -> None:
    """A device begins to send; it gets an address for each group that it has access to."""
    if not passes_traffic(estate, endpoint):
        raise Refusal(texts.BAD_MOVE)
    for group in access_of(estate, endpoint):
        estate.address_in(endpoint, group)
    endpoint.session_since = endpoint.latest_activity = estate.now
    endpoint.idle_told = False
    set_network(estate, endpoint, ONLINE)


def access_of(estate: Estate, endpoint: Endpoint) -> list[Group]:
    """The primary group and all of its secondaries: one APN and one address each."""
    primary = estate.groups.get(endpoint.group or "")
    return [] if primary is None else [primary, *estate.secondaries(primary)]


def end_session(estate: Estate, endpoint: Endpoint) -> None:
    """The session ends; a pooled address goes back."""
    if endpoint.session_since is None:
        return
    endpoint.session_since = None
    group = estate.groups.get(endpoint.group or "")
    if group is not None and group.ip_allocation == "pooled":
        endpoint.addresses.clear()
    set_network(estate, endpoint, IDLE)


def set_network(estate: Estate, endpoint: Endpoint, status: int) -> None:
    """Note what the radio network says, and tell it."""
    if endpoint.network == status:
        return
    endpoint.network = status
    if status == DETACHED:
        endpoint.session_since = None
    names = {ONLINE: "Active", IDLE: "Idle", DETACHED: "Detached"}
    if status in names:
        estate.tell(f"EndpointNetworkStatusSet{names[status]}", endpoint)


def watch_inactivity(estate: Estate) -> None:
    """Tell of sessions that were idle for too long, and close them where the group says so."""
    for endpoint in _with_session(estate):
        group = estate.groups.get(endpoint.group or "")
        if group is None or group.inactivity_time is None or endpoint.idle_told:
            continue
        if estate.now - (endpoint.latest_activity or 0.0) < group.inactivity_time:
            continue
        endpoint.idle_told = True
        estate.tell("EndpointDataSessionInactive", endpoint)  # INVENTED name: the real one is not known
        if group.inactivity_action == "notifyandterminate":
            end_session(estate, endpoint)


def _with_session(estate: Estate) -> Iterable[Endpoint]:
    return [one for one in estate.endpoints.values() if one.session_since is not None]
