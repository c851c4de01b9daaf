"""Ends a run cleanly on Ctrl-C and SIGTERM: no new call starts, and what is under way is recorded."""

import asyncio
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from tasks import resources

_handled: WeakSet[asyncio.AbstractEventLoop] = WeakSet()


def _stop_run(main: asyncio.Task[Any] | None) -> None:
    """Stop: the first time once the calls under way are answered, the second time at once."""
    if resources.stop_all():
        again = " Ctrl-C again leaves at once." if sys.stdin is not None and sys.stdin.isatty() else ""
        print(f"Stopping: no new call starts; waiting for the calls under way.{again}", file=sys.stderr)
    elif main is not None:
        main.cancel()


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Prefect's own handlers would raise in the middle of whatever runs, and what is under way not be recorded."""
    loop = asyncio.get_running_loop()
    # A run within a run leaves them to the outer one.
    if threading.current_thread() is not threading.main_thread() or loop in _handled:
        yield
        return
    _handled.add(loop)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, _stop_run, asyncio.current_task())
    try:
        yield
    finally:
        _handled.discard(loop)
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
