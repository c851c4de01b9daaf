"""Answers short questions in threads and connections of their own, so that none waits for what is being written."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from adapters.store.deadline import READING, Deadline, kept
from adapters.store.engine import place, translated
from domain.errors import StoreSilent

T = TypeVar("T")

THREADS = 4


@dataclass(frozen=True, slots=True)
class _Question:
    function: Callable[[Connection], Any]
    deadline: Deadline
    answer: "Future[Any]" = field(default_factory=Future)


class Lookups:
    """Runs functions that only read, each in a transaction, a few at a time."""

    def __init__(self, engine: Engine, url: str) -> None:
        self._engine = engine
        self._pool = engine.pool
        self._url = url
        self._questions: queue.SimpleQueue[_Question | None] = queue.SimpleQueue()
        self._threads = 0

    async def run(self, function: Callable[[Connection], T], deadline: Deadline, *, within: float | None) -> T:
        """The function's result, if it comes within so many seconds.

        Raises StoreSilent; the thread is let be, until its own deadline ends what it waits for.
        """
        question = _Question(function, deadline)
        self._questions.put(question)
        if self._threads < THREADS:
            self._threads += 1
            threading.Thread(target=self._work, name="store-lookup", daemon=True).start()
        waiting: asyncio.Future[T] = asyncio.wrap_future(question.answer)
        done, _ = await asyncio.wait({waiting}, timeout=within)
        if not done:
            waiting.cancel()
            raise StoreSilent(f"The store {place(self._url)} has not answered for {within:.3g} s; ask again.")
        return waiting.result()

    def read(self, function: Callable[[Connection], T]) -> T:
        """The function's result, read in this thread."""
        with kept(READING):
            return self._read(function)

    def close(self) -> None:
        """Let the threads end, and go of the connections that none of them uses."""
        for _ in range(self._threads):
            self._questions.put(None)
        self._engine.dispose()

    def _work(self) -> None:
        while (question := self._questions.get()) is not None:
            if question.answer.set_running_or_notify_cancel():
                with suppress(InvalidStateError):
                    self._answer(question)
        self._pool.dispose()  # one that was in use when we were closed has come back by now

    def _answer(self, question: _Question) -> None:
        try:
            with kept(question.deadline):
                question.answer.set_result(self._read(question.function))
        except BaseException as error:
            question.answer.set_exception(error)

    def _read(self, function: Callable[[Connection], T]) -> T:
        with translated(self._url), self._engine.begin() as connection:
            return function(connection)
