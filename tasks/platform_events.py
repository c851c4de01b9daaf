"""Takes in the events of a platform, by asking for them and by listening. Nothing here needs Prefect."""

import asyncio
import signal
import time
from collections.abc import Callable

from domain.errors import PlatformUnreachable
from domain.inbox import Meaning, PlatformEvent
from domain.ports import ReadFailed
from tasks import resources

_WINDOW = 86_400.0
_OVERLAP = 600.0
_APPLY_EVERY = 1.0

Meant = dict[Meaning, int]


def poll(account: str | None) -> tuple[int, Meant]:
    """Ask for what happened since the last time, and return how many events were new and what they meant.

    The stretches overlap, since events may be recorded late and clocks differ; no event counts twice.
    """
    name, _ = resources.account(account)
    return asyncio.run(_poll(name))


async def _poll(name: str) -> tuple[int, Meant]:
    async with resources.session(name) as session:
        await session.platform.login()
        now = time.time()
        latest = await session.latest_event()
        since = now - _WINDOW if latest is None else max(now - _WINDOW, latest - _OVERLAP)
        try:
            events = await session.platform.events(since, now + _OVERLAP)
        except ReadFailed as error:
            raise PlatformUnreachable(f"The events of {name} cannot be read: {error}; ask again later.") from None
        new = await session.keep_events(events, "poll")
        return new, await session.apply_events()


def listen(account: str | None, *, host: str, port: int, ready: Callable[[int], None]) -> None:
    """Take webhooks until SIGINT or SIGTERM. `ready` is told the port."""
    name, _ = resources.account(account)
    asyncio.run(_listen(name, host, port, ready))


async def _listen(name: str, host: str, port: int, ready: Callable[[int], None]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with resources.session(name) as session:

        async def keep(event: PlatformEvent) -> None:
            await session.keep_events([event], "webhook")

        receiver = await resources.open_receiver(session.account, keep, host=host, port=port)
        ready(receiver.port)
        try:
            while not stopped.is_set():
                await _wait(stopped)
                await session.apply_events()
        finally:
            await receiver.stop()


async def _wait(stopped: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stopped.wait(), _APPLY_EVERY)
    except TimeoutError:
        return
