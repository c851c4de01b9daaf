"""Looks at the platform before and after the writes."""

import asyncio

from domain import sight
from domain.lifecycle import Kind, Lifecycle
from domain.survey import survey
from tasks import resources
from tasks.steps import step


@step("look", "look at the platform before {kind}")
async def look_before(account: str, change: int, kind: str) -> int:
    """Settle what the platform already has, or what must not be changed, and return how many that were."""
    session = resources.current(account)
    planned = await session.planned(change, Kind(kind))
    if not planned or session.stop.is_set():
        return 0
    seen = (await survey(session.platform, [work.iccid for work in planned], chase=False)).sims
    findings = [found for work in planned if (found := sight.before_write(work, seen.get(work.iccid)))]
    await session.settle_by_sight(findings)
    return len(findings)


@step("read back", "read back {kind}")
async def read_back(account: str, change: int, kind: str, since: float, group: str = "") -> int:
    """Compare what answers confirmed with what the platform shows, and return how many differ.

    Reads lag behind writes, so a difference is looked at again before it is believed.
    """
    session = resources.current(account)
    differing = await session.confirmed_by_answer(change, Kind(kind), since)
    state = Lifecycle.PRE_ACTIVE if Kind(kind) is Kind.CREATE else Lifecycle.ACTIVE
    for wait in _waits(session.account.settle_seconds):
        if not differing or session.stop.is_set():
            return 0
        await asyncio.sleep(wait)
        seen = await survey(session.platform, differing, chase=False, only_by_page=wait == 0)
        differing = sight.differing(differing, seen.sims, state, group)
    await session.report_differences(change, Kind(kind), differing)
    return len(differing)


def _waits(settle: float) -> tuple[float, ...]:
    return (0, min(2.0, settle / 60), settle / 60, settle / 20, settle / 7, settle / 5)
