"""Reads the live API to see which inferred facts hold. Changes nothing, and shows names of fields, never values."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

from adapters.platforms.stacuity import parse
from adapters.platforms.stacuity.calls import Calls, NotFound
from adapters.platforms.stacuity.contract import OPERATIONS
from adapters.platforms.stacuity.fields import folded
from adapters.platforms.stacuity.parse import Endpoint
from adapters.platforms.texts import clean
from domain.contract import Check
from domain.errors import LoginRefused
from domain.ports import ReadFailed

_NEEDED = ("id", "iccid", "endpointStatus", "endpointNetworkStatus", "tags", "name", "reference")
_FIELDS_LENGTH = 1000
_NOBODY = str(UUID(int=0))
_PAGES: tuple[Mapping[str, str], ...] = ({"limit": "2", "offset": "1"}, {"limit": "0"}, {"limit": "100000"})


async def probe(calls: Calls) -> AsyncIterator[Check]:
    """Everything that can be seen by reading, then the operations that a person has to verify.

    Raises LoginRefused, PlatformUnreachable.
    """
    await calls.verify_token()
    yield Check("token", True, "accepted")
    sample, check = await _sample(calls)
    yield check
    yield await _tags(calls)
    yield await _group(calls)
    for page in _PAGES:
        yield await _page(calls, page)
    for name, value in _filters(sample):
        yield await _filter(calls, name, value)
    yield await _unknown(calls)
    for row in OPERATIONS.values():
        if not row.verified:
            yield Check(f"{row.method} {row.path}", None, f"{row.name} is not verified: {row.how_to_verify}")


async def _sample(calls: Calls) -> tuple[dict[str, Any], Check]:
    what = "one endpoint"
    try:
        data = (await calls.read("list_endpoints", query={"limit": "1", "offset": "0"})).data
    except ReadFailed as error:
        return {}, Check(what, False, str(error))
    if not isinstance(data, list) or not data or not isinstance(data[0], dict):
        return {}, Check(what, None, "the account shows no endpoint; put one on it and run this again")
    row: dict[str, Any] = data[0]
    fields = folded(row)
    missing = [name for name in _NEEDED if name.lower() not in fields]
    state, word = parse.status(fields.get("endpointstatus"))
    if missing or state is None:
        text = f"missing: {', '.join(missing) or 'nothing'}; status {word or 'unreadable'!r}"
        return row, Check(what, False, clean(f"{text}; its fields are {', '.join(sorted(row))}", length=_FIELDS_LENGTH))
    return row, Check(what, True, f"every field that is needed is there, status {word!r}")


async def _tags(calls: Calls) -> Check:
    """An edit writes back what it read, so tags of another form would be wiped: those of a page are looked at."""
    what = "form of tags"
    try:
        data = (await calls.read("list_endpoints", query={"limit": "100", "offset": "0"})).data
    except ReadFailed as error:
        return Check(what, False, str(error))
    rows = [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []
    odd = sorted({form for row in rows if (form := parse.form_of_tags(row)) not in parse.TAGS_FORMS})
    if odd:
        return Check(what, False, f"not always {parse.TAGS_FORM}: {', '.join(odd)}; such endpoints are not edited")
    if not any(folded(row)["tags"] for row in rows):
        return Check(what, None, f"none of the {len(rows)} endpoints that were read has a tag; give one a tag")
    return Check(what, True, f"{parse.TAGS_FORM} on each of {len(rows)} endpoints")


async def _group(calls: Calls) -> Check:
    """Before endpoints are put into a group, its addresses are counted: by its VSlice, and that one's subnets."""
    what = "one group"
    try:
        data = (await calls.read("list_groups", query={"limit": "1", "offset": "0"})).data
    except ReadFailed as error:
        return Check(what, False, str(error))
    groups = parse.groups(data)
    if not groups:
        return Check(what, None, "the account shows no group; make one and run this again")
    if groups[0].vslice:
        return Check(what, True, "its VSlice is shown")
    names = clean(", ".join(sorted(data[0])), length=_FIELDS_LENGTH)
    return Check(what, False, f"its VSlice is not shown, so nothing is put into it; its fields are {names}")


async def _page(calls: Calls, query: Mapping[str, str]) -> Check:
    what = "list with " + ", ".join(f"{name}={value}" for name, value in query.items())
    try:
        reading = await calls.read("list_endpoints", query=query)
    except ReadFailed as error:
        return Check(what, False, str(error))
    count = len(reading.data) if isinstance(reading.data, list) else 0
    text = f"{count} rows, limit {reading.limit}, totalItems {reading.total}"
    return Check(what, isinstance(reading.data, list) and reading.total is not None, text)


def _filters(sample: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Filters that the sample must pass, for the properties that are inferred."""
    one = parse.endpoint(sample) if sample else None
    if one is None:
        return []
    found = [("iccid", one.iccid), ("endpointStatus", one.state_text), ("tags", one.tags[0] if one.tags else "")]
    return [(name, value) for name, value in found if value and not set(value) & set(",:()")]


async def _filter(calls: Calls, name: str, value: str) -> Check:
    what = f"filter by {name}"
    try:
        reading = await calls.read("list_endpoints", query={"filter": f"{name}:{value}", "limit": "100", "offset": "0"})
    except ReadFailed as error:
        return Check(what, False, f"refused: {error}")
    rows = parse.endpoints(reading.data)
    if not rows:
        return Check(what, False, "finds nothing, although an endpoint fits")
    others = sum(not _fits(one, name, value) for one in rows)
    return Check(what, not others, f"{others} of {len(rows)} hits do not fit" if others else "only hits that fit")


def _fits(one: Endpoint, name: str, value: str) -> bool:
    texts = {"iccid": (one.iccid,), "tags": one.tags, "endpointStatus": (one.state_text,)}
    return any(value in text for text in texts[name])


async def _unknown(calls: Calls) -> Check:
    what = "an endpoint that does not exist"
    try:
        await calls.read("read_endpoint", endpoint=_NOBODY)
    except NotFound as error:
        return Check(what, True, f"answered as not found: {error}")
    except LoginRefused:
        raise
    except ReadFailed as error:
        return Check(what, False, f"answered in another way: {error}")
    return Check(what, False, "answered with success")
