"""Plays the requests of another client over HTTP, and reads the answers as strictly as that client does."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.strangers.facts import NEEDED, OBJECTS_IN_RULES, SHOWN_AS, Json, Object

Send = Callable[..., Awaitable[Any]]


class Differs(Exception):
    """What the other client would have stumbled over."""


async def replay(send: Send, objects: tuple[Object, ...]) -> dict[str, str]:
    """Make, read, update, read and delete each object; the objects that do not stand it, with the reason."""
    wrong: dict[str, str] = {}
    for one in objects:
        try:
            await _made(send, one)
        except Differs as error:
            wrong[one.moniker] = str(error)
    for one in reversed(objects):
        try:
            await _good(send, "DELETE", f"/{one.path}/{one.moniker}")
            gone = await send("GET", f"/{one.path}/{one.moniker}")
            if gone.get("messages") != ["Record not found"]:
                raise Differs("still there")
        except Differs as error:
            wrong.setdefault(one.moniker, f"delete: {error}")
    return wrong


async def _good(send: Send, method: str, path: str, body: Any = None) -> Any:
    answer = await send(method, path, body)
    if not answer.get("success"):
        raise Differs(f"{method} {path}: {answer}")
    return answer.get("data")


async def _made(send: Send, one: Object) -> None:
    if not isinstance(await _good(send, "POST", f"/{one.path}", one.body), str):
        raise Differs("the answer to a create is no id")
    await _added(send, one)
    await _same(send, one, one.body)
    changed = one.body | one.change
    await _good(send, "PUT", f"/{one.path}/{one.moniker}", changed)
    await _added(send, one)
    await _same(send, one, changed)


async def _added(send: Send, one: Object) -> None:
    if not one.entries:
        return
    if one.path == "RegionalPolicies":
        for entry in one.entries:
            await _good(send, "POST", f"/{one.path}/{one.moniker}/entries", entry)
        return
    added = await _good(send, "POST", f"/{one.path}/{one.moniker}/{_below(one)}", list(one.entries))
    if one.is_map and [row.get("eventHandler") for row in added] != [row["eventEndpointId"] for row in one.entries]:
        raise Differs(f"added subscriptions come back as {added}")


def _below(one: Object) -> str:
    return "subscriptions" if one.is_map else "entries"


async def _same(send: Send, one: Object, body: Json) -> None:
    """Read the object alone and in the list, with everything below it, and compare."""
    shown = await _good(send, "GET", f"/{one.path}/{one.moniker}")
    listed = await _good(send, "GET", f"/{one.path}?limit=0&filter=&sortBy=")
    if shown not in listed:
        raise Differs("the list shows another object than the read")
    plain = {name.lower(): value for name, value in shown.items()}
    missing = [name for name in NEEDED.get(one.path, ()) if plain.get(name.lower()) is None]
    if missing:
        raise Differs(f"absent or null: {missing}")
    for rule in shown.get("routingPolicyRules") or []:
        if texts := [name for name in OBJECTS_IN_RULES if isinstance(rule.get(name), str)]:
            raise Differs(f"plain texts: {texts}")
    enabled = [service for service in shown.get("routingPolicyEdgeServices") or [] if service["enabled"]]
    compared = {name: value for name, value in body.items() if name != "subscriptions"}
    _compare(compared, shown | {"routingPolicyEdgeServices": enabled}, one.moniker)
    if one.path in ("EventMaps", "OperatorPolicies", "RegionalPolicies"):
        rows = await _good(send, "GET", f"/{one.path}/{one.moniker}/{_below(one)}")
        if len(rows) != len(one.entries):
            raise Differs(f"{len(rows)} rows for {len(one.entries)} written")
        for wrote, row in zip(one.entries, rows, strict=True):
            named = (
                {"eventEndpoint": wrote["eventEndpointId"], "eventType": wrote["eventTypeId"]} if one.is_map else wrote
            )
            _compare(named, row, f"{one.moniker} {_below(one)}")


def _compare(wrote: Json, shown: Json, where: str) -> None:
    """Each field that was written is shown as it was; names are compared without regard to case, as Go does."""
    plain = {name.lower(): value for name, value in shown.items()}
    for name, value in wrote.items():
        found = plain.get(SHOWN_AS.get(name.lower(), name.lower()))
        if isinstance(value, dict):
            _compare(value, found if isinstance(found, dict) else {}, f"{where}.{name}")
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            if not isinstance(found, list) or len(found) != len(value):
                raise Differs(f"{where}.{name} is {found}")
            for nth, item in enumerate(value):
                _compare(item, found[nth], f"{where}.{name}[{nth}]")
        elif _seen(found, value) != (value.lower() if name == "ipAddressFamily" else value):
            raise Differs(f"{where}.{name}: wrote {value}, reads {found}")


def _seen(found: Any, value: Any) -> Any:
    if isinstance(found, dict):
        return found.get("moniker")
    return found[0] if isinstance(found, list) and found and isinstance(value, str) else found
