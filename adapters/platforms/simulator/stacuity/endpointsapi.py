"""The calls on endpoints. Those that no public client shows are INVENTED: claim, edit, assign, status, addresses."""

from collections.abc import Callable
from functools import partial
from typing import Any

from adapters.platforms.simulator.stacuity import addresses as places
from adapters.platforms.simulator.stacuity import envelope as texts
from adapters.platforms.simulator.stacuity import fields, query, rules, shapes, traffic
from adapters.platforms.simulator.stacuity.context import Call, Platform
from adapters.platforms.simulator.stacuity.envelope import Malformed, Refusal, success
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.model import DETACHED, STATUSES, Endpoint

BULK_MOST = 500
_STATUS_OF = {word: status for status, word in STATUSES.items()}
_SLOW_SECONDS = (1.0, 20.0)
_EDITABLE = {"name", "tags", "reference", "staticIp", "imeiLock"}
_NAME_LENGTH = 100
_EVERY_SEVENTH = 7
_LARGEST_CODE = 255


def list_endpoints(platform: Platform, call: Call) -> dict[str, Any]:
    """GET /endpoints"""
    wanted = dict(call.query)
    if "filter_ignored" in platform.estate.behaviours:
        wanted.pop("filter", None)
    shape = partial(shapes.endpoint, platform.estate)
    return query.listed(platform.estate.ordered(), wanted, _getters(platform.estate), shape)


def _getters(estate: Estate) -> dict[str, query.Getter[Endpoint]]:
    return {
        "id": lambda one: one.id,
        "iccid": lambda one: one.iccid,
        "name": lambda one: one.name,
        "reference": lambda one: one.reference,
        "tags": lambda one: one.tags,
        "endpointStatus": lambda one: STATUSES[one.status],
        "endpointGroup": lambda one: estate.groups[one.group].moniker if one.group else None,
    }


def read_endpoint(platform: Platform, call: Call) -> dict[str, Any]:
    """GET /endpoints/{endpoint}: by id or reference."""
    return success(shapes.endpoint(platform.estate, platform.estate.endpoint(call.keys["endpoint"])))


def claim(platform: Platform, call: Call) -> dict[str, Any]:
    """POST /endpoints"""
    estate, body = platform.estate, call.fields
    if body.get("reference") is not None:
        rules.check_reference(estate, body["reference"])
    tags = rules.check_tags(body.get("tags", []))
    endpoint = rules.claim(estate, body.get("iccid"), body.get("activationCode"))
    endpoint.tags, endpoint.name, endpoint.reference = tags, body.get("name"), body.get("reference")
    return success(endpoint.id)


def edit(platform: Platform, call: Call) -> dict[str, Any]:
    """PUT /endpoints/{endpoint}: every editable field is replaced; all are checked before one is written."""
    estate, body = platform.estate, call.fields
    endpoint = estate.endpoint(call.keys["endpoint"])
    rules.check_editable(endpoint)
    shown = shapes.endpoint(estate, endpoint)
    if any(name not in _EDITABLE and value != shown.get(name) for name, value in body.items()):
        raise Refusal(texts.FIXED)
    name, reference = body.get("name"), body.get("reference")
    if name is not None and (not isinstance(name, str) or len(name) > _NAME_LENGTH):
        raise Refusal(texts.BAD_FIELD)
    if reference is not None:
        rules.check_reference(estate, reference, endpoint.id)
    tags = rules.check_tags(body.get("tags") or [], endpoint.tags)
    if body.get("staticIp") is not None:
        rules.check_static_ip(estate, endpoint, body["staticIp"])
    if body.get("imeiLock") is not None:
        rules.check_imei_lock(body["imeiLock"])
    _write(estate, endpoint, body | {"tags": tags})
    return success(endpoint.id)


def _write(estate: Estate, endpoint: Endpoint, body: dict[str, Any]) -> None:
    before = (endpoint.imei_lock, endpoint.tags)
    endpoint.name, endpoint.reference, endpoint.tags = body.get("name"), body.get("reference"), body["tags"]
    places.make_static(endpoint, body.get("staticIp"))
    if endpoint.session_since is not None:
        places.give(estate, endpoint, estate.groups[endpoint.group or ""])
    endpoint.imei_lock = body.get("imeiLock")
    estate.ledger.record("edit", endpoint.id, endpoint.iccid, tags=list(endpoint.tags), before=list(before[1]))
    if endpoint.imei_lock != before[0]:
        estate.tell("EndpointIMEIChanged", endpoint)


def assign(platform: Platform, call: Call) -> dict[str, Any]:
    """PUT /endpoints/{endpoint}/endpointgroup"""
    estate = platform.estate
    endpoint = estate.endpoint(call.keys["endpoint"])
    _assign(platform, endpoint, call.fields.get("endpointGroup"))
    return success(endpoint.id)


def _assign(platform: Platform, endpoint: Endpoint, key: object) -> None:
    estate = platform.estate
    if not isinstance(key, str):
        raise Refusal(texts.BAD_FIELD)
    group = estate.find(estate.groups, key)
    if group.kind == "secondary" and platform.config.direct_secondary and group.primary == endpoint.group:
        return
    rules.check_assignable(estate, endpoint, group, strict=platform.config.strict)
    if "slow" not in estate.behaviours:
        rules.assign(estate, endpoint, group)
        return
    low, high = _SLOW_SECONDS
    wait = low + (high - low) * estate.chance("slow", endpoint.number)
    rules.assign_later(estate, endpoint, group, at=estate.now + wait, strict=platform.config.strict)


