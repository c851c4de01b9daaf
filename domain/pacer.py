"""Hands out the account's start times to the calls of this process, evenly spaced."""

import asyncio
import math
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from domain.errors import StoreUnavailable
from domain.ports import Buckets

# A start time that was missed is not made up for, or some second would hold more calls than the rate says. At high
# rates a hiccup misses so many of them that a few calls too many are the lesser evil.
_STALE, _STALE_WHEN_FAST, _FAST = 0.015, 0.1, 50.0
_IDLE_STALE = 0.005
_CATCH_UP = 0.9  # after a hiccup calls may follow each other this much closer than the rate says


class Closed(Exception):
    """No further call may start."""


@dataclass(frozen=True, slots=True)
class Start:
    """The moment in which a call may start: by the store's clock, never too early by it, and by ours."""

    at: float
    ticks: float

    def ticks_at(self, at: float) -> float:
        """What our clock shows when the store's shows `at`."""
        return self.ticks + at - self.at


class Pacer:
    """Every HTTP request of an account waits here for its turn."""

    def __init__(self, buckets: Buckets, *, rate: float, ahead: int | None = None) -> None:
        self.rate = rate  # of the account at present, lower after refusals
        self._buckets = buckets
        self._gap = _CATCH_UP / rate
        self._stale = _STALE if rate < _FAST else _STALE_WHEN_FAST
        self._ahead = max(0, min(64, int(rate / 20))) if ahead is None else ahead
        self._waiting: deque[asyncio.Future[Start]] = deque()
        self._slots: deque[float] = deque()
        self._ahead_by = 0.0
        self._behind = math.inf
        self._last = 0.0
        self._pump: asyncio.Task[None] | None = None
        self._more: asyncio.Task[None] | None = None
        self._closed = False
        self.calls = 0

    async def slot(self) -> Start:
        """Wait for the next start time.

        Raises Closed when the pacer was closed meanwhile.
        """
        if self._closed:
            raise Closed
        if not self._waiting and self._is_due():
            self.calls += 1
            return self._use()
        future: asyncio.Future[Start] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        if self._pump is None or self._pump.done():
            self._drop_older_than(_IDLE_STALE)
            self._pump = asyncio.create_task(self._serve())
        started = await future
        self.calls += 1
        return started

    def prepare(self) -> None:
        """Ask for start times now, for calls that begin in a moment; where they are few and precious, later."""
        asked = self._more is not None and (not self._more.done() or self._more.exception() is not None)
        if self._closed or self.rate < _FAST or asked or self._waiting:
            return
        self._drop_older_than(self._stale)
        if len(self._slots) <= self._ahead // 2:
            self._more = asyncio.create_task(self._take_or_let_be(1 + self._ahead))

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn."""
        return len(self._waiting)

    async def refused(self, sent_at: float, retry_after: float | None) -> None:
        """The platform refused a call for asking too often: drop what was granted and slow everyone down."""
        self._slots.clear()
        with suppress(StoreUnavailable):  # the answer that brought the refusal must not be lost with it
            await self._buckets.refused(sent_at, retry_after)

    def close(self) -> None:
        """Let no further call start; those that wait are told."""
        self._closed = True
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_exception(Closed())

    def reopen(self) -> None:
        """Let calls start again."""
        self._closed = False

    async def _serve(self) -> None:
        while self._waiting:
            try:
                await self._refill()
                await self._sleep_until_due()
            except Exception as error:
                self._fail(error)
                return
            self._release()

    async def _refill(self) -> None:
        self._drop_older_than(self._stale)
        if self._more is None and len(self._slots) <= self._ahead // 2:
            self._more = asyncio.create_task(self._take(len(self._waiting) + self._ahead))
        while not self._slots:
            self._more = self._more or asyncio.create_task(self._take(len(self._waiting) + self._ahead))
            more, self._more = self._more, None
            await more
        if self._more is not None and self._more.done():
            more, self._more = self._more, None
            await more

    async def _take_or_let_be(self, wanted: int) -> None:
        with suppress(StoreUnavailable):  # a call that needs its turn asks again, and is told
            await self._take(wanted)

    async def _take(self, wanted: int) -> None:
        asked = time.monotonic()
        granted = await self._buckets.take(wanted)
        self.rate = granted.rate
        # The store looked at its clock at some moment in between, however long this process was frozen meanwhile. The
        # earliest moment keeps calls from passing for younger than they are. When calls start goes by what all answers
        # so far allow, or those after a slow one would all be late and then catch up.
        self._ahead_by = asked - granted.now
        self._behind = max(self._ahead_by, min(self._behind, time.monotonic() - granted.now))
        self._slots = deque(sorted([*self._slots, *(at + self._behind for at in granted.at)]))

    def _drop_older_than(self, seconds: float) -> None:
        now = time.monotonic()
        while self._slots and self._slots[0] < now - seconds:
            self._slots.popleft()

    async def _sleep_until_due(self) -> None:
        delay = self._due() - time.monotonic()
        if delay > 0:
            await asyncio.sleep(delay)

    def _release(self) -> None:
        self._drop_older_than(self._stale)  # who slept may have woken late
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft()
        if self._waiting and self._slots and self._due() <= time.monotonic():
            self._waiting.popleft().set_result(self._use())

    def _due(self) -> float:
        return max(self._slots[0], self._last + self._gap)

    def _is_due(self) -> bool:
        """Whether a call may start this moment, so that nobody needs to be woken for it."""
        self._drop_older_than(self._stale)
        if len(self._slots) <= self._ahead // 2:
            return False  # it is time to take more
        return self._due() <= time.monotonic()

    def _use(self) -> Start:
        self._slots.popleft()
        self._last = time.monotonic()
        return Start(self._last - self._ahead_by, self._last)

    def _fail(self, error: Exception) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_exception(error)
