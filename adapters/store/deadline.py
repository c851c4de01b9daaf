"""How long a call to the database may take. The thread that makes the call ends it, so that no thread is lost to it.

A call is one exchange with a server, or one transaction of the embedded store.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])

_EMBEDDED = 4  # a transaction has several statements, and a disk may be slow


@dataclass(frozen=True, slots=True)
class Deadline:
    """The seconds of a call, and of one that is under way when the process is told to stop."""

    seconds: float
    when_stopping: float


STEP = Deadline(30.0, 5.0)
LOOK = Deadline(5.0, 5.0)
# What follows has no limit in the embedded store, where work goes on and no network can be silent.
READING = Deadline(60.0, 60.0)  # also for the numbers and the report of a run that was stopped
PLANNING = Deadline(130.0, 0.0)  # the server ends a statement itself after 120 s; nothing is lost by a stop


class _Here(threading.local):
    deadline = STEP
    since = 0.0


_here = _Here()
_stopping = threading.Event()


def planning(function: F) -> F:
    """Mark a transaction whose length grows with what is asked for; when a stop ends it, nothing is lost."""
    function.deadline = PLANNING  # type: ignore[attr-defined]
    return function


def of(function: Callable[..., object]) -> Deadline:
    """The deadline of a transaction."""
    found: Deadline = getattr(function, "deadline", STEP)
    return found


@contextmanager
def kept(deadline: Deadline) -> Iterator[None]:
    """Hold the calls of this thread to a deadline for the length of a with block."""
    before = _here.deadline, _here.since
    _here.deadline, _here.since = deadline, time.monotonic()
    try:
        yield
    finally:
        _here.deadline, _here.since = before


def over(since: float) -> str:
    """Why the exchange that this thread began at `since` has to end; empty while it may go on."""
    return _why(_here.deadline, time.monotonic() - since, 1)


def over_here() -> str:
    """The same of this thread's transaction in the embedded store."""
    seconds = 0.0 if _here.deadline in (PLANNING, READING) else time.monotonic() - _here.since
    return _why(_here.deadline, seconds, _EMBEDDED)


def _why(deadline: Deadline, seconds: float, times: int) -> str:
    if _stopping.is_set() and deadline is PLANNING:
        return STOPPED
    limit = times * (deadline.when_stopping if _stopping.is_set() else deadline.seconds)
    return f"{SILENT} for {limit:.0f} s" if seconds > limit else ""


SILENT = "has not answered"
STOPPED = "was told to stop"


def stop() -> None:
    """End what this process plans or reads, and let it wait only shortly for the rest."""
    _stopping.set()


def go_on() -> None:
    """Take a stop back."""
    _stopping.clear()


def is_stopping() -> bool:
    """Whether the process was told to stop."""
    return _stopping.is_set()


def say(words: str) -> None:
    """One line for whoever operates the process."""
    print(f"preactive: {words}", file=sys.stderr, flush=True)
