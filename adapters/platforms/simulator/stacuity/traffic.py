"""What devices do in the radio network: sessions, addresses, places. What a group configures is in grouprules."""

from collections.abc import Iterable

from adapters.platforms.simulator.stacuity import addresses
from adapters.platforms.simulator.stacuity import envelope as texts
from adapters.platforms.simulator.stacuity.envelope import Refusal
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.model import ACTIVE, DETACHED, IDLE, ONLINE, UNKNOWN, Endpoint, Group

_TOLD = {ONLINE: "Active", IDLE: "Idle", DETACHED: "Detached"}


def passes(estate: Estate, endpoint: Endpoint) -> bool:
    """Whether the endpoint is usable: active, in a group that is configured well, in a VSlice with a subnet."""
    group = estate.groups.get(endpoint.group or "")
    if endpoint.status != ACTIVE or group is None or group.routing_policy is None:
        return False
    return bool(estate.vslices[group.vslice].subnets)


def access_of(estate: Estate, endpoint: Endpoint) -> list[Group]:
    """The primary group and all of its secondaries: one APN and one address each."""
    primary = estate.groups.get(endpoint.group or "")
    return [] if primary is None else [primary, *estate.secondaries(primary)]


def start_session(estate: Estate, endpoint: Endpoint) -> None:
    """A device begins to send; it gets an address for each group that it has access to."""
    if not passes(estate, endpoint):
        raise Refusal(texts.BAD_MOVE)
    for group in access_of(estate, endpoint):
        addresses.give(estate, endpoint, group)
    endpoint.session_since = endpoint.latest_activity = estate.now
    endpoint.idle_told = False
    set_network(estate, endpoint, ONLINE)


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
    """Note what the radio network says, and tell it. Off the network there is no session."""
    if endpoint.network == status:
        return
    if status in (DETACHED, UNKNOWN):
        end_session(estate, endpoint)
    endpoint.network = status
    if status in _TOLD:
        estate.tell(f"EndpointNetworkStatusSet{_TOLD[status]}", endpoint)


def report_network(estate: Estate, endpoint: Endpoint, status: int) -> None:
    """The radio network says something new of a device. Of one that no group has, it knows nothing."""
    if endpoint.group is None:
        raise Refusal(texts.NO_PRIMARY)
    set_network(estate, endpoint, status)


def report_place(
    estate: Estate,
    endpoint: Endpoint,
    *,
    operator: str | None = None,
    country: str | None = None,
    position: tuple[float, float] | None = None,
) -> None:
    """A device is seen at another operator, or in another place; what is not given stays as it was."""
    if endpoint.group is None:
        raise Refusal(texts.NO_PRIMARY)
    endpoint.latest_activity = estate.now
    if operator is not None and operator != endpoint.operator:
        endpoint.operator = operator
        estate.tell("EndpointServingOperatorChanged", endpoint, operator=operator)
    before = (endpoint.country, endpoint.position)
    endpoint.country, endpoint.position = country or endpoint.country, position or endpoint.position
    if (endpoint.country, endpoint.position) != before:
        estate.tell("EndpointLocationUpdated", endpoint, country=endpoint.country)


def send_sms(estate: Estate, endpoint: Endpoint) -> None:
    """An SMS goes to a device, which gets it when it is on a network."""
    if not passes(estate, endpoint):
        raise Refusal(texts.BAD_MOVE)
    estate.ledger.record("sms", endpoint.id, endpoint.iccid)
    estate.tell("EndpointSMSAttempted", endpoint)
    arrives = endpoint.network in (IDLE, ONLINE)
    estate.tell("EndpointSMSDelivered" if arrives else "EndpointSMSUndelivered", endpoint)


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
