"""A client of Stacuity as the program makes it, and the simulator it talks to."""

from typing import Any

from adapters.platforms.simulator import StacuityConfig, StacuitySimulator
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.model import Endpoint, Group
from adapters.platforms.stacuity.client import StacuityPlatform
from domain.credential import Source, nowhere
from domain.lifecycle import Kind
from domain.operation import Work
from domain.options import Account
from domain.outcome import Answer
from domain.pacer import Pacer
from tests.support.memory_ledger import MemoryBuckets

TOKEN = "c0ffee00c0ffee00c0ffee00c0ffee00"
RATE = 5000.0
FAST = {"latency_read": 0, "latency_write": 0, "stock": 12, "token": TOKEN}
ACCOUNT = {
    "platform": "stacuity",
    "token": TOKEN,
    "rate_per_second": RATE,
    "max_in_flight": 16,
    "deadline_seconds": 5,
    "read_deadline_seconds": 5,
    "connect_seconds": 1,
    "groups": {"eu": {"endpoint_group": "fleet-main"}},
}


class Client:
    """A client of the platform as the program makes it, with its bucket in memory."""

    def __init__(self, base_url: str, *, source: Source = nowhere, **settings: Any) -> None:
        self.account = Account.model_validate({**ACCOUNT, "base_url": base_url, **settings})
        self.buckets = MemoryBuckets(rate=self.account.rate_per_second)
        self.pacer = Pacer(self.buckets, rate=self.account.rate_per_second)
        self.platform = StacuityPlatform(self.account, self.pacer, source=source)
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

    async def perform(self, kind: Kind, iccid: str = "8944", endpoint_id: str | None = None, **fields: Any) -> Answer:
        return await self.platform.perform(self.work(kind, iccid, endpoint_id, **fields))


class Stacuity(Client):
    """The same, with the simulator it talks to."""

    def __init__(self, simulator: StacuitySimulator, **settings: Any) -> None:
        super().__init__(simulator.base_url, **settings)
        self.simulator = simulator
        self.iccids = [one.iccid for one in list(simulator.estate.endpoints.values())[: simulator.config.stock]]

    @property
    def estate(self) -> Estate:
        """The account's true state."""
        return self.simulator.estate

    def endpoint(self, which: int | str = 0) -> Endpoint:
        """The n-th endpoint of the stock, or the one of the fixtures that is called so."""
        if isinstance(which, str):
            return self.simulator.account.fixtures[which]
        found = self.estate.with_iccid(self.iccids[which])
        assert found is not None
        return found

    def group(self, moniker: str = "fleet-main") -> Group:
        return self.estate.find(self.estate.groups, moniker)

    async def act(self, kind: Kind, which: int | str = 0, target: str = "", **fields: Any) -> Answer:
        """Carry out one change on an endpoint."""
        one = self.endpoint(which)
        return await self.perform(kind, one.iccid, one.id, target=target, **fields)

    def faults(self, *rules: dict[str, Any]) -> None:
        """Let the platform go wrong from now on; the calls are numbered anew."""
        self.simulator.account.set_faults(StacuityConfig.model_validate({"faults": rules}).faults)

    def behave(self, *behaviours: str) -> None:
        """Let the platform as a whole behave so from now on."""
        self.simulator.account.set_faults((), frozenset(behaviours))

    def commits(self, kind: str = "") -> list[str]:
        """What truly happened on the platform since the fixtures were made."""
        kinds = [entry.kind for entry in self.simulator.ledger.entries if kind in ("", entry.kind)]
        return [one for one in kinds if one != "allocate"]

    def requests(self, name: str = "") -> int:
        """How many requests came, of this operation or of all."""
        counts = self.simulator.account.stats.requests
        return sum(count for route, count in counts.items() if name in ("", route))

    def bodies(self, method: str) -> list[Any]:
        """The bodies of the requests with this method, as the platform saw them."""
        return [entry["body"] for entry in self.simulator.journal.entries() if entry["method"] == method]
