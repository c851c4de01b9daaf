"""Ends a run cleanly on Ctrl-C and SIGTERM: no new call starts, and what is under way is recorded."""

import asyncio
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from tasks import resources

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class _Runs:
    """The runs of a loop that are stopped together, and what the signals did before the first of them."""

    tasks: list[asyncio.Task[Any] | None]
    before: dict[signal.Signals, Any]


_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Runs] = WeakKeyDictionary()


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Prefect's own handlers would raise in the middle of whatever runs, and what is under way not be recorded.

    Prefect puts its own in again when a run within a run begins; so that one takes the signals back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    runs = _loops.setdefault(loop, _Runs([], {number: signal.getsignal(number) for number in _SIGNALS}))
    runs.tasks.append(task)
    for number in _SIGNALS:
        loop.add_signal_handler(number, _stop, runs.tasks)
    try:
        yield
    finally:
        runs.tasks.remove(task)
        if not runs.tasks:
            _give_back(loop)


def _stop(tasks: list[asyncio.Task[Any] | None]) -> None:
    """Stop: the first time once the calls under way are answered, the second time at once."""
    if resources.stop_all():
        again = " Ctrl-C again leaves at once." if sys.stdin is not None and sys.stdin.isatty() else ""
        print(f"Stopping: no new call starts; waiting for the calls under way.{again}", file=sys.stderr)
        return
    for task in set(tasks):
        if task is not None:
            task.cancel()


def _give_back(loop: asyncio.AbstractEventLoop) -> None:
    """Nothing runs any more, so that signals do what they did before and another run may begin."""
    resources.forget_stop()
    for number, handler in _loops.pop(loop).before.items():
        loop.remove_signal_handler(number)
        signal.signal(number, handler)
