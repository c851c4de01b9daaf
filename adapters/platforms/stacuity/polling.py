"""Reads the list of events, for what no webhook brought."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial

from adapters.platforms.stacuity import parse
from adapters.platforms.stacuity.calls import Calls
from adapters.platforms.stacuity.naming import is_another_page
from domain.inbox import PlatformEvent
from domain.ports import ReadFailed

_MOST_PAGES = 10_000
_ORDER = {"sortOrder": "1"}  # this list knows no sortBy; 1 is its default, said so that every page has the same


async def events_between(calls: Calls, since: float, until: float, *, page_size: int) -> AsyncIterator[PlatformEvent]:
    """Every event of a stretch of time. Rows that shift between two pages may come twice. Raises ReadFailed."""
    offset = 0
    for _ in range(_MOST_PAGES):
        query = {"from": _utc(since), "to": _utc(until), "offset": str(offset), "limit": str(page_size)} | _ORDER
        reading = await calls.read("list_events", query=query, misfit=partial(is_another_page, offset=offset))
        if not isinstance(reading.data, list):
            raise ReadFailed("the platform's answer holds no readable list of events")
        for event in parse.events(reading.data):
            yield event
        offset += len(reading.data)
        if not reading.data or (reading.total is not None and offset >= reading.total):
            return
    raise ReadFailed("the platform's list of events does not end")


def _utc(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
