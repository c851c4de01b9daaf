"""The SFT client against the simulator, over HTTP on loopback."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapters.platforms.simulator import Simulator, SimulatorConfig
from tests.support.scripted_server import ScriptedServer
from tests.support.sft import FAST, Client, Sft

Start = Callable[..., Awaitable[Sft]]


@pytest.fixture
async def start():
    """Start a simulator, and a client that has logged in unless told otherwise."""
    running: list[Sft] = []

    async def begin(*faults: dict[str, Any], logged_in: bool = True, knobs: Any = None, **settings: Any) -> Sft:
        simulator = Simulator(SimulatorConfig.model_validate({**FAST, **(knobs or {})}))
        await simulator.start()
        sft = Sft(simulator, **settings)
        running.append(sft)
        if logged_in:
            await sft.platform.login()
        sft.faults(*faults)
        return sft

    yield begin
    for sft in running:
        await sft.close()
        await sft.simulator.stop()


@pytest.fixture
async def sft(start: Start) -> Sft:
    """A platform without faults."""
    return await start()


@pytest.fixture
async def serve():
    """Start a server that answers word for word, and a client for it."""
    running: list[Any] = []

    async def begin(server: ScriptedServer | None = None, *, logged_in: bool = True, **settings: Any):
        server = await (server or ScriptedServer()).start()
        client = Client(settings.pop("base_url", server.base_url), **settings)
        running.append((client, server))
        if logged_in:
            await client.platform.login()
        return client, server

    yield begin
    for client, server in running:
        await client.close()
        await server.stop()