def assign_many(platform: Platform, call: Call) -> dict[str, Any]:
    """POST /EndpointGroups/{group}/endpoints: each item has an outcome of its own, in the order of the request."""
    keys = [str(item.get("endpointId")) for item in call.items]

    def one(key: str) -> None:
        _assign(platform, platform.estate.endpoint(key), call.keys["group"])

    return _each(platform, keys, one)


def change_status(platform: Platform, call: Call) -> dict[str, Any]:
    """PUT /endpoints/{endpoint}/status"""
    endpoint = platform.estate.endpoint(call.keys["endpoint"])
    rules.change_status(platform.estate, endpoint, _status(call.fields))
    return success(endpoint.id)


def change_status_of_many(platform: Platform, call: Call) -> dict[str, Any]:
    """PUT /endpoints/status"""
    keys = call.fields.get("endpointIds")
    if not isinstance(keys, list):
        raise Malformed("endpointIds is missing")
    status = _status(call.fields)

    def one(key: str) -> None:
        rules.change_status(platform.estate, platform.estate.endpoint(key), status)

    return _each(platform, [str(key) for key in keys], one)


def _status(body: dict[str, Any]) -> int:
    wanted = _STATUS_OF.get(str(body.get("endpointStatus")))
    if wanted is None:
        raise Refusal(texts.BAD_FIELD)
    return wanted


def _each(platform: Platform, keys: list[str], act: Callable[[str], None]) -> dict[str, Any]:
    """Do one thing to many endpoints; the answer succeeds as a whole only when each did."""
    if not 1 <= len(keys) <= BULK_MOST:
        raise Malformed(f"1 to {BULK_MOST} items are accepted")
    found = [_outcome(platform, nth, key, act) for nth, key in enumerate(keys, start=1)]
    good = all(item["success"] for item in found)
    return success(found) | ({} if good else {"success": False, "messages": ["Some items failed"]})


def _outcome(platform: Platform, nth: int, key: str, act: Callable[[str], None]) -> dict[str, Any]:
    if "partial_bulk" in platform.estate.behaviours and nth % _EVERY_SEVENTH == 0:
        return {"endpointId": key, "success": False, "messages": ["Item failed"]}
    try:
        act(key)
    except Refusal as error:
        return {"endpointId": key, "success": False, "messages": [error.text]}
    return {"endpointId": key, "success": True, "messages": []}


def addresses(platform: Platform, call: Call) -> dict[str, Any]:
    """GET /endpoints/{endpoint}/ipaddresses: one for each group that the endpoint has access to."""
    estate = platform.estate
    endpoint = estate.endpoint(call.keys["endpoint"])
    given = [(group, places.shown(endpoint, group)) for group in traffic.access_of(estate, endpoint)]
    return success(
        [
            {"endpointGroup": shapes.reference(group), "apn": group.apn, "ipAddress": address}
            for group, address in given
            if address is not None
        ]
    )


def reset(platform: Platform, call: Call) -> dict[str, Any]:
    """POST /endpoints/{endpoint}/reset: end the session, and detach. In no group there is nothing to detach from."""
    estate, body = platform.estate, call.fields
    endpoint = estate.endpoint(call.keys["endpoint"])
    if endpoint.group is None:
        raise Refusal(texts.NO_PRIMARY)
    if body.get("endDataSession"):
        traffic.end_session(estate, endpoint)
    if body.get("forceDetach"):
        traffic.set_network(estate, endpoint, DETACHED)
        estate.tell("EndpointForciblyDetached", endpoint)
    return success()


def send_sms(platform: Platform, call: Call) -> dict[str, Any]:
    """POST /endpoints/{endpoint}/sms"""
    endpoint, body = platform.estate.endpoint(call.keys["endpoint"]), call.fields
    codes = [body.get(name, 0) for name in ("protocolId", "dataCodingScheme")]
    if not all(isinstance(code, int) and not isinstance(code, bool) and 0 <= code <= _LARGEST_CODE for code in codes):
        raise Refusal(texts.BAD_FIELD)
    fields.text(body, "payloadText")
    traffic.send_sms(platform.estate, endpoint)
    return success()


def key_values(platform: Platform, call: Call) -> dict[str, Any]:
    """GET /endpoints/{endpoint}/keyvalues"""
    endpoint = platform.estate.endpoint(call.keys["endpoint"])
    return success([{"key": key, "value": value} for key, value in endpoint.key_values.items()])


def put_key_value(platform: Platform, call: Call) -> dict[str, Any]:
    """PUT /endpoints/{endpoint}/keyvalues/{key}"""
    endpoint = platform.estate.endpoint(call.keys["endpoint"])
    endpoint.key_values[call.keys["key"]] = str(call.fields.get("value"))
    platform.estate.tell("EndpointKeyValueUpdated", endpoint, key=call.keys["key"])
    return success()


def delete_key_value(platform: Platform, call: Call) -> dict[str, Any]:
    """DELETE /endpoints/{endpoint}/keyvalues/{key}"""
    endpoint = platform.estate.endpoint(call.keys["endpoint"])
    if endpoint.key_values.pop(call.keys["key"], None) is None:
        raise Refusal(texts.NOT_FOUND)
    platform.estate.tell("EndpointKeyValueUpdated", endpoint, key=call.keys["key"])
    return success()
