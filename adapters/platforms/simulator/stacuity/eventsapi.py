"""Event handlers, event maps with their subscriptions, and the list of events."""

import math
from datetime import UTC, datetime
from typing import Any

from adapters.platforms.simulator.stacuity import envelope as texts
from adapters.platforms.simulator.stacuity import fields, query, shapes
from adapters.platforms.simulator.stacuity.context import Call, Platform
from adapters.platforms.simulator.stacuity.envelope import Malformed, Refusal, success
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.fields import Body
from adapters.platforms.simulator.stacuity.model import Event, EventMap, Handler

SCOPES = {"global": "global", "vslice": "vslice", "endpoint": "endpoint", "endpointgroup": "endpoint"}
_NAME_LENGTH = 50
_DEFAULT_TIMEOUT, _LONGEST_TIMEOUT = "5", 300.0


def make_handler(estate: Estate, body: Body) -> Handler:
    """Where events can be sent."""
    made = Handler(estate.new_id("eventhandlers"), "", "", "webhook", url="", timeout=0)
    change_handler(estate, made, body)
    return made


def change_handler(estate: Estate, handler: Handler, body: Body) -> None:
    """Write a handler anew, its secrets too; all is checked before one is written."""
    name, moniker = fields.names(estate.handlers, body, except_id=handler.id, longest=_NAME_LENGTH)
    fields.one_of(body.get("eventEndpointType"), ("webhook",))
    hook = fields.part(fields.part(body, "configurationData"), "webhookConfig")
    url, timeout = fields.text(hook, "url"), _timeout(hook)
    token, username, password = (fields.optional_text(hook, key) for key in ("bearerToken", "username", "password"))
    handler.name, handler.moniker, handler.url, handler.timeout = name, moniker, url, timeout
    handler.bearer_token, handler.username, handler.password = token, username, password


def _timeout(hook: Body) -> float:
    """Seconds as a text, as the platform's own client writes them."""
    wanted = hook.get("timeout")
    wanted = _DEFAULT_TIMEOUT if wanted in (None, "") else wanted
    try:
        seconds = float(wanted) if isinstance(wanted, str) else math.nan
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= _LONGEST_TIMEOUT:
        raise Refusal(texts.BAD_FIELD)
    return seconds


def make_map(estate: Estate, body: Body) -> EventMap:
    """Which events go where, in a scope."""
    made = EventMap(estate.new_id("eventmaps"), "", "", _scope(body))
    change_map(estate, made, body)
    return made


def change_map(estate: Estate, one: EventMap, body: Body) -> None:
    """Write a map anew; its scope never changes, and its subscriptions stay when none are given."""
    name, moniker = fields.names(estate.maps, body, except_id=one.id, longest=_NAME_LENGTH)
    if "eventScope" in body and _scope(body) != one.scope:
        raise Refusal(texts.FIXED)
    items = body.get("subscriptions")
    if items is not None and not isinstance(items, list):
        raise Refusal(texts.BAD_FIELD)
    subscriptions = one.subscriptions if items is None else _subscriptions(estate, one, items)
    one.name, one.moniker, one.subscriptions = name, moniker, subscriptions


def _scope(body: Body) -> str:
    scope = SCOPES.get(fields.text(body, "eventScope"))
    if scope is None:
        raise Refusal(texts.BAD_FIELD)
    return scope


def _subscription(estate: Estate, item: object) -> tuple[str, str, str]:
    if not isinstance(item, dict):
        raise Refusal(texts.BAD_FIELD)
    handler = fields.needed(estate, estate.handlers, item.get("eventEndpointId"))
    return estate.new_id("subscription"), handler.id, fields.text(item, "eventTypeId").lower()


def _subscriptions(estate: Estate, one: EventMap, items: list[Any]) -> list[tuple[str, str, str]]:
    """What the items ask for, each once; one that the map has keeps its id."""
    there = {(handler, kind): (its_id, handler, kind) for its_id, handler, kind in one.subscriptions}
    found: dict[tuple[str, str], tuple[str, str, str]] = {}
    for its_id, handler, kind in (_subscription(estate, item) for item in items):
        found.setdefault((handler, kind), there.get((handler, kind), (its_id, handler, kind)))
    return list(found.values())


def list_subscriptions(platform: Platform, call: Call) -> dict[str, Any]:
    """GET /EventMaps/{map}/subscriptions"""
    estate = platform.estate
    found = estate.find(estate.maps, call.keys["map"])
    return success([shapes.subscription(estate, found, item) for item in found.subscriptions])


def subscribe(platform: Platform, call: Call) -> dict[str, Any]:
    """POST /EventMaps/{map}/subscriptions"""
    estate = platform.estate
    found = estate.find(estate.maps, call.keys["map"])
    asked = _subscriptions(estate, found, call.items)
    found.subscriptions = list(dict.fromkeys([*found.subscriptions, *asked]))
    return success([shapes.added_subscription(estate, item) for item in asked])


def list_events(platform: Platform, call: Call) -> dict[str, Any]:
    """GET /events: newest first, narrowed by type, endpoint, group and time"""
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
    """A time of the query; without a zone it is UTC."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed("not a date-time") from None
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
