"""Looks at the platform before and after the writes."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from domain import sight
from domain.errors import Stopped, UsageError
from domain.lifecycle import Kind
from domain.operation import State, Work
from domain.ports import ReadFailed
from domain.precheck import PAIRED, shows_pair
from domain.readback import check_states, check_tags
from domain.survey import survey
from tasks import resources
from tasks.steps import step


@step("look", "look at the platform before {kind}")
async def look_before(account: str, change: int, kind: str) -> int:
    """Settle what the platform already has, or what must not be changed, and return how many that were."""
    return await _look_before(resources.current(account), change, Kind(kind))


@step("look at the rest", "look at the platform before going on")
async def look_before_rest(account: str, change: int) -> int:
    """The same for all that the change has still to send, as before its first call."""
    session = resources.current(account)
    kinds = await session.kinds_planned(change)
    # A list that lags shows an endpoint that was activated just now as pre-active; its group is not refused for that.
    return sum([await _look_before(session, change, kind, refuses=kind is not Kind.ASSIGN) for kind in kinds])


async def _look_before(session: resources.Session, change: int, kind: Kind, *, refuses: bool = True) -> int:
    planned = await session.planned(change, kind)
    findings = await session.ended_elsewhere(change) if planned and kind is Kind.CREATE else []
    ended = {found.work.id for found in findings}
    await session.settle_by_sight(findings)
    # What waits for its endpoint is known by the create.
    there = [work for work in planned if work.id not in ended and (work.endpoint_id or kind is Kind.CREATE)]
    return len(findings) + await _look_at(session, there, refuses=refuses)


async def look_again(session: resources.Session, change: int, *, first: int = 1, last: int = 0) -> int:
    """Look at the SIMs of what is planned and was not seen for a while, and return how many need not be sent.

    With `last` only where a stretch of positions has any, counted from 1.
    """
    if last and not await session.unseen(change, first=first - 1, last=last - 1):
        return 0
    return await _look_at(session, await session.unseen(change))


async def _look_at(session: resources.Session, planned: Sequence[Work], *, refuses: bool = True) -> int:
    """Settle what the platform's rows settle, and keep which endpoints they show with their SIMs."""
    if not planned or session.stop.is_set():
        return 0
    asked_at = await session.ledger.now()  # an answer shows what was true when it was asked
    # What a list never showed is looked up by itself, but for what is read once more just before it is sent.
    chase = any(work.kind in PAIRED for work in planned)
    found = await survey(session.platform, [work.iccid for work in planned], chase=chase)
    if chase and not found.sims and not found.stopped:
        raise Stopped(_NOTHING_SHOWN.format(len(planned)))
    platform = session.account.platform
    rows = [(work, found.sims.get(work.iccid)) for work in planned]
    findings = [finding for work, sim in rows if (finding := sight.before_write(work, sim, platform))]
    findings = [finding for finding in findings if refuses or finding.state is not State.REFUSED]
    settled = {finding.work.id for finding in findings}
    await session.settle_by_sight(findings)
    await session.mark_seen([work for work, sim in rows if work.id not in settled and shows_pair(work, sim)], asked_at)
    return len(findings)


_NOTHING_SHOWN = (
    "The platform showed none of the {:,} SIMs that were to be looked at before anything is sent; "
    "nothing was sent, run the same command again when it answers."
)


@step("look at tagged", "look at the platform before tagging")
async def look_before_tags(account: str, change: int) -> int:
    """The same for tags of endpoints that were there before; those that are made now are known by their creates."""
    return await look_again(resources.current(account), change)


@step("read back", "read back {kind}")
async def read_back(account: str, change: int, kind: str) -> int:
    """Compare what answers confirmed, and nobody looked at since, with the platform; return how many differ."""
    return await _read_back(resources.current(account), change, Kind(kind))


@step("read back tags", "read back tags")
async def read_back_tags(account: str, change: int) -> int:
    """Compare the tags that answers confirmed with those that the platform shows, and return how many are missing."""
    return await _read_back_tags(resources.current(account), change)


@step("read back the rest", "read back what is left")
async def read_back_rest(account: str, change: int) -> int:
    """The same for all that the change confirmed and nobody looked at since, whatever kind it is of."""
    session = resources.current(account)
    kinds = await session.kinds_unread(change)
    states = sum([await _read_back(session, change, kind) for kind in kinds if kind is not Kind.TAG])
    return states + await _read_back_tags(session, change)


async def _read_back(session: resources.Session, change: int, kind: Kind) -> int:
    expected = await session.states_unread(change, kind)
    await _know_groups(session, {one.group for one in expected.values() if one.group})
    waits = _waits(session.account.settle_seconds)
    found = await check_states(session.platform, expected, waits=waits, stop=session.stop)
    await session.keep_read_back(change, kind, found)
    return len(found.differing)


async def _know_groups(session: resources.Session, groups: set[str]) -> None:
    """Let the platform's rows be told by the names that were asked for; a group that is gone is told by its row."""
    for group in sorted(groups):
        with suppress(ReadFailed, UsageError):
            await session.platform.pin_group(group)


async def _read_back_tags(session: resources.Session, change: int) -> int:
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


def _waits(settle: float) -> tuple[float, ...]:
    return (0, min(2.0, settle / 60), settle / 60, settle / 20, settle / 7, settle / 5)
