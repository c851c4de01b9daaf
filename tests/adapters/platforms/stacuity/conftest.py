"""The Stacuity client against the simulator, over HTTP on loopback."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapters.platforms.simulator import StacuityConfig, StacuitySimulator
from tests.support.scripted_server import ScriptedServer
from tests.support.stacuity import FAST, Client, Stacuity

Start = Callable[..., Awaitable[Stacuity]]


@pytest.fixture
async def start():
    """Start a simulator and a client for it."""
    running: list[Stacuity] = []

    async def begin(*faults: dict[str, Any], knobs: Any = None, **settings: Any) -> Stacuity:
        simulator = StacuitySimulator(StacuityConfig.model_validate({**FAST, **(knobs or {})}))
        await simulator.start()
        stacuity = Stacuity(simulator, **settings)
        running.append(stacuity)
        if faults:
            stacuity.faults(*faults)
        return stacuity

    yield begin
    for stacuity in running:
        await stacuity.close()
        await stacuity.simulator.stop()


@pytest.fixture
async def stacuity(start: Start) -> Stacuity:
    """A platform without faults."""
    return await start()


@pytest.fixture
async def serve():
    """Start a server that answers word for word, and a client for it."""
    running: list[Any] = []

    async def begin(server: ScriptedServer | None = None, **settings: Any):
        server = await (server or ScriptedServer()).start()
        client = Client(settings.pop("base_url", server.base_url), **settings)
        running.append((client, server))
        return client, server

    yield begin
    for client, server in running:
        await client.close()
        await server.stop()
