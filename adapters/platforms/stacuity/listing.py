"""Reads the list of endpoints: by page in a fixed order, and by ICCID with a filter that is never taken on trust."""

import asyncio
import math
import time
from collections.abc import Callable

from adapters.platforms.stacuity import parse
from adapters.platforms.stacuity.calls import AnotherAnswer, Calls
from adapters.platforms.stacuity.naming import is_another_page
from adapters.platforms.stacuity.parse import Endpoint
from adapters.platforms.stacuity.wire import Reading
from domain.ports import ReadFailed

_ORDER = "asc(id)"
_MOST_READS = 100_000


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
        found, total = await self._from((number - 1) * self._size, self._size)
        return found, number if total is None else -(-total // self._size)

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
        def ignored(reading: Reading) -> str:
            others = [one for one in parse.endpoints(reading.data) if iccid not in one.iccid]
            return "the platform's look-up by ICCID ignored its filter" if others else ""

        try:
            return (await self._from(0, self._size, {"filter": f"iccid:{iccid}"}, ignored))[0]
        except AnotherAnswer:
            self._filter_broken = True
            return []

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
                for one in (await self._from(0, math.inf))[0]:
                    index.setdefault(one.iccid, []).append(one)
                self._scan = (began, index)
        return self._scan[1].get(iccid, [])

    async def _from(
        self,
        offset: int,
        most: float,
        more: dict[str, str] | None = None,
        misfit: Callable[[Reading], str] = lambda _: "",
    ) -> tuple[list[Endpoint], int | None]:
        """At least so many endpoints from here on, each once, or all that are left, and how many there are in all.

        A platform may give fewer at once than it is asked for, whatever it says of its limit, so what came is counted.
        One that does not say how many there are is read to its end. Raises ReadFailed.
        """
        found: dict[str, Endpoint] = {}
        at = offset
        for _ in range(_MOST_READS):
            reading = await self._read(at, more or {}, misfit)
            fresh = {one.id: one for one in parse.endpoints(reading.data)}
            if fresh and fresh.keys() <= found.keys():
                raise ReadFailed("the platform shows the same endpoints again when it is asked for the next ones")
            found |= fresh
            at += len(reading.data)
            if _is_end(reading, at, offset + most):
                return list(found.values()), reading.total
        raise ReadFailed("the platform's list of endpoints does not end")

    async def _read(self, offset: int, more: dict[str, str], misfit: Callable[[Reading], str]) -> Reading:
        query = {"offset": str(offset), "limit": str(self._size), "sortBy": _ORDER} | more

        def unfit(reading: Reading) -> str:
            return is_another_page(reading, offset) or misfit(reading)

        reading = await self._calls.read("list_endpoints", query=query, misfit=unfit)
        if not isinstance(reading.data, list) or (reading.data and not parse.endpoints(reading.data)):
            raise ReadFailed("the platform's answer holds no readable list of endpoints")
        return reading


def _is_end(reading: Reading, at: int, enough: float) -> bool:
    if reading.total is None:
        return not reading.data
    if not reading.data and at < reading.total:
        raise ReadFailed(f"the platform shows {at:,} endpoints and says that there are {reading.total:,}")
    return at >= min(reading.total, enough)
