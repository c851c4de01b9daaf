"""Hands in what was learned, and keeps it while the store does not answer: an outcome must not be lost with a turn."""

import asyncio
from collections.abc import Sequence

from domain.errors import StoreFull, StoreNewer, StoreUnavailable
from domain.ports import Result, Scope, Step, Steps

KEEP_SECONDS = 60.0  # how long a run holds on to what it learned; then it ends, and look-ups find out later
_LAST_SECONDS = 10.0  # the same once it was told to stop
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0


class HandingIn:
    """One sender's turns at the ledger."""

    def __init__(self, ledger: Steps, *, stop: asyncio.Event, keep_seconds: float = KEEP_SECONDS) -> None:
        self._ledger = ledger
        self._stop = stop
        self._keep_seconds = keep_seconds
        self._kept: list[Result] = []
        self._pause = _SHORTEST_PAUSE
        self._away_since = 0.0

    async def step(
        self, scope: Scope, results: Sequence[Result], room: int, *, under_way: bool, bulk: bool = False
    ) -> Step:
        """The ledger's step; one that says `away`, after a pause, while there is something to keep.

        Raises StoreUnavailable when there is nothing to lose, or when the store was away for too long.
        """
        self._kept += results
        try:
            made = await self._ledger.step(scope, self._kept, room, bulk=bulk)
        except StoreUnavailable as error:
            # A disk that is full is mended by a person, who reads of it sooner when the run ends. A store of a newer
            # version takes nothing from this program any more: the one that fits it looks the calls up.
            if (
                isinstance(error, StoreNewer)
                or not (self._kept or under_way)
                or self._is_over(hasty=isinstance(error, StoreFull))
            ):
                raise
            await self._wait()
            return Step(away=True, alone=False)
        self._kept, self._pause, self._away_since = [], _SHORTEST_PAUSE, 0.0
        return made

    def _is_over(self, *, hasty: bool) -> bool:
        now = asyncio.get_running_loop().time()
        self._away_since = self._away_since or now
        hasty = hasty or self._stop.is_set()
        longest = min(_LAST_SECONDS, self._keep_seconds) if hasty else self._keep_seconds
        return now - self._away_since > longest

    async def _wait(self) -> None:
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
