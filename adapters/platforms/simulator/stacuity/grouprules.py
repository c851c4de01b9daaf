"""What groups may be, and how primary and secondary ones are tied together. Source: 000_c305da06f1b55772.txt."""

import re
from fnmatch import fnmatchcase

from adapters.platforms.simulator.stacuity import envelope as texts
from adapters.platforms.simulator.stacuity import fields
from adapters.platforms.simulator.stacuity.envelope import Refusal
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.fields import Body
from adapters.platforms.simulator.stacuity.model import Group, VSlice
from adapters.platforms.simulator.stacuity.slices import ALLOCATIONS

MONIKER = re.compile(r"[a-z0-9_-]{5,30}")
SUBSCRIPTION_TYPES = ("integrated", "edge")
ACTIONS = ("notify", "notifyandterminate")
_APN = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*", re.IGNORECASE)


def make(estate: Estate, body: Body) -> Group:
    """Make a group, or refuse it for the first thing that is wrong."""
    vslice = fields.needed(estate, estate.vslices, body.get("vslice"))
    if not vslice.subnets or not estate.regional_policies:
        raise Refusal(texts.BAD_FIELD)
    kind = fields.one_of(_given(body, "endpointGroupType", "primary"), ("primary", "secondary"))
    group = Group(
        id=estate.new_id("group"),
        moniker="",
        name="",
        vslice=vslice.id,
        subscription_type=fields.one_of(_given(body, "subscriptionType", "integrated"), SUBSCRIPTION_TYPES),
        kind=kind,
        regional_policy="",
        subnet=_subnet(vslice, body.get("ipv4Subnet")),
        ip_allocation=vslice.ip_allocation,
    )
    _write_changeable(estate, group, body)
    estate.ledger.record("create_group", None, None, group=group.moniker)
    return group


def change(estate: Estate, group: Group, body: Body) -> None:
    """Write a group anew; what can never change must be as it was, or left out."""
    fixed: dict[str, set[str | None]] = {
        "vslice": {group.vslice, estate.vslices[group.vslice].moniker},
        "subscriptionType": {group.subscription_type},
        "endpointGroupType": {group.kind},
        "ipv4Subnet": {group.subnet},
    }
    if any(body[name] not in allowed for name, allowed in fixed.items() if name in body):
        raise Refusal(texts.FIXED)
    before = group.routing_policy
    _write_changeable(estate, group, body)
    estate.ledger.record(
        "update_group", None, None, group=group.moniker, routing_changed=before != group.routing_policy
    )


def _write_changeable(estate: Estate, group: Group, body: Body) -> None:
    """Check everything before anything is written."""
    name, moniker = body.get("name"), body.get("moniker")
    if not isinstance(name, str) or not 2 <= len(name) <= 100:
        raise Refusal(texts.BAD_FIELD)
    if not isinstance(moniker, str) or not MONIKER.fullmatch(moniker):
        raise Refusal(texts.BAD_FIELD)
    fields.names(estate.groups, body, except_id=group.id)
    policies, map_id = _policies(estate, group, body), fields.map_id(estate, body)
    action = fields.one_of(_given(body, "sessionInactivityAction", group.inactivity_action), ACTIONS)
    allocation = fields.one_of(_given(body, "ipAllocationType", group.ip_allocation), ALLOCATIONS)
    seconds = _seconds(body.get("sessionInactivityTime"))
    apn = _apn_of(estate, group, body.get("apn"))
    group.name, group.moniker, group.event_map, group.apn = name, moniker, map_id, apn
    group.inactivity_action, group.inactivity_time, group.ip_allocation = action, seconds, allocation
    group.routing_policy, group.regional_policy, group.operator_policy = policies


def _given(body: Body, name: str, default: str) -> object:
    """What the body says; public clients leave the newer fields out."""
    value = body.get(name)
    return default if value is None else value


def _policies(estate: Estate, group: Group, body: Body) -> tuple[str | None, str, str | None]:
    routing, operator = body.get("routingPolicy"), body.get("steeringProfile")
    routing_policy = fields.needed(estate, estate.routing_policies, routing) if routing else None
    if routing_policy is not None and routing_policy.vslice != group.vslice:
        raise Refusal(texts.OTHER_VSLICE)
    operator_policy = fields.needed(estate, estate.operator_policies, operator) if operator else None
    return (
        routing_policy.id if routing_policy else None,
        fields.needed(estate, estate.regional_policies, body.get("regionalGatewayPolicy")).id,
        operator_policy.id if operator_policy else None,
    )


def _apn_of(estate: Estate, group: Group, apn: object) -> str | None:
    """A primary's APN comes from its VSlice; a secondary needs one that fits the VSlice's pattern."""
    if group.kind == "primary":
        if apn is not None:
            raise Refusal(texts.BAD_APN)
        return group.apn
    patterns = estate.vslices[group.vslice].apn_patterns
    if not isinstance(apn, str) or len(apn) > 100 or not _APN.fullmatch(apn):
        raise Refusal(texts.BAD_APN)
    if not any(fnmatchcase(apn.lower(), pattern.lower()) for pattern in patterns):
        raise Refusal(texts.BAD_APN)
    primary = estate.groups.get(group.primary or "")
    if primary is not None and apn.lower() in _used_apns(estate, primary, except_id=group.id):
        raise Refusal(texts.BAD_APN)
    return apn


def _used_apns(estate: Estate, primary: Group, *, except_id: str = "") -> set[str]:
    tied = [primary, *estate.secondaries(primary)]
    return {one.apn.lower() for one in tied if one.apn and one.id != except_id}


def associate(estate: Estate, primary: Group, secondary: Group) -> None:
    """Give all endpoints of a primary the APN of a secondary, at once."""
    if primary.kind != "primary" or secondary.kind != "secondary":
        raise Refusal(texts.BAD_FIELD)
    if secondary.primary == primary.id:
        return
    if secondary.primary is not None:
        raise Refusal(texts.GROUP_ASSOCIATED)
    if secondary.vslice != primary.vslice:
        raise Refusal(texts.OTHER_VSLICE)
    if (secondary.apn or "").lower() in _used_apns(estate, primary):
        raise Refusal(texts.BAD_APN)
    secondary.primary = primary.id
    estate.ledger.record("associate", None, None, primary=primary.moniker, secondary=secondary.moniker)


def disassociate(estate: Estate, primary: Group, secondary: Group) -> None:
    """Take a secondary away from its primary."""
    if secondary.primary != primary.id:
        raise Refusal(texts.NOT_FOUND)
    secondary.primary = None
    for endpoint in estate.endpoints.values():
        endpoint.addresses.pop(secondary.id, None)
    estate.ledger.record("disassociate", None, None, primary=primary.moniker, secondary=secondary.moniker)


def check_deletable(estate: Estate, group: Group) -> None:
    """A group is deleted at once, unless endpoints or associations hold it; endpoints stay as they are."""
    if estate.members(group):
        raise Refusal(texts.GROUP_USED)
    if group.primary is not None or estate.secondaries(group):
        raise Refusal(texts.GROUP_ASSOCIATED)


def _subnet(vslice: VSlice, subnet: object) -> str | None:
    if subnet is None:
        return None
    if subnet not in vslice.subnets:
        raise Refusal(texts.OTHER_VSLICE)
    return str(subnet)


def _seconds(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise Refusal(texts.BAD_FIELD)
    return value
