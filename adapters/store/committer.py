"""One writer thread that commits together what arrives together, and somebody who watches that it comes back."""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from adapters.store import deadline
from adapters.store.deadline import STEP, Deadline
from adapters.store.engine import Turns, place, translated
from domain.errors import StoreSilent, StoreUnavailable
from domain.waypoints import reached

T = TypeVar("T")

_AT_MOST = 64
_LOOK_SECONDS = 1.0
_TELL_AFTER = 10  # looks at the same commit, after which an operator hears of it
_STUCK_AFTER = 150  # looks after which the thread is given up; every deadline has ended its call long before
_CLOSE_SECONDS = 10.0


@dataclass(eq=False, slots=True)
class _Job:
    function: Callable[[Connection], Any]
    deadline: Deadline
    future: "Future[Any]" = field(default_factory=Future)

    @property
    def goes_alone(self) -> bool:
        """Whether others are not to wait for it in the same commit."""
        return self.deadline is not STEP

    def fail(self, error: BaseException) -> None:
        with suppress(InvalidStateError):  # who watches has answered already
            self.future.set_exception(error)

    def succeed(self, result: Any) -> None:
        with suppress(InvalidStateError):
            self.future.set_result(result)


@dataclass(eq=False, slots=True)
class _Hand:
    """What the thread is at."""

    jobs: Sequence[_Job]
    looks: int = 0


class Committer:
    """Runs functions in a transaction each, or in one for all that wait; a commit to disk costs the same for both.

    A function is given the connection and must not commit. Its result is handed over only once it is on disk. What
    waits when its caller leaves is not begun; what is under way then may still be committed.
    """

    def __init__(self, engine: Engine, turns: Turns, url: str) -> None:
        self._engine = engine
        self._pool = engine.pool
        self._turns = turns
        self._url = url
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._held: _Job | None = None
        self._hand: _Hand | None = None
        self._ended = threading.Event()
        self._begin()
        threading.Thread(target=self._watch, name="store-watch", daemon=True).start()

    async def run(self, function: Callable[[Connection], T], within: Deadline = STEP) -> T:
        """Run a function inside a transaction and return its result after the commit."""
        job = _Job(function, within)
        self._jobs.put(job)
        found: T = await asyncio.wrap_future(job.future)
        return found

    def close(self) -> None:
        """Finish what was handed in, and end the thread; one that does not come back is let be."""
        self._jobs.put(None)
        self._thread.join(_CLOSE_SECONDS)
        self._ended.set()

    # --- the thread ---

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while self._thread is threading.current_thread() and (job := self._next()) is not None:
            jobs = [one for one in self._with_others(job) if one.future.set_running_or_notify_cancel()]
            if jobs:
                self._hand = hand = _Hand(jobs)
                self._commit(jobs)
                if hand.looks >= _TELL_AFTER:
                    deadline.say(f"The store {place(self._url)} answers again.")
        self._pool.dispose()  # a connection that was in use when the store was closed has come back by now

    def _next(self) -> _Job | None:
        self._hand = None
        held, self._held = self._held, None
        return held or self._jobs.get()

    def _with_others(self, job: _Job) -> list[_Job]:
        """The job, and those that wait and may share its commit."""
        jobs = [job]
        while not job.goes_alone and len(jobs) < _AT_MOST and not self._jobs.empty():
            more = self._jobs.get()
            if more is None:
                self._jobs.put(None)
                break
            if more.goes_alone:
                self._held = more
                break
            jobs.append(more)
        return jobs

    def _commit(self, jobs: Sequence[_Job], *, again: int = 5) -> None:
        try:
            results = self._committed(jobs)
        except BaseException as error:
            if len(jobs) == 1 and again and _worth_repeating(error):
                self._commit(jobs, again=again - 1)
            elif len(jobs) == 1 or (_is_the_stores(error) and not _worth_repeating(error)):
                for job in jobs:
                    job.fail(error)
            else:
                self._one_by_one(jobs)  # one of them is at fault; the others must not suffer for it
            return
        for job, result in zip(jobs, results, strict=True):
            job.succeed(result)

    def _committed(self, jobs: Sequence[_Job]) -> list[Any]:
        with deadline.kept(jobs[0].deadline), translated(self._url), self._turns.mine():
            with self._engine.begin() as connection:
                results = [job.function(connection) for job in jobs]
                reached("before commit")
            reached("after commit")
        return results

    def _one_by_one(self, jobs: Sequence[_Job]) -> None:
        for position, job in enumerate(jobs):
            self._commit([job])
            error = job.future.exception()
            if error is not None and _is_the_stores(error):
                for other in jobs[position + 1 :]:
                    other.fail(error)
                return

    # --- who watches ---

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            hand = self._hand
            if hand is None or hand.jobs[0].goes_alone:
                continue
            hand.looks += 1
            if hand.looks == _TELL_AFTER:
                seconds = _TELL_AFTER * _LOOK_SECONDS
                deadline.say(f"The store {place(self._url)} has not answered for {seconds:.0f} s; waiting for it.")
            if hand.looks == _STUCK_AFTER and self._hand is hand:
                self._replace(hand)

    def _replace(self, hand: _Hand) -> None:
        """Let the thread be, and another one go on; what it has in hand may still be committed."""
        words = f"The store {place(self._url)} does not come back; what was handed in is handed in again."
        deadline.say(words)
        self._begin()
        for job in hand.jobs:
            job.fail(StoreSilent(words))


def _worth_repeating(error: BaseException) -> bool:
    """Whether another transaction was faster: serialization failure, deadlock, or a key that it just took."""
    cause = error.__cause__ or error
    return getattr(getattr(cause, "orig", None), "sqlstate", None) in ("40001", "40P01", "23505")


def _is_the_stores(error: BaseException) -> bool:
    """Whether the store is at fault, and no job is."""
    return isinstance(error, StoreUnavailable)
