"""One writer thread that commits together what arrives together."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from adapters.store.engine import Turns
from domain.waypoints import reached

T = TypeVar("T")
Job = tuple[Callable[[Connection], Any], "Future[Any]"]

_AT_MOST = 64


class Committer:
    """Runs functions in a transaction each, or in one for all that wait; a commit to disk costs the same for both.

    A function is given the connection and must not commit. Its result is handed over only once it is on disk.
    """

    def __init__(self, engine: Engine, turns: Turns) -> None:
        self._engine = engine
        self._turns = turns
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    async def run(self, function: Callable[[Connection], T]) -> T:
        """Run a function inside a transaction and return its result after the commit."""
        future: Future[T] = Future()
        self._jobs.put((function, future))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Finish what was handed in, then end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            jobs = [job]
            last = False
            while len(jobs) < _AT_MOST and not self._jobs.empty():
                more = self._jobs.get()
                if more is None:
                    last = True
                    break
                jobs.append(more)
            self._commit(jobs)
            if last:
                return

    def _commit(self, jobs: list[Job], *, again: int = 5) -> None:
        try:
            with self._turns.mine(), self._engine.begin() as connection:
                results = [function(connection) for function, _ in jobs]
                reached("before commit")
            reached("after commit")
        except BaseException as error:
            if len(jobs) == 1 and again and _worth_repeating(error):
                self._commit(jobs, again=again - 1)
                return
            if len(jobs) == 1:
                _fail(jobs[0][1], error)
                return
            for job in jobs:  # one of them is at fault; the others must not suffer for it
                self._commit([job])
            return
        for (_, future), result in zip(jobs, results, strict=True):
            if future.set_running_or_notify_cancel():
                future.set_result(result)


def _worth_repeating(error: BaseException) -> bool:
    """Whether another transaction was faster: serialization failure, deadlock, or a key that it just took."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in ("40001", "40P01", "23505")


def _fail(future: "Future[Any]", error: BaseException) -> None:
    if future.set_running_or_notify_cancel():
        future.set_exception(error)
