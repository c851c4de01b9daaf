"""Ends a run cleanly on Ctrl-C, SIGTERM and SIGHUP: no new call starts, and what is under way is recorded."""

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
from tasks.stop_signals import AGAIN_SECONDS, HardEnd, stop_signals

_AFTER_CALLS = 30.0  # s; what comes after the last call under way: recording it, numbers and report


@dataclass(frozen=True, slots=True)
class _Runs:
    """The runs of a loop that are stopped together, and what the signals did before the first of them."""

    tasks: list[asyncio.Task[Any] | None]
    before: dict[signal.Signals, Any]
    end: HardEnd


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
    before = {number: signal.getsignal(number) for number in stop_signals()}
    runs = _loops.setdefault(loop, _Runs([], before, HardEnd()))
    runs.tasks.append(task)
    for number in runs.before:
        loop.add_signal_handler(number, _stop, runs)
        # The loop calls us when it comes to it; a statement that the loop itself waits for is ended at once.
        signal.signal(number, lambda *_: resources.hurry_store())
        signal.siginterrupt(number, False)
    try:
        yield
    finally:
        runs.tasks.remove(task)
        if not runs.tasks:
            _give_back(loop)


def _stop(runs: _Runs) -> None:
    """Stop: the first time once the calls under way are answered, the second time at once."""
    if resources.stop_all():
        runs.end.within(resources.longest_call() + _AFTER_CALLS)
        again = " Ctrl-C again leaves at once." if sys.stdin is not None and sys.stdin.isatty() else ""
        print(f"Stopping: no new call starts; waiting for the calls under way.{again}", file=sys.stderr)
        return
    runs.end.within(AGAIN_SECONDS)
    for task in set(runs.tasks):
        if task is not None:
            task.cancel()


def _give_back(loop: asyncio.AbstractEventLoop) -> None:
    """Nothing runs any more, so that signals do what they did before and another run may begin."""
    resources.forget_stop()
    runs = _loops.pop(loop)
    runs.end.forget()
    for number, handler in runs.before.items():
        loop.remove_signal_handler(number)
        signal.signal(number, handler)
