"""A Stacuity simulator on a loopback port, and a plain HTTP client for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from adapters.platforms.simulator import StacuityConfig, StacuitySimulator
from adapters.platforms.simulator.stacuity.config import TOKEN
from adapters.platforms.simulator.stacuity.estate import Estate

FAST = {"latency_read": 0, "latency_write": 0, "stock": 5}


class Account:
    """Talks to a simulator as any HTTP client would."""

    def __init__(self, simulator: StacuitySimulator, http: aiohttp.ClientSession) -> None:
        self.simulator = simulator
        self.http = http
        self.token = TOKEN
        self.status = 0

    @property
    def estate(self) -> Estate:
        return self.simulator.estate

    def id_of(self, kind: str) -> str:
        """The id of the fixture endpoint that is called so."""
        return self.simulator.account.fixtures[kind].id

    def group_id(self, moniker: str) -> str:
        return self.estate.find(self.estate.groups, moniker).id

    async def call(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = self.simulator.base_url + path
        async with self.http.request(method, url, json=body, params=query, headers=headers) as answer:
            self.status = answer.status
            return await answer.json()

    async def get(self, path: str, **query: str) -> Any:
        """The data of a read that succeeds."""
        answer = await self.call("GET", path, **query)
        assert answer["success"], answer
        return answer["data"]

    async def put(self, path: str, body: Any) -> str:
        """What a PUT comes to: nothing, or the reason why not."""
        return _why(await self.call("PUT", path, body))

    async def post(self, path: str, body: Any) -> str:
        return _why(await self.call("POST", path, body))

    async def delete(self, path: str) -> str:
        return _why(await self.call("DELETE", path))

    async def assign(self, kind: str, group: str = "fleet-main") -> str:
        return await self.put(f"/endpoints/{self.id_of(kind)}/endpointgroup", {"endpointGroup": group})

    async def set_status(self, kind: str, status: str) -> str:
        return await self.put(f"/endpoints/{self.id_of(kind)}/status", {"endpointStatus": status})

    async def endpoint(self, kind: str) -> Any:
        return await self.get(f"/endpoints/{self.id_of(kind)}")

    async def state(self, kind: str) -> tuple[str, str]:
        """Provisioning and network status."""
        found = await self.endpoint(kind)
        return found["endpointStatus"]["moniker"], found["endpointNetworkStatus"]["moniker"]

    async def door(self, path: str, body: Any = None) -> Any:
        method = "GET" if body is None else "POST"
        async with self.http.request(method, f"{self.simulator.root_url}/_sim{path}", json=body) as answer:
            return await answer.json()

    async def happened(self, kind: str) -> list[str]:
        """The types of the events of an endpoint, oldest first."""
        events = await self.get("/events", filter=f"endpointId:{self.id_of(kind)}", limit="0")
        return [event["eventType"] for event in reversed(events)]

    async def until(self, happened: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait for something that the simulator does on its own."""
        async with asyncio.timeout(seconds):
            while not happened():  # noqa: ASYNC110 - the simulator has no event to wait for
                await asyncio.sleep(0.01)


def _why(answer: Any) -> str:
    return "" if answer.get("success") else "; ".join(answer.get("messages", [str(answer.get("errors"))]))


Start = Callable[..., Awaitable[Account]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start a simulator with some knobs turned."""
    running: list[Account] = []

    async def begin(**knobs: Any) -> Account:
        simulator = StacuitySimulator(StacuityConfig.model_validate({**FAST, **knobs}))
        await simulator.start()
        account = Account(simulator, aiohttp.ClientSession())
        running.append(account)
        return account

    yield begin
    for account in running:
        await account.http.close()
        await account.simulator.stop()


@pytest.fixture
async def account(start: Start) -> Account:
    """A fast simulator without faults."""
    return await start()


@pytest.fixture
def new_group() -> dict[str, Any]:
    """A group that is accepted."""
    return {
        "name": "Meters",
        "moniker": "meters",
        "vslice": "vslice-main",
        "routingPolicy": "internet-main",
        "regionalGatewayPolicy": "automatic",
        "subscriptionType": "integrated",
        "endpointGroupType": "primary",
        "sessionInactivityAction": "notify",
    }
