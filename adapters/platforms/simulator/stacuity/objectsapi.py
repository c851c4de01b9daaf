"""The calls on everything but endpoints and events: groups, VSlices, policies, handlers, maps."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from adapters.platforms.simulator.stacuity import envelope as texts
from adapters.platforms.simulator.stacuity import eventsapi, grouprules, policies, query, shapes, slices
from adapters.platforms.simulator.stacuity.context import Call, Platform
from adapters.platforms.simulator.stacuity.envelope import Refusal, success
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.model import Group


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of objects: where the estate keeps them, how they are shown, made and written anew."""

    place: str
    shape: Callable[[Estate, Any], dict[str, Any]]
    make: Callable[[Estate, Any], Any]
    change: Callable[[Estate, Any, Any], None]


def _named(place: str) -> _Kind:
    return _Kind(place, partial(shapes.named, place=place), policies.maker(place), policies.changer(place))


_KINDS = {
    "vslices": _Kind("vslices", shapes.vslice, slices.make, slices.change),
    "endpointgroups": _Kind("groups", shapes.group, grouprules.make, grouprules.change),
    "eventhandlers": _Kind("handlers", shapes.handler, eventsapi.make_handler, eventsapi.change_handler),
    "eventmaps": _Kind("maps", shapes.event_map, eventsapi.make_map, eventsapi.change_map),
    "operatorpolicies": _named("operator_policies"),
    "regionalpolicies": _named("regional_policies"),
    "routingpolicies": _named("routing_policies"),
    "routingtargets": _named("routing_targets"),
    "edgeservices": _named("edge_services"),
}
KINDS = "|".join(_KINDS)
_BY_NAME: dict[str, Any] = {
    "id": lambda one: one.id,
    "moniker": lambda one: one.moniker,
    "name": lambda one: one.name,
}


def _objects(platform: Platform, call: Call) -> tuple[_Kind, dict[str, Any]]:
    kind = _KINDS[call.keys["kind"].lower()]
    return kind, getattr(platform.estate, kind.place)


def list_objects(platform: Platform, call: Call) -> dict[str, Any]:
    """GET on a collection"""
    kind, objects = _objects(platform, call)
    ordered = sorted(objects.values(), key=lambda one: str(one.id))
    return query.listed(ordered, call.query, _BY_NAME, partial(kind.shape, platform.estate))


def read_object(platform: Platform, call: Call) -> dict[str, Any]:
    """GET on one object, by id or moniker"""
    kind, objects = _objects(platform, call)
    return success(kind.shape(platform.estate, platform.estate.find(objects, call.keys["key"])))


def create_object(platform: Platform, call: Call) -> dict[str, Any]:
    """POST on a collection: the answer is the new id. A VSlice comes before everything else."""
    kind, objects = _objects(platform, call)
    if kind.place != "vslices" and not platform.estate.vslices:
        raise Refusal(texts.BAD_FIELD)
    made = kind.make(platform.estate, call.fields)
    objects[made.id] = made
    return success(made.id)


def update_object(platform: Platform, call: Call) -> dict[str, Any]:
    """PUT on one object: everything that can change is written anew"""
    kind, objects = _objects(platform, call)
    one = platform.estate.find(objects, call.keys["key"])
    kind.change(platform.estate, one, call.fields)
    return success(one.id)


def delete_object(platform: Platform, call: Call) -> dict[str, Any]:
    """DELETE on one object that no other one names"""
    kind, objects = _objects(platform, call)
    estate = platform.estate
    one = estate.find(objects, call.keys["key"])
    if isinstance(one, Group):
        grouprules.check_deletable(estate, one)
    elif kind.place == "regional_policies":
        policies.check_changeable(one, kind.place)
    if one.id in estate.named_ids():
        raise Refusal(texts.IN_USE)
    del objects[one.id]
    estate.ledger.record("delete_object", None, None, place=kind.place, moniker=one.moniker)
    return success()


def list_entries(platform: Platform, call: Call) -> dict[str, Any]:
    """GET /OperatorPolicies/{key}/entries, and the same for regional policies"""
    kind, objects = _objects(platform, call)
    return success(shapes.entries(kind.place, platform.estate.find(objects, call.keys["key"])))


def add_entries(platform: Platform, call: Call) -> dict[str, Any]:
    """POST on the same, a list for an operator policy, one object for a regional one: the answer holds no data"""
    kind, objects = _objects(platform, call)
    policy = platform.estate.find(objects, call.keys["key"])
    items = [call.fields] if kind.place == "regional_policies" else call.items
    policies.add_entries(platform.estate, kind.place, policy, items)
    return success() | {"messages": ["Entries added"]}


# --- secondary groups ---


def list_secondaries(platform: Platform, call: Call) -> dict[str, Any]:
    """GET /EndpointGroups/{group}/secondarygroups"""
    estate = platform.estate
    primary = estate.find(estate.groups, call.keys["group"])
    return success([shapes.reference(one) for one in estate.secondaries(primary)])


def associate(platform: Platform, call: Call) -> dict[str, Any]:
    """POST /EndpointGroups/{group}/secondarygroups"""
    estate = platform.estate
    primary = estate.find(estate.groups, call.keys["group"])
    for item in call.items:
        grouprules.associate(estate, primary, estate.find(estate.groups, str(item.get("endpointGroupId"))))
    return success()


def disassociate(platform: Platform, call: Call) -> dict[str, Any]:
    """DELETE /EndpointGroups/{group}/secondarygroups/{secondary}"""
    estate = platform.estate
    primary = estate.find(estate.groups, call.keys["group"])
    grouprules.disassociate(estate, primary, estate.find(estate.groups, call.keys["secondary"]))
    return success()


def verify_token(_platform: Platform, _call: Call) -> dict[str, Any]:
    """GET /apitokens/verify"""
    return success() | {"messages": ["The token is valid"]}
