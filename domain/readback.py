"""Reads tags back: a platform may say yes and store another tag, or none. Writing them again is a person's decision."""

import asyncio
from collections.abc import Iterable, Sequence

from domain.operation import State, Work
from domain.ports import Platform, ReadFailed
from domain.sight import Finding

_AT_ONCE = 16


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
            except ReadFailed:
                return None
        return None if shown is None else judge_tag(work, shown)

    return [found for found in await asyncio.gather(*map(look, tagged)) if found is not None]


def judge_tag(work: Work, shown: frozenset[str]) -> Finding | None:
    """What a person must know of a tag that is not shown: it is missing, or was stored in another form."""
    if work.target in shown:
        return None
    altered = sorted(tag for tag in shown if work.target.casefold().startswith(tag.casefold()))
    text = f"the platform stored the tag as {altered[-1]!r}" if altered else "the platform does not show the tag"
    return Finding(work, State.NEEDS_HUMAN, work.endpoint_id, text)
