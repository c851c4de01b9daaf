"""Reads many SIMs from the platform by page or by ICCID, whichever costs fewer calls."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.endpoint import SimRecord, merged
from domain.ports import Platform, ReadFailed, ReadStopped

_MAX_PAGES = 100_000  # an account that never stops giving pages is not read for ever
_AT_ONCE = 64


@dataclass(slots=True)
class Survey:
    """What was read. An ICCID that is missing from `sims` was not answered; None means the platform has no such SIM."""

    sims: dict[str, SimRecord | None] = field(default_factory=dict)
    by_page: bool = False
    pages: int = 0
    stopped: bool = False  # some were not asked for, because no further call may start


async def survey(platform: Platform, iccids: Iterable[str], *, chase: bool = True) -> Survey:
    """Read these SIMs. One page read tells how many there are, and so which way is cheaper.

    `chase` also looks up one by one what a reading of all pages did not show; without it that is done only where it
    takes no more calls than the pages did.
    """
    wanted = set(iccids)
    if not wanted:
        return Survey()
    if len(wanted) == 1:
        return await _by_iccid(platform, wanted, Survey())
    try:
        first = await platform.sims_page(1)
    except ReadFailed:
        return await _by_iccid(platform, wanted, Survey())
    found = Survey(pages=first.pages)
    _take(found, first.sims, wanted)
    missing = wanted - found.sims.keys()
    if first.pages - 1 > len(missing):
        return await _by_iccid(platform, missing, found)
    return await _by_page(platform, wanted, found, chase=chase)


def _take(found: Survey, sims: Iterable[SimRecord], wanted: set[str]) -> None:
    for sim in sims:
        if sim.iccid in wanted:
            earlier = found.sims.get(sim.iccid)
            found.sims[sim.iccid] = merged(earlier, sim) if earlier is not None else sim


async def _by_page(platform: Platform, wanted: set[str], found: Survey, *, chase: bool) -> Survey:
    """Read all pages. Rows may move between two page reads, so a few that are missing are looked up alone."""
    found.by_page = True
    limit = asyncio.Semaphore(_AT_ONCE)

    async def read(page: int) -> int:
        async with limit:
            try:
                shown = await platform.sims_page(page)
            except ReadFailed:
                return 0
        _take(found, shown.sims, wanted)
        return shown.pages

    pages = await asyncio.gather(*(read(page) for page in range(2, min(found.pages, _MAX_PAGES) + 1)))
    # A platform that does not say how many pages there are promises one more after each that is not empty.
    while max(pages, default=0) > found.pages and len(wanted - found.sims.keys()) and found.pages <= len(wanted):
        found.pages += 1
        pages = [await read(found.pages)]
    missing = wanted - found.sims.keys()
    return await _by_iccid(platform, missing, found) if chase or len(missing) <= found.pages else found


async def _by_iccid(platform: Platform, iccids: set[str], found: Survey) -> Survey:
    limit = asyncio.Semaphore(_AT_ONCE)

    async def read(iccid: str) -> None:
        async with limit:
            try:
                found.sims[iccid] = await platform.sim(iccid)
            except ReadStopped:
                found.stopped = True
            except ReadFailed:
                return

    await asyncio.gather(*(read(iccid) for iccid in iccids))
    return found
