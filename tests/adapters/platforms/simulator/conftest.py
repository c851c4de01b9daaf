"""A simulator on a loopback port, and a plain HTTP client for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from adapters.platforms.simulator import Simulator, SimulatorConfig

FAST = {"rate_per_second": 0, "latency_read": 0, "latency_write": 0, "latency_login": 0, "read_lag": 0, "stock": 20}
CREATE = {
    "name": "meter-1",
    "isLinkSIM": "true",
    "isDefaultActivation": "false",
    "roamingProfileId": "1234",
    "apnGroupId": "PDP_1",
    "planId": "123456",
}


class Sft:
    """Talks to a simulator as any HTTP client would."""

    def __init__(self, simulator: Simulator, http: aiohttp.ClientSession) -> None:
        self.simulator = simulator
        self.http = http
        self.token = ""

    @property
    def iccids(self) -> list[str]:
        return list(self.simulator.state.sims)

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Requested-With": "XMLHttpRequest", "X-Authorization": f"Bearer {self.token}"}

    def request(self, method: str, path: str, **options: Any) -> Any:
        url = f"{self.simulator.base_url}{path}"
        return self.http.request(method, url, allow_redirects=False, **{"headers": self.headers, **options})

    async def login(self, **fields: str) -> dict[str, Any]:
        body = {"username": "api-user", "password": "demo-password", **fields}
        async with self.request("POST", "/login", json=body) as response:
            answer = await response.json()
        self.token = answer.get("AccessToken", self.token)
        return answer

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        async with self.request("GET", path, params=query) as response:
            return (await response.json())["Response"]

    async def send(self, path: str, body: dict[str, Any], method: str = "POST") -> dict[str, Any]:
        async with self.request(method, path, json=body) as response:
            return (await response.json())["Response"]

    async def write(self, path: str, endpoint_id: str, **params: Any) -> dict[str, Any]:
        request = {"endPointId": endpoint_id, **({"requestParam": params} if params else {})}
        return await self.send(path, {"Request": request})

    def creation(self, iccid: str | None = None, **params: Any) -> dict[str, Any]:
        fields = {**CREATE, "iccid": iccid or self.iccids[0], **params}
        return {"Request": {"requestParam": {key: value for key, value in fields.items() if value is not None}}}

    async def create(self, iccid: str | None = None, **params: Any) -> dict[str, Any]:
        return await self.send("/CreateEndPoint", self.creation(iccid, **params))

    async def created(self, iccid: str | None = None, **params: Any) -> str:
        return str((await self.create(iccid, **params))["endPointId"])

    async def sim(self, iccid: str) -> dict[str, Any]:
        return (await self.get("/fetchSIM", iccid=iccid))["responseParam"]["rows"][0]

    async def admin(self, path: str, body: Any = None) -> Any:
        method = "GET" if body is None else "POST"
        async with self.http.request(method, f"{self.simulator.root_url}/_sim{path}", json=body) as response:
            return await response.json()

    async def until(self, happened: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait for something that the simulator does on its own."""
        async with asyncio.timeout(seconds):
            while not happened():  # noqa: ASYNC110 - the simulator has no event to wait for
                await asyncio.sleep(0.01)

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.simulator.ledger.entries]


Start = Callable[..., Awaitable[Sft]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start a simulator with some knobs turned, logged in."""
    running: list[Sft] = []

    async def begin(*, logged_in: bool = True, **knobs: Any) -> Sft:
        simulator = Simulator(SimulatorConfig.model_validate({**FAST, **knobs}))
        await simulator.start()
        sft = Sft(simulator, aiohttp.ClientSession())
        running.append(sft)
        if logged_in:
            await sft.login()
        return sft

    yield begin
    for sft in running:
        await sft.http.close()
        await sft.simulator.stop()


@pytest.fixture
async def sft(start: Start) -> Sft:
    """A fast simulator without faults, logged in."""
    return await start()


@pytest.fixture
def code() -> Callable[[dict[str, Any]], tuple[str, str]]:
    """Reads outer and inner result code of an answer."""
    return lambda answer: (answer["resultCode"], answer["resultParam"]["resultCode"])
