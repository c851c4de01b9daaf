"""The real client, the real store and the real simulator in one loop, in virtual time: an hour costs a second."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from adapters.store.store import Store
from domain.errors import PreactiveError
from domain.lifecycle import Kind
from domain.operation import State
from domain.readback import check_states, check_tags
from tests.support.simulated_program import SimulatedProgram
from tests.support.virtual_time import played

KNOBS = {"latency_read": 0.1, "latency_write": 0.5, "latency_login": 0.1, "read_lag": 2, "rate_per_second": 0}
# A tenth of the times of production: a call may take 20 s, and may be carried out until 30 s after that.
SETTINGS = {
    "rate_per_second": 20,
    "max_in_flight": 4,
    "deadline_seconds": 20,
    "read_deadline_seconds": 10,
    "connect_seconds": 5,
    "settle_seconds": 30,
    "page_size": 10,
}
FINAL = (State.CONFIRMED, State.REFUSED, State.NEEDS_HUMAN)


class InlineStore(Store):
    """The store without its threads, which would live in real time."""

    async def awrite(self, function: Callable[..., Any], *args: object, **kwargs: object) -> Any:
        return self.write(function, *args, **kwargs)

    async def look(self, function: Callable[..., Any], *args: object, within: float = 0.0) -> Any:
        return self.write(function, *args)

    async def survey(self, function: Callable[..., Any], *args: object, **kwargs: object) -> Any:
        return self.write(function, *args, **kwargs)


class VirtualWorld(SimulatedProgram):
    """The program together with a simulated platform."""

    kind = InlineStore
    knobs = KNOBS
    account = SETTINGS

    async def run_for(self, seconds: float) -> PreactiveError | None:
        """Carry the change out for so long at most, then stop as on Ctrl-C: what is under way is waited for."""
        session = await self.process()
        running = asyncio.create_task(self.run(session))
        await asyncio.wait([running], timeout=seconds)
        session.halt()
        error = await running
        await session.platform.close()
        await session.ledger.close()
        self.sessions.remove(session)
        return error

    async def until_nothing_is_left_to_happen(self, seconds: float = 1000.0) -> None:
        """Wait for what the platform still does on its own."""
        await asyncio.sleep(seconds)

    async def read_back(self, kind: Kind) -> Mapping[str, str]:
        """Hand to a person what answers confirmed and the platform shows otherwise, at one look."""
        session = await self.process()
        expected = await session.states_unread(self.scope.change, kind)
        found = await check_states(session.platform, expected, waits=(0.0,), stop=session.stop)
        await session.keep_read_back(self.scope.change, kind, found)
        return found.differing

    async def read_back_tags(self) -> int:
        """Reconsider tags that answers confirmed and the platform does not show."""
        session = await self.process()
        tagged = await session.tags_unread(self.scope.change)
        findings = await check_tags(session.platform, tagged, everything=True)
        await session.keep_tags_read_back(tagged, findings)
        return len(findings)


def virtually(scenario: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Play a scenario with everything in it in virtual time."""
    return played(scenario(), everywhere=True)


def in_virtual_time(**options: Any) -> Callable[[Callable[..., Coroutine[Any, Any, None]]], Callable[..., None]]:
    """Make a test of a scenario; it needs the fixture `play`."""

    def decorate(scenario: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
        def test(play: Callable[..., None]) -> None:
            play(scenario, **options)

        test.__name__, test.__doc__, test.__module__ = scenario.__name__, scenario.__doc__, scenario.__module__
        return test

    return decorate
