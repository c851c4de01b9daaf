"""Reads back what answers confirmed: a platform may say yes and do nothing, or store another tag. A person decides."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.operation import State, Work
from domain.ports import Platform, ReadFailed
from domain.sight import Expected, Finding, is_shown
from domain.survey import survey

_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a read-back came to. What was not answered, or not looked at again in time, is in neither."""

    shown: frozenset[str]
    differing: Mapping[str, str]  # ICCID and endpoint id


async def check_states(
    platform: Platform, expected: Mapping[str, Expected], *, waits: Sequence[float], stop: asyncio.Event
) -> ReadBack:
    """Look at everything that is expected, by page or singly, whichever costs fewer calls.

    Reads lag behind writes, so what differs or is not answered is looked at again after each wait, and what a list
    never showed is looked up by itself in the end.
    """
    left = dict(expected)
    for number, wait in enumerate(waits, start=1):
        if not left or stop.is_set():
            break
        await asyncio.sleep(wait)
        seen = (await survey(platform, left, chase=number == len(waits))).sims
        left = {iccid: one for iccid, one in left.items() if iccid not in seen or not is_shown(one, seen[iccid])}
        if number == len(waits):
            differing = {iccid: one.endpoint_id for iccid, one in left.items() if iccid in seen}
            return ReadBack(frozenset(expected.keys() - left.keys()), differing)
    return ReadBack(frozenset(expected.keys() - left.keys()), {})


async def check_tags(platform: Platform, tagged: Sequence[Work], *, everything: bool) -> list[Finding]:
    """The tags that were confirmed and are not shown.

    Without `everything` one endpoint of each tag is read, and the others only where that one is wrong.
    """
    if everything:
        return await _differing(platform, tagged)
    wrong = {found.work.target for found in await _differing(platform, first_of_each(tagged))}
    return await _differing(platform, [work for work in tagged if work.target in wrong])


def first_of_each(tagged: Iterable[Work]) -> list[Work]:
    """One endpoint for each tag."""
    found: dict[str, Work] = {}
    for work in tagged:
        found.setdefault(work.target, work)
    return list(found.values())


async def _differing(platform: Platform, tagged: Sequence[Work]) -> list[Finding]:
    limit = asyncio.Semaphore(_AT_ONCE)

    async def look(work: Work) -> Finding | None:
        assert work.endpoint_id is not None
        async with limit:
            try:
                shown = await platform.tags_of(work.endpoint_id)
                if shown is None or not (shown or await platform.proves_absence(work.kind)):
                    return None  # a form in which no tag was ever seen says nothing of this one
            except ReadFailed:
                return None
        return judge_tag(work, shown)

    return [found for found in await asyncio.gather(*map(look, tagged)) if found is not None]


def judge_tag(work: Work, shown: frozenset[str]) -> Finding | None:
    """What a person must know of a tag that is not shown: it is missing, or was stored in another form."""
    if work.target in shown:
        return None
    altered = sorted(tag for tag in shown if work.target.casefold().startswith(tag.casefold()))
    text = f"the platform stored the tag as {altered[-1]!r}" if altered else "the platform does not show the tag"
    return Finding(work, State.NEEDS_HUMAN, work.endpoint_id, text)
