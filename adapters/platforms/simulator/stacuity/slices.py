"""What VSlices may be."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from adapters.platforms.simulator.stacuity import fields
from adapters.platforms.simulator.stacuity.envelope import BAD_FIELD, IN_USE, Refusal
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.fields import Body
from adapters.platforms.simulator.stacuity.model import VSlice

ALLOCATIONS = ("static", "pooled")
_PATTERN = re.compile(r"[A-Za-z0-9*?.-]{1,100}")


def make(estate: Estate, body: Body) -> VSlice:
    """A VSlice with its first subnet."""
    made = VSlice(estate.new_id("vslices"), "", "", [_subnet(body)])
    change(estate, made, body)
    return made


def change(estate: Estate, vslice: VSlice, body: Body) -> None:
    """Write a VSlice anew; its first subnet is fixed once a group is in it. All is checked before one is written."""
    name, moniker = fields.names(estate.vslices, body, except_id=vslice.id)
    subnets = _subnets(estate, vslice, body)
    fields.one_of(body.get("ipAddressFamily", "ipv4"), ("ipv4",))
    allocation = fields.one_of(body.get("ipAllocationType", "static"), ALLOCATIONS)
    mode, servers = _dns(body)
    patterns, map_id = _patterns(body, vslice), fields.map_id(estate, body)
    vslice.name, vslice.moniker, vslice.subnets, vslice.ip_allocation = name, moniker, subnets, allocation
    vslice.dns_mode, vslice.dns_servers, vslice.apn_patterns, vslice.event_map = mode, servers, patterns, map_id


def _subnets(estate: Estate, vslice: VSlice, body: Body) -> list[str]:
    if "subnetAddress" not in body:
        return vslice.subnets
    first = _subnet(body)
    if vslice.subnets[:1] != [first] and any(estate.in_vslice(vslice)):
        raise Refusal(IN_USE)
    return [first, *vslice.subnets[1:]]


def _subnet(body: Body) -> str:
    try:
        return str(IPv4Network(fields.text(body, "subnetAddress")))
    except ValueError:
        raise Refusal(BAD_FIELD) from None


def _dns(body: Body) -> tuple[str, list[str]]:
    """`custom` needs servers, and `auto` must have none."""
    mode, servers = fields.one_of(body.get("dnsMode", "auto"), ("auto", "custom")), body.get("dnsServers") or []
    if not isinstance(servers, list) or (mode == "custom") != bool(servers):
        raise Refusal(BAD_FIELD)
    try:
        return mode, [str(IPv4Address(server if isinstance(server, str) else "")) for server in servers]
    except AddressValueError:
        raise Refusal(BAD_FIELD) from None


def _patterns(body: Body, vslice: VSlice) -> list[str]:
    patterns = body.get("apnPatterns", vslice.apn_patterns)
    if not isinstance(patterns, list) or not all(isinstance(one, str) and _PATTERN.fullmatch(one) for one in patterns):
        raise Refusal(BAD_FIELD)
    return patterns
