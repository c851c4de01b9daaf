"""Looks at the platform before and after the writes."""

import asyncio
from contextlib import suppress

from domain import sight
from domain.errors import UsageError
from domain.lifecycle import Kind
from domain.ports import ReadFailed
from domain.readback import check_states, check_tags
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
async def read_back(account: str, change: int, kind: str) -> int:
    """Compare what answers confirmed, and nobody looked at since, with the platform; return how many differ."""
    session = resources.current(account)
    expected = await session.states_unread(change, Kind(kind))
    await _know_groups(session, {one.group for one in expected.values() if one.group})
    waits = _waits(session.account.settle_seconds)
    found = await check_states(session.platform, expected, waits=waits, stop=session.stop)
    await session.keep_read_back(change, Kind(kind), found)
    return len(found.differing)


async def _know_groups(session: resources.Session, groups: set[str]) -> None:
    """Let the platform's rows be told by the names that were asked for; a group that is gone is told by its row."""
    for group in sorted(groups):
        with suppress(ReadFailed, UsageError):
            await session.platform.pin_group(group)


@step("read back tags", "read back tags")
async def read_back_tags(account: str, change: int) -> int:
    """Compare the tags that answers confirmed with those that the platform shows, and return how many are missing."""
    session = resources.current(account)
    which = session.account.read_back_tags
    tagged = await session.tags_unread(change)
    missing = tagged if which != "off" else []
    findings: list[sight.Finding] = []
    for wait in _waits(session.account.settle_seconds):
        if session.stop.is_set():
            return 0  # the next run looks
        if not missing:
            break
        await asyncio.sleep(wait)
        findings = await check_tags(session.platform, missing, everything=which == "all" or bool(findings))
        missing = [found.work for found in findings]
    await session.keep_tags_read_back(tagged, findings)
    return len(findings)


async def read_back_rest(account: str, change: int) -> int:
    """Look at everything that the change confirmed and nobody looked at since, whatever kind it is of."""
    differing = 0
    for kind in await resources.current(account).kinds_unread(change):
        differing += await (read_back_tags(account, change) if kind is Kind.TAG else read_back(account, change, kind))
    return differing


async def look_before_rest(account: str, change: int) -> int:
    """Look at what the change has still to send, as before its first call, and return how many were settled.

    A tag is read before it is written, and so is a group where it matters.
    """
    kinds = await resources.current(account).kinds_planned(change)
    return sum([await look_before(account, change, kind) for kind in kinds if kind not in _READ_BEFORE_EACH])


_READ_BEFORE_EACH = (Kind.TAG, Kind.ASSIGN)


def _waits(settle: float) -> tuple[float, ...]:
    return (0, min(2.0, settle / 60), settle / 60, settle / 20, settle / 7, settle / 5)
