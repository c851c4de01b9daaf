"""Runs a coroutine in a loop whose clock jumps to the next timer, so that a wait of a minute costs nothing."""

import asyncio
import selectors
import socket
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

EPOCH = 1_800_000_000.0  # what the clock on the wall says when a loop begins
_GRACE = 50e-6
_really_sleep = time.sleep


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: when nothing is ready, time moves on instead."""

    now = 0.0

    def select(self, timeout=None):
        ready = super().select(0)
        if not ready and timeout != 0 and len(self.get_map()) > 1:
            _really_sleep(_GRACE)  # what was written to a socket of this machine is there at once, or very nearly
            ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("every task waits for something that nobody will do")
        if not ready:
            self.now += max(0.0, timeout)
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop with a clock of its own that starts at 0."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._jumping.now

    async def getaddrinfo(self, host, port, **hints):
        """Look a host name up at once, since a thread would take its time on another clock."""
        return socket.getaddrinfo(host, port, **hints)


def played(coroutine: Coroutine[Any, Any, T], *, everywhere: bool = False) -> T:
    """Run to the end in jumping time. Only for what waits through asyncio, not for threads.

    `everywhere`: the clocks of the machine jump along, and server and client may be sockets of this loop.
    """
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        loop = runner.get_loop()
        if not everywhere:
            return runner.run(coroutine)
        with _clocks_of(loop):
            return runner.run(coroutine)


@contextmanager
def _clocks_of(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let the clocks of this process show the loop's time."""
    wall, monotonic, since_start = time.time, time.monotonic, time.clock_gettime
    time.time = lambda: EPOCH + loop.time()
    time.monotonic = lambda: EPOCH + loop.time()
    time.clock_gettime = lambda _which: loop.time()
    try:
        yield
    finally:
        time.time, time.monotonic, time.clock_gettime = wall, monotonic, since_start


def now() -> float:
    """The running loop's clock."""
    return asyncio.get_running_loop().time()
