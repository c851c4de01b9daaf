"""Objects as they are written on the wire."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from adapters.platforms.simulator.stacuity import addresses
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.model import (
    NETWORK,
    STATUSES,
    Endpoint,
    Event,
    EventMap,
    Group,
    Handler,
    Named,
    VSlice,
)
from adapters.platforms.simulator.stacuity.policies import FIXED
from adapters.platforms.simulator.stock import activation_code_of, eid_of, imsis_of

_PROVISIONAL = (20, "provisional")  # the id is INVENTED, as those of the undocumented statuses are not known
_KEYS = {word: 10 * number for number, word in enumerate(("primary", "secondary", "integrated", "edge"), start=1)}
Json = dict[str, Any]


def lookup(key: int, moniker: str) -> Json:
    """A value of a list of values; `active` says that the value may be used."""
    return {"key": key, "moniker": moniker, "name": moniker.capitalize(), "active": True}


def reference(one: Named | VSlice | Group | EventMap | None) -> Json | None:
    """An object as another one names it."""
    return None if one is None else {"id": one.id, "moniker": one.moniker, "name": one.name}


def moment(at: float | None) -> str | None:
    """A time on the wire: UTC."""
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def endpoint(estate: Estate, one: Endpoint) -> Json:
    """An endpoint; everything about policies is that of its group."""
    group = estate.groups.get(one.group or "")
    status = (one.status, STATUSES[one.status])
    if "unknown_status" in estate.behaviours and one.number == 1:
        status = _PROVISIONAL
    imsis = [identity["supplierIMSI"] for identity in imsis_of(one.number)]
    return {
        "id": one.id,
        "epid": one.id[:8],
        "customerId": estate.customer,
        "iccid": one.iccid,
        "imsi": imsis[0],
        "identities": [{"imsi": imsi, "active": nth == 0} for nth, imsi in enumerate(imsis)],
        "eid": eid_of(one.iccid),
        "lpaString": activation_code_of(one.iccid)["textQrCode"],
        "name": one.name,
        "reference": one.reference,
        "tags": list(one.tags),
        "staticIp": one.static_ip,
        "imeiLock": one.imei_lock,
        "endpointStatus": lookup(*status),
        "endpointNetworkStatus": lookup(one.network, NETWORK[one.network]),
        "endpointGroupId": group.id if group else None,
        "endpointGroupName": group.name if group else one.last_group_name,
        "endpointGroup": reference(group),
        "ipAddress": addresses.shown(one, group),
        "latestActivity": moment(one.latest_activity),
        "latestServingOperatorDescription": one.operator,
        "latestCountryName": one.country,
        "latestLat": one.position[0] if one.position else None,
        "latestLon": one.position[1] if one.position else None,
        "usageRolling24H": 0,
        "usageRolling7D": 0,
        "usageRolling28D": 0,
        **_of_group(estate, group),
    }


def _of_group(estate: Estate, group: Group | None) -> Json:
    if group is None:
        return dict.fromkeys(("vSliceId", "vSliceMoniker", "routingPolicyId", "steeringProfileId", "eventMapId"))
    return {
        "vSliceId": group.vslice,
        "vSliceMoniker": estate.vslices[group.vslice].moniker,
        "routingPolicyId": group.routing_policy,
        "steeringProfileId": group.operator_policy,
        "regionalGatewayPolicyId": group.regional_policy,
        "eventMapId": group.event_map,
    }


def group(estate: Estate, one: Group) -> Json:
    """A group with everything that its screen shows."""
    return {
        "id": one.id,
        "moniker": one.moniker,
        "name": one.name,
        "customerId": estate.customer,
        "endpointsAssigned": estate.shown_members(one),
        "vslice": reference(estate.vslices[one.vslice]),
        "routingPolicy": reference(estate.routing_policies.get(one.routing_policy or "")),
        "regionalGatewayPolicy": reference(estate.regional_policies[one.regional_policy]),
        "steeringProfile": reference(estate.operator_policies.get(one.operator_policy or "")),
        "eventMap": reference(estate.maps.get(one.event_map or "")),
        "ipAllocationType": lookup(10, one.ip_allocation),
        "endpointGroupType": lookup(_KEYS[one.kind], one.kind),
        "subscriptionType": lookup(_KEYS[one.subscription_type], one.subscription_type),
        "apn": one.apn,
        "ipv4Subnet": one.subnet,
        "sessionInactivityTime": one.inactivity_time,
        "sessionInactivityAction": lookup(10, one.inactivity_action),
        "secondaryGroups": [reference(second) for second in estate.secondaries(one)],
        "primaryGroup": reference(estate.groups.get(one.primary or "")),
    }


def vslice(estate: Estate, one: VSlice) -> Json:
    """A VSlice with the numbers of what is in it."""
    groups = list(estate.in_vslice(one))
    return {
        "id": one.id,
        "moniker": one.moniker,
        "name": one.name,
        "subnets": list(one.subnets),
        "apnPatterns": list(one.apn_patterns),
        "ipAddressFamily": lookup(10, "ipv4"),
        "ipAllocationType": lookup(10, one.ip_allocation),
        "dnsMode": lookup(10, one.dns_mode),
        "dnsServers": list(one.dns_servers) or None,
        "eventMap": reference(estate.maps.get(one.event_map or "")),
        "endpointGroupCount": len(groups),
        "endpointCount": sum(estate.shown_members(one) for one in groups),
    }


def named(estate: Estate, one: Named, *, place: str) -> Json:
    """A policy, a routing target or an edge service."""
    shown = {name: lookup(10, value) if isinstance(value, str) else value for name, value in one.fields.items()}
    found = {**(reference(one) or {}), **shown, **(_FLAGS[place](one) if place in _FLAGS else {})}
    return found | {"vslice": reference(estate.vslices.get(one.vslice))} if one.vslice is not None else found


_FLAGS: dict[str, Callable[[Named], Json]] = {
    "operator_policies": lambda one: {
        **dict.fromkeys(("allow2g", "allow3g", "allow45g"), True),
        "entries": entries("operator_policies", one),
    },
    "regional_policies": lambda one: {
        "active": True,
        "isFixed": one.moniker == FIXED,
        "entries": entries("regional_policies", one),
    },
}


def entries(place: str, policy: Named) -> list[Json]:
    """The entries of a policy."""
    word = "steeringProfileEntryAction" if place == "operator_policies" else "regionalGateway"
    return [{**entry, word: lookup(10, entry[word])} for entry in policy.entries]


def handler(_estate: Estate, one: Handler) -> Json:
    """An event handler; its secrets stay inside."""
    return {
        "id": one.id,
        "moniker": one.moniker,
        "name": one.name,
        "eventEndpointType": lookup(10, one.type),
        "summaryDescription": one.url,
        "configurationData": {"webhookConfig": {"url": one.url, "timeout": f"{one.timeout:g}"}},
    }


def event_map(_estate: Estate, one: EventMap) -> Json:
    """An event map; its subscriptions have a path of their own."""
    return {"id": one.id, "moniker": one.moniker, "name": one.name, "eventScope": lookup(10, one.scope)}


def subscription(estate: Estate, one: EventMap, item: tuple[str, str, str]) -> Json:
    """One subscription of a map."""
    its_id, handler_id, kind = item
    known = estate.handlers.get(handler_id)
    return {
        "id": its_id,
        "eventMap": reference(one),
        "eventEndpoint": None if known is None else {"id": known.id, "moniker": known.moniker, "name": known.name},
        "eventType": {"moniker": kind},
    }


def event(one: Event) -> Json:
    """An event, in the list and in a webhook's body."""
    body = {"eventId": one.id, "eventTime": moment(one.at), "eventType": one.type, "detail": one.detail}
    return body if one.endpoint_id is None else body | {"endpointId": one.endpoint_id}
