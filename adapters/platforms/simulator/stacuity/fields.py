"""Checks of what a body holds. Each raises Refusal, and nothing was written by then."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from adapters.platforms.simulator.stacuity.envelope import BAD_FIELD, Refusal
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.model import EventMap, Group, Handler, Named, VSlice

Body = Mapping[str, Any]
T = TypeVar("T", VSlice, Named, Group, Handler, EventMap)
_MONIKER = re.compile(r"[a-z0-9_-]{1,30}")


def text(body: Body, name: str, *, longest: int = 1000) -> str:
    """A text that must be there."""
    value = body.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise Refusal(BAD_FIELD)
    return value


def optional_text(body: Body, name: str) -> str | None:
    """A text, or nothing."""
    return None if body.get(name) is None else text(body, name)


def part(body: Body, name: str) -> Body:
    """An object within the body."""
    value = body.get(name)
    if not isinstance(value, dict):
        raise Refusal(BAD_FIELD)
    return value


def one_of(value: object, allowed: tuple[str, ...]) -> str:
    """One of the words that are allowed, in any letter case."""
    word = value.lower() if isinstance(value, str) else None
    if word not in allowed:
        raise Refusal(BAD_FIELD)
    return word


def names(objects: dict[str, T], body: Body, *, except_id: str, longest: int = 100) -> tuple[str, str]:
    """Name and moniker; a moniker is given once."""
    name, moniker = text(body, "name", longest=longest), text(body, "moniker")
    taken = any(one.moniker == moniker and one.id != except_id for one in objects.values())
    if taken or not _MONIKER.fullmatch(moniker):
        raise Refusal(BAD_FIELD)
    return name, moniker


def needed(estate: Estate, objects: dict[str, T], key: object) -> T:
    """The object that another one names."""
    if not isinstance(key, str):
        raise Refusal(BAD_FIELD)
    try:
        return estate.find(objects, key)
    except Refusal:
        raise Refusal(BAD_FIELD) from None


def map_id(estate: Estate, body: Body) -> str | None:
    """The id of the event map that is named; nothing and an empty text clear it."""
    return needed(estate, estate.maps, body["eventMap"]).id if body.get("eventMap") else None
