"""Compares the whole platform account with the store, without changing either."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.drift import Difference, Drift, Held, difference, differences
from domain.endpoint import SimRecord, merged
from domain.errors import PlatformUnreachable
from domain.lifecycle import Lifecycle
from domain.ports import Platform, ReadFailed
from domain.words import plural

_AT_ONCE = 64
_MOST_PAGES = 100_000  # an account that never stops giving pages is not read for ever
_MOST_LOOKS = 2_000  # look-ups of single SIMs; more differences than this are believed from the list

ReadStore = Callable[[Sequence[str] | None], Mapping[str, Held]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared, and what differs."""

    found: tuple[Difference, ...]
    held: int
    seen: int
    busy: int
    waiting: int = 0  # SIMs that could be taken in

    def sentence(self) -> str:
        """One line with every number."""
        counts = Counter(one.drift for one in self.found)
        drifts = ", ".join(f"{counts[drift]:,} {drift.value}" for drift in Drift)
        later = f"; {self.busy:,} under way or changed just now, not compared" if self.busy else ""
        if self.waiting:
            later += f"; {plural(self.waiting, 'SIM waits', 'SIMs wait')} on the account, not known here"
        return f"{self.held:,} in the store and {self.seen:,} SIMs on the platform compared: {drifts}{later}"


async def compare(platform: Platform, store: ReadStore, *, stock_is_listed: bool = False) -> Comparison:
    """Read every page of the account, compare it with the store, and look once more at what differs.

    With `stock_is_listed` the account shows SIMs as pre-active that nobody made so: those are stock to take in.

    A list may lag, or skip a row that moved between two pages, so a difference is believed after a look-up of its own.
    Raises PlatformUnreachable when a page cannot be read.
    """
    seen = await read_account(platform)
    held = store(None)  # after the platform, so that what was written meanwhile is known
    waiting = {i for i, sim in seen.items() if stock_is_listed and i not in held and _waits(sim)}
    suspects = differences(held, {i: sim for i, sim in seen.items() if i not in waiting})
    found = await _looked_at(platform, store, suspects[:_MOST_LOOKS])
    busy = sum(one.busy for one in held.values())
    return Comparison((*found, *suspects[_MOST_LOOKS:]), len(held), len(seen), busy, len(waiting))


def _waits(sim: SimRecord) -> bool:
    return sim.state is Lifecycle.PRE_ACTIVE and not sim.rivals


async def read_account(platform: Platform) -> dict[str, SimRecord]:
    """Every SIM of the account by its ICCID.

    Raises PlatformUnreachable.
    """
    seen: dict[str, SimRecord] = {}
    done, pages = 0, 1
    while done < pages:
        numbers = range(done + 1, min(pages, done + _AT_ONCE) + 1)
        try:
            read = await asyncio.gather(*(platform.sims_page(number) for number in numbers))
        except ReadFailed as error:
            raise PlatformUnreachable(
                f"One of the pages {numbers[0]:,} to {numbers[-1]:,} of the platform's SIMs cannot be read ({error}); "
                "nothing was compared, try again."
            ) from None
        for page in read:
            for sim in page.sims:
                before = seen.get(sim.iccid)
                seen[sim.iccid] = sim if before is None else merged(before, sim)
        done, pages = numbers[-1], max(page.pages for page in read)
        if pages > _MOST_PAGES:
            raise PlatformUnreachable(f"The platform speaks of {pages:,} pages of SIMs, which is not believed.")
    return seen


async def _looked_at(platform: Platform, store: ReadStore, suspects: Sequence[Difference]) -> list[Difference]:
    limit = asyncio.Semaphore(_AT_ONCE)

    async def look(iccid: str) -> tuple[bool, SimRecord | None]:
        async with limit:
            try:
                return True, await platform.sim(iccid)
            except ReadFailed:
                return False, None

    looks = await asyncio.gather(*(look(one.iccid) for one in suspects))
    held = store([one.iccid for one in suspects]) if suspects else {}
    found = []
    for one, (answered, sim) in zip(suspects, looks, strict=True):
        again = difference(one.iccid, held.get(one.iccid), sim) if answered else one
        if again is not None:
            found.append(replace(again, looked=answered))
    return found
