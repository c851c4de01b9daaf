"""Goes on sending and looking up until everything in a scope is final or nothing more can be done now."""

import asyncio
from collections.abc import Callable

from domain.executor import Executor
from domain.ports import Ledger, Outlook, Scope
from domain.settler import Settler

_LOOK_AGAIN = 1.0
_SHORTEST = 0.05


async def finish(
    scope: Scope,
    *,
    ledger: Ledger,
    settler: Settler,
    executor: Callable[[], Executor],
    stop: asyncio.Event,
    halt: Callable[[], None],
) -> None:
    """Look up what is in doubt and send what became ready, over and over, until the scope is over or `stop` is set.

    Waits for other processes that work on the same scope, and takes over from those that died.
    Raises LoginRefused and Stopped, after everything learned was recorded.
    """
    while not stop.is_set():
        await settler.settle_due(scope)
        await executor().run(scope)
        outlook = await ledger.outlook(scope)
        if outlook.cancelled:
            halt()
        if is_over(outlook):
            return
        # What is still ready now must wait for a place that another process holds.
        await _pause(stop, outlook)


def is_over(outlook: Outlook) -> bool:
    """Nothing is under way or in doubt; what is still planned waits for something that was refused."""
    return not outlook.waiting and not outlook.ready


async def _pause(stop: asyncio.Event, outlook: Outlook) -> None:
    until = outlook.next_at - outlook.now if outlook.next_at is not None else _LOOK_AGAIN
    try:
        await asyncio.wait_for(stop.wait(), min(max(until, _SHORTEST), _LOOK_AGAIN))
    except TimeoutError:
        return
