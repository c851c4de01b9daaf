"""Every operation of Stacuity's API that the program uses: one row each, and nowhere else.

Rows that are not verified were never seen on the wire: that the operation exists is documented, its form is inferred.
What is learned from the live API is corrected here and in the simulator's routes. Sources: docs/platforms.md, Stacuity.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from adapters.platforms.stacuity import parse
from adapters.platforms.stacuity.parse import Endpoint
from domain.groups import Draft, GroupKind
from domain.ports import ReadRefused

_LEADS_ELSEWHERE = re.compile(r"[/\\%]|^\.{0,2}$")
_BY_DOCUMENTATION = "compare it with the live API reference, then try it with one spare SIM"


class UnusableKey(ReadRefused):
    """A key that an address cannot hold as one step of its path; nothing was asked or sent."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One call: how it is made, how its data is read, and whether its form is known."""

    name: str
    method: str
    path: str
    verified: bool
    parse: Callable[[Any], Any] = parse.nothing
    body: Callable[..., Any] | None = None
    how_to_verify: str = ""

    def address(self, **keys: str) -> str:
        """The path with its keys filled in, each as one step of it.

        Quoting does not keep the dots or a slash in their place: clients, proxies and servers take them out again.

        Raises UnusableKey.
        """
        for name, key in keys.items():
            if _LEADS_ELSEWHERE.search(key):
                raise UnusableKey(f"the {name} {key!r} cannot stand in an address, so nothing was asked or sent")
        return self.path.format(**{name: quote(key, safe="") for name, key in keys.items()})


def claim_body(
    *, iccid: str, activation_code: str, name: str, reference: str | None, tags: Sequence[str] = ()
) -> dict[str, Any]:
    """A SIM to be put on the account. Absent fields are left out."""
    fields = {"iccid": iccid, "activationCode": activation_code, "name": name, "reference": reference}
    return {key: value for key, value in fields.items() if value} | ({"tags": list(tags)} if tags else {})


def edit_body(endpoint: Endpoint) -> dict[str, Any]:
    """All editable fields together: a write that left one out might clear it."""
    fields = {
        "name": endpoint.name,
        "reference": endpoint.reference,
        "staticIp": endpoint.static_ip,
        "imeiLock": endpoint.imei_lock,
    }
    return {"tags": list(endpoint.tags)} | {key: value for key, value in fields.items() if value is not None}


def assign_body(group_id: str) -> dict[str, Any]:
    """The group that an endpoint goes into."""
    return {"endpointGroup": group_id}


def status_body(word: str) -> dict[str, Any]:
    """The status that an endpoint shall have."""
    return {"endpointStatus": word}


def group_body(draft: Draft) -> dict[str, Any]:
    """A new group. Both known sets of fields are sent; absent ones are left out."""
    fields: Mapping[str, Any] = {
        "name": draft.name,
        "moniker": draft.moniker,
        "vslice": draft.vslice,
        "routingPolicy": draft.routing_policy,
        "regionalGatewayPolicy": draft.regional_policy,
        "steeringProfile": draft.operator_policy,
        "eventMap": draft.event_map,
        "ipAllocationType": draft.ip_allocation,
        "subscriptionType": draft.subscription_type,
        "endpointGroupType": draft.kind.value,
        "apn": draft.apn if draft.kind is GroupKind.SECONDARY else None,
        "ipv4Subnet": draft.subnet,
        "sessionInactivityTime": draft.inactivity_seconds,
        "sessionInactivityAction": draft.inactivity_action.value,
    }
    return {key: value for key, value in fields.items() if value is not None}


def associate_body(secondary_id: str) -> list[dict[str, Any]]:
    """The secondary group that a primary one gains."""
    return [{"endpointGroupId": secondary_id}]


_ROWS = (
    Operation("verify_token", "GET", "/apitokens/verify", verified=True),
    Operation("list_endpoints", "GET", "/endpoints", verified=True, parse=parse.endpoints),
    Operation("read_endpoint", "GET", "/endpoints/{endpoint}", verified=True, parse=parse.endpoint),
    Operation("list_groups", "GET", "/EndpointGroups", verified=True, parse=parse.groups),
    Operation("read_group", "GET", "/EndpointGroups/{group}", verified=True, parse=parse.group),
    Operation("read_vslice", "GET", "/vslices/{vslice}", verified=True, parse=parse.vslice),
    Operation("read_routing_policy", "GET", "/RoutingPolicies/{policy}", verified=True, parse=parse.policy),
    Operation("list_events", "GET", "/events", verified=True, parse=parse.events),
    Operation(
        "claim",
        "POST",
        "/endpoints",
        verified=False,
        parse=parse.new_id,
        body=claim_body,
        how_to_verify=f"{_BY_DOCUMENTATION} that has an activation code",
    ),
    Operation("edit", "PUT", "/endpoints/{endpoint}", verified=False, body=edit_body, how_to_verify=_BY_DOCUMENTATION),
    Operation(
        "assign",
        "PUT",
        "/endpoints/{endpoint}/endpointgroup",
        verified=False,
        body=assign_body,
        how_to_verify=_BY_DOCUMENTATION,
    ),
    Operation(
        "change_status",
        "PUT",
        "/endpoints/{endpoint}/status",
        verified=False,
        body=status_body,
        how_to_verify=f"{_BY_DOCUMENTATION}: suspend it, try to resume it, and leave termination for last",
    ),
    Operation(
        "create_group",
        "POST",
        "/EndpointGroups",
        verified=False,  # the call was seen; the names of the newer fields were not
        parse=parse.new_id,
        body=group_body,
        how_to_verify="compare the fields with the live API reference, then make a group and read it back",
    ),
    Operation(
        "associate",
        "POST",
        "/EndpointGroups/{group}/secondarygroups",
        verified=False,
        body=associate_body,
        how_to_verify="compare it with the live API reference, then try it with two groups that hold no endpoints",
    ),
)
OPERATIONS: Mapping[str, Operation] = {row.name: row for row in _ROWS}
