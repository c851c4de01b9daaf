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
from adapters.platforms.simulator.stacuity.policies import EDGE_SERVICES, FIXED, RATES, TARGETS
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
        "latestRatType": None if one.latest_activity is None else lookup(10, "lte"),
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
    return {**(reference(one) or {}), **_NAMED[place](estate, one)}


def _routing_policy(estate: Estate, one: Named) -> Json:
    written = one.fields
    return {
        "vslice": reference(estate.vslices.get(one.vslice or "")),
        "routingPolicyStatus": lookup(10, written.get("routingPolicyStatus", "active")),
        **{f"rateLimit{way}": _rate(written.get(f"rateLimit{way}Moniker", "unlimited")) for way in _WAYS},
        **{name: written.get(name, 0) for name in (f"packetDiscard{way}Percentage" for way in _WAYS)},
        "routingPolicyRules": [
            _rule(estate, one, nth, rule) for nth, rule in enumerate(written.get("routingPolicyRules", []), start=1)
        ],
        "routingPolicyEdgeServices": _edge_services(estate, one),
    }


_WAYS = ("Uplink", "Downlink")
_RULE_TEXTS = (
    *("sourceIpPattern", "destinationIpPattern", "divertIp", "divertPort"),
    *("sourcePortPattern", "destinationPortPattern"),
)


def _rate(moniker: str) -> Json:
    return lookup(10 * (1 + RATES.index(moniker)), moniker)


def _rule(estate: Estate, policy: Named, nth: int, written: Json) -> Json:
    """A rule: its words as values of lists, what it names as references."""
    target, gateway, protocol = (
        written.get(name) for name in ("routingTarget", "regionalGateway", "transportProtocol")
    )
    named_target = next((one for one in estate.routing_targets.values() if target in (one.id, one.moniker)), None)
    return {
        "id": written["id"],
        "routingPolicyId": policy.id,
        "description": written.get("description") or "",
        "precedence": nth,
        "ruleAction": lookup(10, written["ruleAction"]),
        "ruleDirection": lookup(10, written["ruleDirection"]),
        "transportProtocol": lookup(10, protocol) if protocol else None,
        **{name: written.get(name) for name in _RULE_TEXTS},
        "routingTarget": reference(named_target),
        "regionalGateway": {"id": gateway, "moniker": gateway, "name": gateway.capitalize()} if gateway else None,
        "reflexive": bool(written.get("reflexive")),
        "enabled": bool(written.get("enabled")),
    }


def _edge_services(estate: Estate, policy: Named) -> list[Json]:
    """Every edge service, enabled or not, with the instances that the policy uses."""
    written = {str(one.get("moniker")): one for one in policy.fields.get("routingPolicyEdgeServices", [])}
    return [
        _edge_service(estate, moniker, written.get(moniker, {}))
        for moniker in dict.fromkeys((*EDGE_SERVICES, *written))
    ]


def _edge_service(estate: Estate, moniker: str, written: Json) -> Json:
    used = written.get("edgeServiceInstanceIds") or []
    found = [one for one in estate.edge_services.values() if one.id in used or one.moniker in used]
    return {
        "name": written.get("name") or moniker.capitalize(),
        "description": written.get("description") or "",
        "iconShape": written.get("iconShape") or "",
        "moniker": moniker,
        "available": True,
        "enabled": bool(written.get("enabled")),
        "hasInstance": bool(found),
        "edgeServiceInstanceIds": list(used),
        "edgeServiceInstances": [{"id": one.id, "moniker": one.moniker} for one in found],
    }


def _routing_target(estate: Estate, one: Named) -> Json:
    """A target; the names of zone and gateway are INVENTED."""
    written = one.fields
    kind, zone = written.get("routingTargetType", "internet"), written.get("routingRedundancyZoneMoniker") or ""
    instance = str(written.get("routingTargetTypeInstanceId") or kind)
    return {
        "vSlice": reference(estate.vslices.get(one.vslice or "")),
        "routingTargetType": lookup(10 * (1 + TARGETS.index(kind)), kind),
        "routingTargetStatus": lookup(10, "active"),
        "configurationData": written.get("configurationData", {}),
        "publicInstanceConfiguration": "",
        "networkKey": 0,
        "routingTargetTypeInstance": {
            "id": 1,
            "name": instance.capitalize(),
            "moniker": instance,
        },
        "routingRedundancyZoneMoniker": zone,
        "routingRedundancyZoneName": zone.capitalize(),
        "regionalGatewayMoniker": "europe",
        "regionalGatewayName": "Europe",
    }


def _edge_instance(_estate: Estate, one: Named) -> Json:
    return {name: lookup(10, value) if isinstance(value, str) else value for name, value in one.fields.items()}


_NAMED: dict[str, Callable[[Estate, Named], Json]] = {
    "routing_policies": _routing_policy,
    "routing_targets": _routing_target,
    "edge_services": _edge_instance,
    "operator_policies": lambda _, one: {
        **dict.fromkeys(("allow2g", "allow3g", "allow45g"), True),
        "entries": entries("operator_policies", one) or None,
    },
    "regional_policies": lambda _, one: {
        "active": True,
        "isFixed": one.moniker == FIXED,
        "entries": entries("regional_policies", one) or None,
    },
}


def entries(place: str, policy: Named) -> list[Json]:
    """The entries of a policy."""
    word = "steeringProfileEntryAction" if place == "operator_policies" else "regionalGateway"
    return [{**entry, word: lookup(10, entry[word])} for entry in policy.entries]


def handler(_estate: Estate, one: Handler) -> Json:
    """An event handler, secrets and all: the vendor's own client compares them with what it wrote."""
    return {
        "id": one.id,
        "moniker": one.moniker,
        "name": one.name,
        "eventEndpointType": lookup(10, one.type),
        "summaryDescription": one.url,
        "configurationData": {
            "webhookConfig": {
                "url": one.url,
                "timeout": f"{one.timeout:g}",
                "bearerToken": one.bearer_token,
                "username": one.username,
                "password": one.password,
            }
        },
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


def added_subscription(estate: Estate, item: tuple[str, str, str]) -> Json:
    """One subscription as the answer to adding it; another form than the list's."""
    its_id, handler_id, kind = item
    known = estate.handlers.get(handler_id)
    return {
        "eventSubscriptionId": its_id,
        "eventEndpointId": handler_id,
        "eventType": kind,
        "eventHandler": known.moniker if known else None,
    }


def event(one: Event) -> Json:
    """An event, in the list and in a webhook's body."""
    body = {"eventId": one.id, "eventTime": moment(one.at), "eventType": one.type, "detail": one.detail}
    return body if one.endpoint_id is None else body | {"endpointId": one.endpoint_id}
