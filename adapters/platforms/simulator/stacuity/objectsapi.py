"""The calls on everything else: groups, VSlices, policies, event handlers, event maps and events."""

from datetime import datetime
from functools import partial
from typing import Any

from adapters.platforms.simulator.stacuity import envelope as texts
from adapters.platforms.simulator.stacuity import grouprules, query, shapes
from adapters.platforms.simulator.stacuity.context import Call, Platform
from adapters.platforms.simulator.stacuity.envelope import Malformed, Refusal, success
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.model import Event, EventMap, Group, Handler, Named, VSlice

SCOPES = {"global": "global", "vslice": "vslice", "endpoint": "endpoint", "endpointgroup": "endpoint"}
_BY_NAME: dict[str, Any] = {
    "id": lambda one: one.id,
    "moniker": lambda one: one.moniker,
    "name": lambda one: one.name,
}
_COLLECTIONS: dict[str, tuple[str, Any]] = {
    "vslices": ("vslices", shapes.vslice),
    "operatorpolicies": ("operator_policies", shapes.named),
    "regionalpolicies": ("regional_policies", shapes.named),
    "routingpolicies": ("routing_policies", shapes.named),
    "routingtargets": ("routing_targets", shapes.named),
    "eventhandlers": ("handlers", shapes.handler),
    "eventmaps": ("maps", shapes.event_map),
    "endpointgroups": ("groups", shapes.group),
}


def _objects(platform: Platform, call: Call) -> tuple[dict[str, Any], Any]:
    attribute, shape = _COLLECTIONS[call.keys["kind"].lower()]
    return getattr(platform.estate, attribute), partial(shape, platform.estate)


def list_objects(platform: Platform, call: Call) -> dict[str, Any]:
    """GET on a collection"""
    objects, shape = _objects(platform, call)
    return query.listed(sorted(objects.values(), key=lambda one: str(one.id)), call.query, _BY_NAME, shape)


def read_object(platform: Platform, call: Call) -> dict[str, Any]:
    """GET on one object, by id or moniker"""
    objects, shape = _objects(platform, call)
    return success(shape(platform.estate.find(objects, call.keys["key"])))


def create_object(platform: Platform, call: Call) -> dict[str, Any]:
    """POST on a collection: the answer is the new id"""
    kind, estate = call.keys["kind"].lower(), platform.estate
    if kind == "endpointgroups":
        return success(grouprules.create(estate, call.fields).id)
    objects, _ = _objects(platform, call)
    name, moniker = _names(estate, objects, call.fields)
    if kind != "vslices" and not estate.vslices:
        raise Refusal(texts.BAD_FIELD)
    its_id = estate.new_id(kind)
    objects[its_id] = _made(platform, kind, its_id, moniker, name, call.fields)
    return success(its_id)


def _made(platform: Platform, kind: str, its_id: str, moniker: str, name: str, body: dict[str, Any]) -> Any:
    if kind == "vslices":
        return VSlice(its_id, moniker, name, [_text(body, "subnetAddress")])
    if kind == "eventhandlers":
        return _handler(its_id, moniker, name, body)
    if kind == "eventmaps":
        scope = SCOPES.get(_text(body, "eventScope"))
        if scope is None:
            raise Refusal(texts.BAD_FIELD)
        return EventMap(its_id, moniker, name, scope)
    vslice = None
    if kind in ("routingpolicies", "routingtargets"):
        vslice = platform.estate.find(platform.estate.vslices, _text(body, "vslice")).id
    return Named(its_id, moniker, name, vslice)


def _handler(its_id: str, moniker: str, name: str, body: dict[str, Any]) -> Handler:
    hook = body.get("configurationData", {}).get("webhookConfig", {})
    if body.get("eventEndpointType") != "webhook":
        raise Refusal(texts.BAD_FIELD)
    return Handler(
        its_id,
        moniker,
        name,
        "webhook",
        url=_text(hook, "url"),
        timeout=float(_text(hook, "timeout")),
        bearer_token=hook.get("bearerToken"),
        username=hook.get("username"),
        password=hook.get("password"),
    )


def update_object(platform: Platform, call: Call) -> dict[str, Any]:
    """PUT on one object"""
    estate, kind = platform.estate, call.keys["kind"].lower()
    objects, _ = _objects(platform, call)
    one = estate.find(objects, call.keys["key"])
    if kind == "endpointgroups":
        grouprules.update(estate, one, call.fields)
        return success(one.id)
    if kind == "eventmaps" and SCOPES.get(str(call.fields.get("eventScope", one.scope))) != one.scope:
        raise Refusal(texts.FIXED)
    one.name, one.moniker = _names(estate, objects, call.fields, except_id=one.id)
    if kind in ("vslices",) and "eventMap" in call.fields:
        one.event_map = estate.find(estate.maps, _text(call.fields, "eventMap")).id
    return success(one.id)


def delete_object(platform: Platform, call: Call) -> dict[str, Any]:
    """DELETE on one object"""
    objects, _ = _objects(platform, call)
    one = platform.estate.find(objects, call.keys["key"])
    if isinstance(one, Group):
        grouprules.delete(platform.estate, one)
    else:
        del objects[one.id]
    return success()


def _names(estate: Estate, objects: dict[str, Any], body: dict[str, Any], *, except_id: str = "") -> tuple[str, str]:
    name, moniker = _text(body, "name"), _text(body, "moniker")
    if len(name) > 100 or len(moniker) > 30 or estate.is_taken(objects, moniker, except_id=except_id):
        raise Refusal(texts.BAD_FIELD)
    return name, moniker


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refusal(texts.BAD_FIELD)
    return value


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


# --- events ---


def list_subscriptions(platform: Platform, call: Call) -> dict[str, Any]:
    """GET /EventMaps/{map}/subscriptions"""
    estate = platform.estate
    found = estate.find(estate.maps, call.keys["map"])
    return success([shapes.subscription(estate, found, item) for item in found.subscriptions])


def subscribe(platform: Platform, call: Call) -> dict[str, Any]:
    """POST /EventMaps/{map}/subscriptions"""
    estate = platform.estate
    found = estate.find(estate.maps, call.keys["map"])
    added = []
    for item in call.items:
        handler = estate.find(estate.handlers, str(item.get("eventEndpointId")))
        added.append((estate.new_id("subscription"), handler.id, str(item.get("eventTypeId")).lower()))
    found.subscriptions += added
    return success([shapes.subscription(estate, found, item) for item in added])


def list_events(platform: Platform, call: Call) -> dict[str, Any]:
    """GET /events: newest first, narrowed by type, endpoint and time"""
    since, until = _moment(call.query.get("from")), _moment(call.query.get("to"))
    found = [
        one
        for one in reversed(platform.estate.events)
        if (since is None or one.at >= since) and (until is None or one.at <= until)
    ]
    getters: dict[str, query.Getter[Event]] = {
        "eventType": lambda one: one.type,
        "endpointId": lambda one: one.endpoint_id,
        "endpointGroup": lambda one: str(one.detail.get("endpointGroup") or ""),
    }
    return query.listed(found, call.query, getters, shapes.event)


def _moment(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise Malformed("not a date-time") from None


def verify_token(_platform: Platform, _call: Call) -> dict[str, Any]:
    """GET /apitokens/verify"""
    return success() | {"messages": ["The token is valid"]}
