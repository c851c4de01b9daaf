"""Work that goes on whatever becomes of the client who asked for it."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Deferred:
    """Runs actions later; a client that hangs up cancels its own waiting, never the action."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.TimerHandle, asyncio.Future[Any]] = {}

    def after(self, seconds: float, action: Callable[[], T]) -> asyncio.Future[T]:
        """Run the action after some seconds and return a future of its result."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def act() -> None:
            self._waiting.pop(handle, None)
            _settle(future, action)

        handle = loop.call_later(seconds, act)
        self._waiting[handle] = future
        return future

    def cancel(self) -> None:
        """Drop everything that has not run yet, and who waits for it."""
        for handle, future in self._waiting.items():
            handle.cancel()
            future.cancel()
        self._waiting.clear()


def _settle(future: asyncio.Future[T], action: Callable[[], T]) -> None:
    try:
        result = action()
    except Exception as error:
        if future.cancelled():
            raise
        future.set_exception(error)
    else:
        if not future.cancelled():
            future.set_result(result)
