"""Which call is answered by what. Names are those of the client's contract, so that faults can be set by them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.platforms.simulator.stacuity import endpointsapi, eventsapi, objectsapi
from adapters.platforms.simulator.stacuity.context import Handler


@dataclass(frozen=True, slots=True)
class Route:
    """One call of the API. `path` is its name with a slash before it, as the fault rules write it."""

    method: str
    path: str
    pattern: re.Pattern[str]
    handler: Handler
    writes: bool = False


def _route(name: str, method: str, template: str, handler: Handler, *, writes: bool | None = None) -> Route:
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
    return Route(
        method, f"/{name}", re.compile(pattern, re.IGNORECASE), handler, method != "GET" if writes is None else writes
    )


_KIND = f"/(?P<kind>{objectsapi.KINDS})"
_POLICY = "/(?P<kind>OperatorPolicies|RegionalPolicies)/{key}"
_E = endpointsapi
_O = objectsapi
_V = eventsapi
ROUTES = (
    _route("verify_token", "GET", "/apitokens/verify", _O.verify_token),
    _route("list_endpoints", "GET", "/endpoints", _E.list_endpoints),
    _route("claim", "POST", "/endpoints", _E.claim),
    _route("change_status_of_many", "PUT", "/endpoints/status", _E.change_status_of_many),
    _route("read_endpoint", "GET", "/endpoints/{endpoint}", _E.read_endpoint),
    _route("edit", "PUT", "/endpoints/{endpoint}", _E.edit),
    _route("assign", "PUT", "/endpoints/{endpoint}/endpointgroup", _E.assign),
    _route("change_status", "PUT", "/endpoints/{endpoint}/status", _E.change_status),
    _route("ip_addresses", "GET", "/endpoints/{endpoint}/ipaddresses", _E.addresses),
    _route("reset", "POST", "/endpoints/{endpoint}/reset", _E.reset),
    _route("send_sms", "POST", "/endpoints/{endpoint}/sms", _E.send_sms),
    _route("list_key_values", "GET", "/endpoints/{endpoint}/keyvalues", _E.key_values),
    _route("put_key_value", "PUT", "/endpoints/{endpoint}/keyvalues/{key}", _E.put_key_value),
    _route("delete_key_value", "DELETE", "/endpoints/{endpoint}/keyvalues/{key}", _E.delete_key_value),
    _route("assign_many", "POST", "/EndpointGroups/{group}/endpoints", _E.assign_many),
    _route("list_secondaries", "GET", "/EndpointGroups/{group}/secondarygroups", _O.list_secondaries),
    _route("associate", "POST", "/EndpointGroups/{group}/secondarygroups", _O.associate),
    _route("disassociate", "DELETE", "/EndpointGroups/{group}/secondarygroups/{secondary}", _O.disassociate),
    _route("list_subscriptions", "GET", "/EventMaps/{map}/subscriptions", _V.list_subscriptions),
    _route("subscribe", "POST", "/EventMaps/{map}/subscriptions", _V.subscribe),
    _route("list_events", "GET", "/events", _V.list_events),
    _route("list_entries", "GET", f"{_POLICY}/entries", _O.list_entries),
    _route("add_entries", "POST", f"{_POLICY}/entries", _O.add_entries),
    _route("list_objects", "GET", _KIND, _O.list_objects),
    _route("create_object", "POST", _KIND, _O.create_object),
    _route("read_object", "GET", f"{_KIND}/{{key}}", _O.read_object),
    _route("update_object", "PUT", f"{_KIND}/{{key}}", _O.update_object),
    _route("delete_object", "DELETE", f"{_KIND}/{{key}}", _O.delete_object),
)


def find(method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
    """The route of a request, with the parts of its path."""
    for route in ROUTES:
        if route.method == method and (match := route.pattern.fullmatch(path)):
            return route, match.groupdict()
    return None
