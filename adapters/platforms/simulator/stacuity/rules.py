"""What endpoints may do, and what follows from it. Each rule's number is the one of docs/rules.md."""

import re
from collections.abc import Collection
from contextlib import suppress

from adapters.platforms.simulator.stacuity import addresses, traffic
from adapters.platforms.simulator.stacuity import envelope as texts
from adapters.platforms.simulator.stacuity.envelope import Refusal
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.model import (
    ACTIVE,
    DETACHED,
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
    return arrive(estate, iccid, kind="claim")


def arrive(estate: Estate, iccid: str, *, kind: str) -> Endpoint:
    """A SIM comes onto the account, pending, and that is told."""
    endpoint = estate.put(iccid, kind=kind)
    estate.tell_status(endpoint, None)
    return endpoint


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
    """A static address lies in a subnet of the VSlice of the endpoint's group, and is given once there."""
    group = estate.groups.get(endpoint.group or "")
    addresses.check_static(estate, endpoint, address, estate.vslices[group.vslice] if group is not None else None)


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
    vslice = estate.vslices[group.vslice]
    if not vslice.subnets or (strict and group.routing_policy is None):
        raise Refusal(texts.BAD_FIELD)
    if endpoint.static_ip is not None:
        addresses.check_static(estate, endpoint, endpoint.static_ip, vslice)


def assign(estate: Estate, endpoint: Endpoint, group: Group) -> None:
    """Put an endpoint into a primary group, out of its present one; a pending endpoint becomes active."""
    if endpoint.group == group.id and endpoint.status == ACTIVE:
        return
    was_pending = endpoint.status == PENDING
    traffic.end_session(estate, endpoint)
    estate.join(endpoint, group)
    estate.ledger.record("assign", endpoint.id, endpoint.iccid, group=group.moniker, previous=was_pending)
    if was_pending:
        traffic.set_network(estate, endpoint, DETACHED)
        estate.set_status(endpoint, ACTIVE, kind="activate")


def assign_later(estate: Estate, endpoint: Endpoint, group: Group, *, at: float, strict: bool) -> None:
    """Put an endpoint into a group at some later time, if that may still be done by then."""

    def act() -> None:
        if endpoint.id not in estate.endpoints or group.id not in estate.groups:
            return
        with suppress(Refusal):
            check_assignable(estate, endpoint, group, strict=strict)
            assign(estate, endpoint, group)

    estate.later(at, act)


def change_status(estate: Estate, endpoint: Endpoint, status: int) -> None:
    """Suspend, resume or terminate. What holds already is refused like every other move, unless repeats are taken."""
    if endpoint.status == status and "repeats_taken" in estate.behaviours:
        return
    if endpoint.status not in _BEFORE.get(status, ()):
        raise Refusal(texts.BAD_MOVE)
    if status == ACTIVE and "suspend_is_final" in estate.behaviours:
        raise Refusal(texts.BAD_MOVE)
    move(estate, endpoint, status, kind=_KINDS[status])


def move(estate: Estate, endpoint: Endpoint, status: int, *, kind: str) -> None:
    """Put an endpoint into a status, with all that follows: no session out of service, nothing but a record at the end.

    Only an endpoint in a group can be active or suspended. Raises Refusal.
    """
    if status == PENDING:
        set_free(estate, endpoint, kind=kind)
        return
    if status in (ACTIVE, SUSPENDED) and endpoint.group is None:
        raise Refusal(texts.NO_PRIMARY)
    if status != ACTIVE:
        traffic.end_session(estate, endpoint)
    estate.set_status(endpoint, status, kind=kind)
    if status == TERMINATED:
        endpoint.network = UNKNOWN
        estate.leave(endpoint)


def set_free(estate: Estate, endpoint: Endpoint, *, kind: str) -> None:
    """Make an endpoint pending again, in no group and with nothing of one: what only support or the tenant can do."""
    traffic.end_session(estate, endpoint)
    estate.set_status(endpoint, PENDING, kind=kind)
    endpoint.network, endpoint.static_ip = UNKNOWN, None
    estate.leave(endpoint)
