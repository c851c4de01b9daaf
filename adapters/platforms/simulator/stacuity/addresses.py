"""Which endpoint has which address. Within a VSlice each is given once; VSlices know nothing of each other."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from adapters.platforms.simulator.stacuity.envelope import BAD_FIELD, Refusal
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.model import Endpoint, Group, VSlice


def shown(endpoint: Endpoint, group: Group | None) -> str | None:
    """The address that an endpoint has in a group: the static one in its primary group, else what it was given."""
    if group is None:
        return None
    if endpoint.static_ip is not None and group.id == endpoint.group:
        return endpoint.static_ip
    return endpoint.addresses.get(group.id)


def give(estate: Estate, endpoint: Endpoint, group: Group) -> None:
    """See to it that an endpoint has an address in a group. Raises Refusal when none is left."""
    if shown(endpoint, group) is not None:
        return
    vslice = estate.vslices[group.vslice]
    used = set(_in_use(estate, vslice))
    free = next((one for one in _hosts(group, vslice) if one not in used), None)
    if free is None:
        raise Refusal(BAD_FIELD)
    endpoint.addresses[group.id] = free


def check_static(estate: Estate, endpoint: Endpoint, address: object, vslice: VSlice | None) -> None:
    """A static address lies in a subnet of the VSlice, and nobody else has it there. Raises Refusal."""
    try:
        wanted = IPv4Address(address if isinstance(address, str) else "")
    except ValueError:
        raise Refusal(BAD_FIELD) from None
    if vslice is None or not any(wanted in IPv4Network(subnet) for subnet in vslice.subnets):
        raise Refusal(BAD_FIELD)
    if str(wanted) in set(_in_use(estate, vslice, apart_from=endpoint)):
        raise Refusal(BAD_FIELD)


def make_static(endpoint: Endpoint, address: str | None) -> None:
    """Fix an endpoint's address in its primary group, or let it be drawn again."""
    if address is not None:
        endpoint.addresses.pop(endpoint.group or "", None)
    endpoint.static_ip = address


def _hosts(group: Group, vslice: VSlice) -> Iterator[str]:
    for subnet in [group.subnet] if group.subnet else vslice.subnets:
        yield from map(str, IPv4Network(subnet).hosts())


def _in_use(estate: Estate, vslice: VSlice, *, apart_from: Endpoint | None = None) -> Iterator[str]:
    """Every address of a VSlice that an endpoint has; `apart_from`: without the one in that endpoint's own primary."""
    for one in estate.endpoints.values():
        group = estate.groups.get(one.group or "")
        if group is None or group.vslice != vslice.id:
            continue
        if one.static_ip is not None and one is not apart_from:
            yield one.static_ip
        yield from (given for place, given in one.addresses.items() if one is not apart_from or place != one.group)
