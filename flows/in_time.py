"""Answers in time, whatever the store and the platform do: the work goes on, and who asked is not kept waiting."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from domain.errors import StoreSilent

T = TypeVar("T")

_SHORTEST = 0.05


class Until:
    """A moment so many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """The seconds until then. At least a few hundredths, in which something that is there can be read."""
        return max(_SHORTEST, self._at - time.monotonic())


async def in_time(work: Coroutine[Any, Any, T], until: Until) -> T:
    """What the work comes to, if it does so by then; if not, it goes on without us.

    Raises StoreSilent.
    """
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({task}, timeout=until.left)
    if done:
        return task.result()
    task.add_done_callback(_forget)
    raise StoreSilent("The order was not looked at in time; send it again.")


def _forget(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()  # whoever asks again meets it again
