"""Takes in the events of a platform, by asking for them and by listening. Nothing here needs Prefect."""

import asyncio
import time
from collections.abc import Callable

from domain.errors import PlatformUnreachable, PreactiveError, StoreNewer
from domain.inbox import LATE_SECONDS, PlatformEvent
from domain.polling import Polled, ahead_of_us, asked_until, stretch
from domain.ports import ReadFailed
from tasks import resources
from tasks.stop_signals import AGAIN_SECONDS, SERVICE_SECONDS, HardEnd, stop_signals

_APPLY_EVERY = 1.0
_AGAIN_EVERY = 60  # rounds, after which also what differed is judged once more

Say = Callable[[str], None]


def poll(account: str | None) -> Polled:
    """See `poll_account`, outside of a run."""
    name, _ = resources.account(account)
    return asyncio.run(poll_account(name))


async def poll_account(name: str) -> Polled:
    """Ask for what happened since the last time, find out what it means, and return the numbers.

    The stretches overlap, since events may be recorded late and clocks differ; no event counts twice.
    Raises UsageError, LoginRefused, PlatformUnreachable.
    """
    async with resources.session(name) as session:
        await session.platform.login()
        now = time.time()
        before = await session.last_poll()
        wanted = stretch(now, before, kept_days=session.account.events_kept_days)
        try:
            events = await session.platform.events(wanted.since, now + LATE_SECONDS)
        except ReadFailed as error:
            raise PlatformUnreachable(f"The events of {name} cannot be read: {error}; ask again later.") from None
        new = await session.keep_polled(events, asked_until(now, before, events))
        judged = await session.apply_events(again=True)
        return Polled(session.name, new, judged.meant, wanted.warning, judged.ahead)


def listen(account: str | None, *, host: str, port: int, ready: Callable[[int], None], say: Say) -> None:
    """Take webhooks until a signal stops it. `ready` is told the port, `say` what goes wrong meanwhile."""
    name, _ = resources.account(account)
    asyncio.run(_listen(name, host, port, ready, say))


async def _listen(name: str, host: str, port: int, ready: Callable[[int], None], say: Say) -> None:
    with HardEnd() as end:
        stopped = _stopped_by_signals(end)
        try:
            async with resources.session(name) as session:
                await _serve(session, host, port, ready, say, stopped)
        finally:
            resources.forget_stop()


def _stopped_by_signals(end: HardEnd) -> asyncio.Event:
    stopped = asyncio.Event()

    def stop() -> None:
        end.within(AGAIN_SECONDS if stopped.is_set() else SERVICE_SECONDS)
        resources.hurry_store()
        stopped.set()

    for number in stop_signals():
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return stopped


async def _serve(
    session: resources.Session, host: str, port: int, ready: Callable[[int], None], say: Say, stopped: asyncio.Event
) -> None:

    async def keep(event: PlatformEvent) -> None:
        await session.keep_events([event], "webhook")

    receiver = await resources.open_receiver(session.account, keep, host=host, port=port)
    ready(receiver.port)
    try:
        await judge_until(stopped, session, say)
    finally:
        await receiver.stop()


async def judge_until(
    stopped: asyncio.Event, session: resources.Session, say: Say, *, every: float = _APPLY_EVERY
) -> None:
    """Find out what events mean, over and over. Trouble with store or platform is said once, and outlived."""
    rounds, said = 0, ""
    while not stopped.is_set():
        await _wait(stopped, every)
        rounds += 1
        trouble = await _trouble_in(session, say, again=rounds % _AGAIN_EVERY == 0)
        if trouble != said:
            say(trouble or "Events are judged again.")
        said = trouble


async def _trouble_in(session: resources.Session, say: Say, *, again: bool) -> str:
    """What goes wrong while events are judged, or nothing. Raises StoreNewer, which only a restart mends."""
    try:
        judged = await session.apply_events(again=again)
        if judged.ahead:
            say(f"{ahead_of_us(judged.ahead)}.")
    except StoreNewer:
        raise
    except PreactiveError as error:  # what was taken in is on disk, and is judged the next time
        return str(error)
    return ""


async def _wait(stopped: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopped.wait(), seconds)
    except TimeoutError:
        return
