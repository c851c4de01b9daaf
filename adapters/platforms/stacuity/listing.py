"""Reads the list of endpoints: by page in a fixed order, and by ICCID with a filter that is never taken on trust."""

import asyncio
import time
from collections.abc import AsyncIterator

from adapters.platforms.stacuity import parse
from adapters.platforms.stacuity.calls import Calls
from adapters.platforms.stacuity.parse import Endpoint
from adapters.platforms.stacuity.wire import Reading
from domain.ports import ReadFailed

_ORDER = "asc(id)"
_MOST_PAGES = 100_000


class Listing:
    """The endpoints of the account."""

    def __init__(self, calls: Calls, *, page_size: int) -> None:
        self._calls = calls
        self._size = page_size
        self._filter_proven = False
        self._filter_broken = False
        self._scan_lock = asyncio.Lock()
        self._scan: tuple[float, dict[str, list[Endpoint]]] = (-1.0, {})

    async def page(self, number: int) -> tuple[list[Endpoint], int]:
        """One page counted from 1, and how many there are. Raises ReadFailed."""
        offset = (number - 1) * self._size
        reading = await self._read(offset)
        found = parse.endpoints(reading.data)
        rows = len(reading.data)
        if reading.limit and rows <= reading.limit < self._size:
            self._size = reading.limit  # the platform gives fewer at once than was asked
        if reading.total is None:
            return found, number + 1 if rows >= self._size else number
        return found, -(-reading.total // self._size)

    async def by_iccid(self, iccid: str) -> list[Endpoint]:
        """The endpoints with exactly this ICCID. Raises ReadFailed.

        Filters mean "contains", so every hit is checked. A filter that lets others through is not used again; one
        that finds nothing counts only after it was seen to find something.
        """
        if not self._filter_broken:
            hits = await self._filtered(iccid)
            exact = [one for one in hits if one.iccid == iccid]
            if exact:
                self._filter_proven = True
                return exact
            if not self._filter_broken and await self._is_proven():
                return []
        return await self._scanned(iccid)

    async def _filtered(self, iccid: str) -> list[Endpoint]:
        hits = parse.endpoints((await self._read(0, {"filter": f"iccid:{iccid}"})).data)
        self._filter_broken = any(iccid not in one.iccid for one in hits)
        return hits

    async def _is_proven(self) -> bool:
        if self._filter_proven:
            return True
        shown = [one.iccid for one in (await self.page(1))[0] if one.iccid]
        if not shown:
            return True  # an account without endpoints: there is nothing that a filter could hide
        hits = await self._filtered(shown[0])
        self._filter_proven = any(one.iccid == shown[0] for one in hits) and not self._filter_broken
        self._filter_broken = not self._filter_proven
        return self._filter_proven

    async def _scanned(self, iccid: str) -> list[Endpoint]:
        """Read the whole list, once for all who wait: only a reading that began after the question answers it."""
        asked = time.monotonic()
        async with self._scan_lock:
            if self._scan[0] < asked:
                began = time.monotonic()
                index: dict[str, list[Endpoint]] = {}
                async for one in self.everything():
                    index.setdefault(one.iccid, []).append(one)
                self._scan = (began, index)
        return self._scan[1].get(iccid, [])

    async def everything(self) -> AsyncIterator[Endpoint]:
        """Every endpoint once, although rows may shift between two pages. Raises ReadFailed."""
        seen: set[str] = set()
        offset = 0
        for _ in range(_MOST_PAGES):
            reading = await self._read(offset)
            for one in parse.endpoints(reading.data):
                if one.id not in seen:
                    seen.add(one.id)
                    yield one
            offset += len(reading.data)
            if not reading.data or (reading.total is not None and offset >= reading.total):
                return
        raise ReadFailed("the platform's list of endpoints does not end")

    async def _read(self, offset: int, more: dict[str, str] | None = None) -> Reading:
        query = {"offset": str(offset), "limit": str(self._size), "sortBy": _ORDER} | (more or {})
        reading = await self._calls.read("list_endpoints", query=query)
        if not isinstance(reading.data, list) or (reading.data and not parse.endpoints(reading.data)):
            raise ReadFailed("the platform's answer holds no readable list of endpoints")
        return reading
