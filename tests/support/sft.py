"""A client of SFT as the program makes it, and the simulator it talks to."""

from typing import Any

from adapters.platforms.sft.client import SftPlatform
from adapters.platforms.simulator import Simulator, SimulatorConfig
from domain.credential import Source, nowhere
from domain.lifecycle import Kind
from domain.operation import Work
from domain.options import Account
from domain.outcome import Answer
from domain.pacer import Pacer
from tests.support.memory_ledger import MemoryBuckets

PASSWORD = "canary-Pa55word"
RATE = 5000.0
FAST = {
    "rate_per_second": 0,
    "latency_read": 0,
    "latency_write": 0,
    "latency_login": 0,
    "read_lag": 0,
    "stock": 30,
    "password": PASSWORD,
}
ACCOUNT = {
    "username": "api-user",
    "password": PASSWORD,
    "rate_per_second": RATE,
    "max_in_flight": 16,
    "deadline_seconds": 5,
    "read_deadline_seconds": 5,
    "connect_seconds": 1,
    "roaming_profile_id": "1234",
    "apn_group_id": "PDP_1",
    "plan_id": "123456",
    "groups": {
        "eu": {"addon_plan_id": "654321"},
        "us": {"addon_plan_id": "654322"},
        "base": {"plan_id": "DEFAULTPRE1"},
        "label": {"tag": "label"},
    },
}


class Client:
    """A client of the platform as the program makes it, with its bucket in memory."""

    def __init__(self, base_url: str, *, source: Source = nowhere, **settings: Any) -> None:
        self.account = Account.model_validate({**ACCOUNT, "base_url": base_url, **settings})
        self.buckets = MemoryBuckets(rate=self.account.rate_per_second)
        self.pacer = Pacer(self.buckets, rate=self.account.rate_per_second)
        self.platform = SftPlatform(self.account, self.pacer, source=source)
        self._works = 0
        self.slack = 25.0  # s; a call that a busy machine starts late is not what most tests are about

    async def close(self) -> None:
        self.pacer.close()
        await self.platform.close()

    def work(self, kind: Kind, iccid: str = "8944", endpoint_id: str | None = None, **fields: Any) -> Work:
        """An operation whose intent was just written."""
        self._works += 1
        values = {"id": self._works, "token": 1, "endpoint": self._works, "name": f"meter {self._works}"}
        return Work(
            kind=kind,
            iccid=iccid,
            endpoint_id=endpoint_id,
            sent_at=self.buckets.clock() + self.slack,
            **(values | fields),
        )

    async def perform(
        self, kind: Kind, iccid: str = "8944", endpoint_id: str | None = None, target: str = ""
    ) -> Answer:
        return await self.platform.perform(self.work(kind, iccid, endpoint_id, target=target))


class Sft(Client):
    """The same, with the simulator it talks to."""

    def __init__(self, simulator: Simulator, **settings: Any) -> None:
        super().__init__(simulator.base_url, **settings)
        self.simulator = simulator
        self.iccids = list(simulator.state.sims)

    async def create(self, number: int = 0) -> Answer:
        return await self.perform(Kind.CREATE, self.iccids[number])

    async def created(self, number: int = 0) -> str:
        """The id of a new endpoint."""
        answer = await self.create(number)
        assert answer.endpoint_id is not None
        return answer.endpoint_id

    async def act(self, kind: Kind, endpoint_id: str, target: str = "") -> Answer:
        iccid = self.simulator.state.endpoints[endpoint_id].iccid or ""
        return await self.perform(kind, iccid, endpoint_id, target)

    def faults(self, *rules: dict[str, Any]) -> None:
        """Let the platform go wrong from now on; the calls are numbered anew."""
        self.simulator.engine.set_faults(SimulatorConfig.model_validate({"faults": rules}).faults)

    def commits(self, kind: str = "") -> list[str]:
        """What truly happened on the platform."""
        return [entry.kind for entry in self.simulator.ledger.entries if kind in ("", entry.kind)]

    def requests(self, path: str = "") -> int:
        """How many requests came, of this path or of all."""
        counts = self.simulator.engine.stats.requests
        return sum(count for route, count in counts.items() if not path or route.endswith(path))

    def sent(self, path: str) -> list[dict[str, Any]]:
        """The requests of this path as the platform saw them."""
        return [entry for entry in self.simulator.journal.entries() if entry["path"].partition("?")[0] == f"/api{path}"]
