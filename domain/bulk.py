"""Creating many endpoints with one call: a call is a group of items and has no outcome of its own."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from domain.errors import LoginRefused
from domain.handing_in import HandingIn
from domain.operation import Work
from domain.outcome import Answer, Because, Verdict
from domain.ports import Ledger, Result, Scope

_TURN_SECONDS = 1.0
_Calls = set["asyncio.Task[list[Result]]"]
_MISSING = Answer(Verdict.UNKNOWN, text="the answer to the bulk call does not name this ICCID")


@dataclass(frozen=True, slots=True)
class BulkAnswer:
    """The answer to the call as a whole, and those to its items by ICCID, never by position."""

    whole: Answer
    items: Mapping[str, Answer] = field(default_factory=dict)


@runtime_checkable
class BulkPlatform(Protocol):
    """A platform with a bulk create call."""

    async def create_many(self, works: Sequence[Work]) -> BulkAnswer:
        """Ask for all of these endpoints with one call, never resent."""


async def create_many(platform: BulkPlatform, works: Sequence[Work]) -> list[Result]:
    """Create endpoints with one call, and find the bad item by halving when one bad item rejects all.

    Halving is safe because a call that was refused as a whole has created nothing.
    """
    answer = await platform.create_many(works)
    if answer.whole.because is Because.REFUSED and not answer.items and len(works) > 1:
        middle = len(works) // 2
        return await create_many(platform, works[:middle]) + await create_many(platform, works[middle:])
    if answer.whole.verdict is Verdict.DONE:
        return [Result(work, answer.items.get(work.iccid, _MISSING)) for work in works]
    return [Result(work, answer.items.get(work.iccid, answer.whole)) for work in works]


class BulkCreator:
    """Sends the creates of a scope in groups: intents first, then the call, then each item's own outcome."""

    def __init__(
        self,
        ledger: Ledger,
        platform: BulkPlatform,
        *,
        size: int,
        at_once: int,
        stop: asyncio.Event,
        halt: Callable[[], None],
    ) -> None:
        self._turns = HandingIn(ledger, stop=stop)
        self._platform = platform
        self._size = size
        self._at_once = at_once
        self._stop = stop
        self._halt = halt
        self._refused_login = ""

    async def run(self, scope: Scope) -> None:
        """Send until no create is ready in the scope; what was only accepted is left to be looked up.

        Raises LoginRefused, after everything learned was recorded.
        """
        results: list[Result] = []
        running: _Calls = set()
        while True:
            room = 0 if self._stop.is_set() or self._refused_login else (self._at_once - len(running)) * self._size
            step = await self._turns.step(scope, results, room, under_way=bool(running), bulk=True)
            if step.cancelled:
                self._halt()
            for first in range(0, len(step.work), self._size):
                running.add(asyncio.create_task(self._send(step.work[first : first + self._size])))
            if not running and not step.away:
                break
            done, running = await _ended(running)
            results = [result for task in done for result in task.result()]
            self._refused_login = self._refused_login or _login_trouble(results)
            if any(result.answer.because is Because.UNREACHABLE for result in results):
                self._halt()
        if self._refused_login:
            raise LoginRefused(self._refused_login)

    async def _send(self, works: Sequence[Work]) -> list[Result]:
        try:
            return await create_many(self._platform, works)
        except Exception as error:  # a defect of ours must not lose the fact that a call may have gone out
            unknown = Answer(Verdict.UNKNOWN, text=f"internal error: {type(error).__name__}")
            return [Result(work, unknown) for work in works]


async def _ended(running: _Calls) -> tuple[_Calls, _Calls]:
    if not running:
        return set(), set()
    return await asyncio.wait(running, timeout=_TURN_SECONDS, return_when=asyncio.FIRST_COMPLETED)


def _login_trouble(results: Sequence[Result]) -> str:
    return next((r.answer.text for r in results if r.answer.because is Because.LOGIN), "")
