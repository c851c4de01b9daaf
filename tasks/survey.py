"""Looks at the platform before and after the writes."""

import asyncio

from domain import sight
from domain.lifecycle import MOVES, Kind
from domain.readback import check_tags
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
    platform = session.account.platform
    findings = [found for work in planned if (found := sight.before_write(work, seen.get(work.iccid), platform))]
    await session.settle_by_sight(findings)
    return len(findings)


@step("read back", "read back {kind}")
async def read_back(account: str, change: int, kind: str, since: float, group: str = "") -> int:
    """Compare what answers confirmed with what the platform shows, and return how many differ.

    Reads lag behind writes, so a difference is looked at again before it is believed.
    """
    session = resources.current(account)
    differing = await session.confirmed_by_answer(change, Kind(kind), since)
    state = MOVES[session.account.platform][Kind(kind)].to
    if state is None:
        return 0  # a group does not show in the list; it is counted around each call
    for wait in _waits(session.account.settle_seconds):
        if not differing or session.stop.is_set():
            return 0
        await asyncio.sleep(wait)
        seen = await survey(session.platform, differing, chase=False, only_by_page=wait == 0)
        differing = sight.differing(differing, seen.sims, state, group)
    await session.report_differences(change, Kind(kind), differing)
    return len(differing)


@step("read back tags", "read back tags")
async def read_back_tags(account: str, change: int, since: float) -> int:
    """Compare the tags that answers confirmed with those that the platform shows, and return how many are missing."""
    session = resources.current(account)
    which = session.account.read_back_tags
    missing = await session.confirmed_tags(change, since) if which != "off" else []
    findings: list[sight.Finding] = []
    for wait in _waits(session.account.settle_seconds):
        if not missing or session.stop.is_set():
            return 0
        await asyncio.sleep(wait)
        findings = await check_tags(session.platform, missing, everything=which == "all" or bool(findings))
        missing = [found.work for found in findings]
    await session.reconsider(findings)
    return len(findings)


def _waits(settle: float) -> tuple[float, ...]:
    return (0, min(2.0, settle / 60), settle / 60, settle / 20, settle / 7, settle / 5)
