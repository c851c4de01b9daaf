"""Work that goes on whatever becomes of the client who asked for it."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Deferred:
    """Runs actions later; a client that hangs up cancels its own waiting, never the action."""

    def __init__(self) -> None:
        self._waiting: dict[_Action, asyncio.TimerHandle] = {}

    def after(self, seconds: float, action: Callable[[], T]) -> asyncio.Future[T]:
        """Run the action after some seconds and return a future of its result."""
        waiting = _Action(action)
        self._set(waiting, asyncio.get_running_loop().time() + seconds)
        return waiting.future

    def skip(self, seconds: float) -> None:
        """Let time pass at once: everything happens so much earlier, in its order."""
        for waiting, handle in sorted(self._waiting.items(), key=lambda item: item[1].when()):
            handle.cancel()
            self._set(waiting, handle.when() - seconds)

    def cancel(self) -> None:
        """Drop everything that has not run yet, and who waits for it."""
        for waiting, handle in self._waiting.items():
            handle.cancel()
            waiting.future.cancel()
        self._waiting.clear()

    def _set(self, waiting: "_Action", when: float) -> None:
        self._waiting[waiting] = asyncio.get_running_loop().call_at(when, self._run, waiting)

    def _run(self, waiting: "_Action") -> None:
        del self._waiting[waiting]
        waiting.run()


class _Action:
    """One action with the future of its result."""

    def __init__(self, action: Callable[[], Any]) -> None:
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._action = action

    def run(self) -> None:
        try:
            result = self._action()
        except Exception as error:
            if self.future.cancelled():
                raise
            self.future.set_exception(error)
        else:
            if not self.future.cancelled():
                self.future.set_result(result)
