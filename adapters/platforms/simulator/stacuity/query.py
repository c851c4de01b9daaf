"""Lists: filter, sort and page. A filter is a case-sensitive "contains", and several are joined by AND."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from adapters.platforms.simulator.stacuity.envelope import BAD_FIELD, Refusal, success

DEFAULT_LIMIT, MAX_LIMIT = 50, 1000
_SORT = re.compile(r"(asc|desc)\((\w+)\)")

T = TypeVar("T")
Getter = Callable[[T], str | list[str] | None]


def listed(
    objects: Iterable[T], query: Mapping[str, str], getters: Mapping[str, Getter[T]], shape: Callable[[T], Any]
) -> dict[str, Any]:
    """One page of what matches, with the number of all matches."""
    wanted = query.get("filter", "")
    found = [one for one in objects if _matches(one, wanted, getters)] if wanted else list(objects)
    _sort(found, query, getters)
    offset, most = number(query, "offset", 0), limit(query)
    page = found[offset : offset + most]
    return success([shape(one) for one in page], totalItems=len(found), limit=most, offset=offset)


def _matches(one: T, text: str, getters: Mapping[str, Getter[T]]) -> bool:
    return all(_contains(one, term, getters) for term in text.split(",") if term)


def _contains(one: T, term: str, getters: Mapping[str, Getter[T]]) -> bool:
    name, colon, wanted = term.partition(":")
    getter = getters.get(name)
    if not colon or getter is None:
        raise Refusal(BAD_FIELD)
    value = getter(one)
    return any(wanted in text for text in (value if isinstance(value, list) else [value or ""]))


def _sort(found: list[T], query: Mapping[str, str], getters: Mapping[str, Getter[T]]) -> None:
    wanted = next((value for name, value in query.items() if name.lower() == "sortby"), "")
    for direction, name in reversed(_SORT.findall(wanted)):
        if name == "id" and direction == "asc":
            continue  # lists come in this order
        getter = getters.get(name)
        if getter is None:
            raise Refusal(BAD_FIELD)
        found.sort(key=lambda one: str(getter(one) or ""), reverse=direction == "desc")


def limit(query: Mapping[str, str]) -> int:
    """How many rows a page has; 0 means as many as possible. Raises Refusal."""
    return min(number(query, "limit", DEFAULT_LIMIT) or MAX_LIMIT, MAX_LIMIT)


def number(query: Mapping[str, str], name: str, default: int) -> int:
    """A number of the query. Raises Refusal."""
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise Refusal(BAD_FIELD)
    return int(text)
