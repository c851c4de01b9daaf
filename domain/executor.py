"""Sends the operations of a scope: intent first, then the call, then the outcome, never more at once than allowed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from domain.carry import carry_out
from domain.errors import LoginRefused, PreactiveError, Stopped
from domain.handing_in import KEEP_SECONDS, HandingIn
from domain.operation import Work
from domain.outcome import Answer, Because, Verdict
from domain.ports import Changing, ReadFailed, ReadRefused, Result, Scope, Step, Steps, Turns

_TURN_SECONDS = 1.0  # heartbeat, and how soon a cancel is noticed, while calls are under way
_GATHER_SECONDS = 0.002  # outcomes that arrive this close together share one transaction
_GATHER_AHEAD = 0.012  # the same while more calls than may be under way were handed out, so that none waits for it
_GATHER_BESIDE_SALES = 0.03  # fewer turns at the store for us are shorter waits for a buyer
_GIVE_UP_AFTER = 5  # calls in a row that could not even be sent
_BREAK_AFTER = 10  # calls in a row with unknown outcome
_LONGEST_PAUSE = 60.0
_FAST = 50.0  # calls a second at which some are handed out ahead
_CALLS = 3  # of one operation: a look before the write, and one after it

Carry = Callable[[Changing, Work], Awaitable[Answer]]


@dataclass(slots=True)
class Trouble:
    """How the last calls went; decides on pauses."""

    unreachable: int = 0
    unknown: int = 0
    login: str = ""
    group: str = ""

    def note(self, answer: Answer) -> None:
        """Take one more answer into account."""
        if answer.because is Because.LOGIN:
            self.login = answer.text
        if answer.because is Because.GROUP:
            self.group = answer.text
        if answer.because is Because.STOPPED:
            return
        away = answer.because in (Because.UNREACHABLE, Because.TURNED_AWAY, Because.UNREAD)
        self.unreachable = self.unreachable + 1 if away else 0
        self.unknown = self.unknown + 1 if answer.verdict is Verdict.UNKNOWN else 0

    @property
    def is_final(self) -> bool:
        """Whether no further call may go out."""
        return bool(self.login or self.group) or self.unreachable >= _GIVE_UP_AFTER

    @property
    def pause(self) -> float:
        """Seconds to wait before the next call. Units: s."""
        if 0 < self.unreachable < _GIVE_UP_AFTER:
            return min(_LONGEST_PAUSE, 0.5 * 2.0**self.unreachable)
        return min(_LONGEST_PAUSE, 2.0 ** (self.unknown - _BREAK_AFTER + 1)) if self.broken else 0.0

    @property
    def broken(self) -> bool:
        """Whether only one probing call at a time may go out."""
        return self.unknown >= _BREAK_AFTER


class Executor:
    """Carries out one account's operations in this process.

    `stop` ends it early: no new call starts, and what is under way is waited for and recorded. `halt` sets it
    when the store says that the change was cancelled. `carry` makes the calls of one operation.
    """

    def __init__(
        self,
        ledger: Steps,
        platform: Changing,
        *,
        max_in_flight: int,
        turns: Turns,
        send_window: float,
        stop: asyncio.Event,
        halt: Callable[[], None],
        keep_seconds: float = KEEP_SECONDS,
        carry: Carry = carry_out,
    ) -> None:
        self._ledger = ledger
        self._carry = carry
        self._turns_at_store = HandingIn(ledger, stop=stop, keep_seconds=keep_seconds)
        self._platform = platform
        self._stop = stop
        self._limit = max_in_flight
        self._turns = turns
        self._window = send_window
        self._gate = asyncio.Semaphore(max_in_flight)
        self._halt = halt
        self._trouble = Trouble()
        self._running: set[asyncio.Task[Result]] = set()
        self._alone = False
        self._yielding = False

    async def run(self, scope: Scope, begun: Step | None = None) -> None:
        """Send what is ready in the scope until nothing is ready, beginning with what was handed out already.

        Raises LoginRefused and Stopped, after everything learned was recorded, and StoreUnavailable.
        """
        try:
            await self._run(scope, begun)
        except Exception:
            if self._running:
                await asyncio.wait(self._running)  # no call is under way that nobody waits for
            raise

    async def _run(self, scope: Scope, begun: Step | None) -> None:
        self._trouble = Trouble()
        results: list[Result] = []
        step = begun
        while True:
            step = step or await self._hand_in(scope, results, self._room())
            self._start(step)
            if not self._running and not step.away:
                break
            step, results = None, await self._finished()
            if self._trouble.pause and not self._running:
                await self._record(scope, results)  # what was learned must not wait in memory
                results = []
                await self._wait_out(scope)
        self._raise_trouble()

    async def _hand_in(self, scope: Scope, results: list[Result], room: int) -> Step:
        return await self._turns_at_store.step(scope, results, room, under_way=bool(self._running))

    async def _record(self, scope: Scope, results: list[Result]) -> None:
        step = await self._hand_in(scope, results, 0)
        while step.away:
            step = await self._hand_in(scope, [], 0)
        self._start(step)

    def _room(self) -> int:
        if self._stop.is_set() or self._trouble.is_final:
            return 0
        if self._trouble.broken or self._trouble.unreachable:
            return max(0, 1 - len(self._running))
        wanted = self._limit + (self._buffer if self._alone else 0)
        running = len(self._running)
        # What cannot start within half its window would only be given back.
        reach = max(1, int(self._turns.rate * self._window / 2 / _CALLS))
        ahead = max(self._turns.waiting, running - self._limit)
        return max(0, min(wanted - running, reach - ahead))

    @property
    def _buffer(self) -> int:
        return self._limit if self._turns.rate >= _FAST else 0

    def _start(self, step: Step) -> None:
        self._alone, self._yielding = step.alone, step.yielding
        if step.cancelled:
            self._halt()
        for work in step.work:
            self._running.add(asyncio.create_task(self._carry_out(work)))

    async def _carry_out(self, work: Work) -> Result:
        async with self._gate:
            if self._stop.is_set():
                return Result(work, Answer(Verdict.NOT_DONE, Because.STOPPED))
            try:
                answer = await self._carry(self._platform, work)
            except Exception as error:  # a defect of ours must not lose the fact that a call may have gone out
                answer = Answer(Verdict.UNKNOWN, text=f"internal error: {type(error).__name__}")
        return Result(work, answer)

    async def _finished(self) -> list[Result]:
        if not self._running:
            return []
        done, _ = await asyncio.wait(self._running, timeout=_TURN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if done and len(self._running) > 1:
            await asyncio.sleep(self._gathering)
            done = {task for task in self._running if task.done()}
        self._running -= done
        results = [task.result() for task in done]
        for result in results:
            self._trouble.note(result.answer)
        return results

    @property
    def _gathering(self) -> float:
        if self._yielding:
            return _GATHER_BESIDE_SALES
        return _GATHER_AHEAD if self._alone and self._buffer else _GATHER_SECONDS

    async def _wait_out(self, scope: Scope) -> None:
        """Pause; while the platform gives no clear answers, ask it by a read, which leaves nothing in doubt."""
        await self._pause()
        while self._trouble.broken and not self._stop.is_set() and not await self._answers():
            self._trouble.unknown += 1
            if (await self._ledger.step(scope, [], 0)).cancelled:
                self._halt()
            await self._pause()

    async def _answers(self) -> bool:
        try:
            await self._platform.sims_page(1)
        except ReadRefused:
            return True
        except (ReadFailed, PreactiveError):
            return False
        return True

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), self._trouble.pause)
        except TimeoutError:
            return

    def _raise_trouble(self) -> None:
        if self._trouble.login:
            raise LoginRefused(self._trouble.login)
        if self._trouble.group:
            raise Stopped(
                f"{self._trouble.group.rstrip('.')}; what is left stays planned, run the same command again after that."
            )
        if self._trouble.unreachable >= _GIVE_UP_AFTER:
            raise Stopped(
                f"The platform could not be reached {self._trouble.unreachable} times in a row; "
                "nothing is lost, run the same command again when it answers."
            )
