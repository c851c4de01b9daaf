"""Kills a process at its first, second, third … point until one lives through, and judges by the platform's ledger."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from tests.support.lives import RealWorld

Urls = Callable[[], str]
SIMS, ACTIVATED = 2, 1
_TIMES = 4


async def killed_at(url: str, point: int, **options: Any) -> bool:
    """Kill the whole job at this point and run it again until it ends by itself; whether it came to that."""
    async with RealWorld(url, rows=SIMS, **({"knobs": {"duplicates": True}} | options)) as world:
        job = world.job(activate=ACTIVATED)
        first = await world.live(job, deadly=point).ended()
        assert first in (0, -9), f"point {point}: exit {first}"
        for _ in range(_TIMES):
            if await world.live(job).ended() == 0:
                break
        world.check_all_made()
        world.check_activated(ACTIVATED)
        assert world.commits("tag") == SIMS
        return first == -9


async def killed_at_each(urls: Urls, points: Sequence[int], *, at_once: int) -> list[bool]:
    """The same for many points, some at a time."""
    limit = asyncio.Semaphore(at_once)

    async def one(point: int) -> bool:
        async with limit:
            try:
                return await killed_at(urls(), point)
            except AssertionError as error:
                raise AssertionError(f"killed at point {point}: {error}") from error

    return list(await asyncio.gather(*map(one, points)))
