"""A shop: SIMs that wait on a real simulator, a real store, and the program's own settings."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from adapters import settings
from adapters.platforms.simulator import Simulator, SimulatorConfig
from adapters.platforms.simulator.model import ACTIVE
from domain.finish import finish
from domain.manifest import ManifestRow, Outcome
from domain.order import SellRequest
from domain.ports import Scope
from tasks import resources
from tests.support.desk import ACCOUNT, Desk, manifest
from tests.support.sft import FAST, PASSWORD

SETTINGS = """
store_url = "{store_url}"
default_account = "travel"
[accounts.travel]
base_url = "{base_url}"
username = "api-user"
password = "{password}"
rate_per_second = 5000
max_in_flight = 16
read_deadline_seconds = 5
roaming_profile_id = "1234"
apn_group_id = "PDP_1"
plan_id = "123456"
{more}
[accounts.travel.groups.eu]
addon_plan_id = "654321"
[accounts.travel.groups.us]
addon_plan_id = "654322"
"""


class Shop:
    """One simulator, one store, and SIMs with the tag `spring` that wait for buyers."""

    def __init__(self, simulator: Simulator, store_url: str) -> None:
        self.simulator = simulator
        self.store_url = store_url
        self.iccids: list[str] = []

    def order(self, order: str = "A-1", **fields: Any) -> SellRequest:
        return SellRequest(**({"order": order, "account": ACCOUNT, "tag": "spring", "group": "eu"} | fields))

    def faults(self, *rules: dict[str, Any]) -> None:
        """Let the platform go wrong from now on; the calls are numbered anew."""
        self.simulator.engine.set_faults(SimulatorConfig.model_validate({"faults": rules}).faults)

    async def stock(self, count: int) -> None:
        """Make so many pre-active endpoints, by the program's own calls."""
        self.iccids = list(self.simulator.state.sims)[:count]
        await make_pre_active(self.store_url, self.iccids, ACCOUNT)

    @property
    def done(self) -> Counter[str]:
        """What truly happened on the platform."""
        return Counter(entry.kind for entry in self.simulator.ledger.entries)

    def in_service(self) -> dict[str | None, int]:
        """The SIMs that are active, each with the number of its add-ons."""
        endpoints = self.simulator.state.endpoints.values()
        return {e.iccid: len(e.addons) for e in endpoints if e.status == ACTIVE}


async def make_pre_active(store_url: str, iccids: list[str], account: str, tag: str = "spring") -> None:
    """Make tagged endpoints of these SIMs on the account of the present settings, without Prefect."""
    rows = [ManifestRow(row_no=n + 2, outcome=Outcome.ACCEPTED, iccid=i) for n, i in enumerate(iccids)]
    desk = Desk(store_url)
    change = desk.ingest(manifest(rows), account=account, tags=[tag]).change
    desk.close()
    async with resources.session(account) as session:
        await finish(
            Scope(change),
            ledger=session.ledger,
            settler=session.settler,
            executor=session.executor,
            stop=session.stop,
            halt=session.halt,
        )


@asynccontextmanager
async def open_shop(
    folder: Path, store_url: str, *, sims: int, more: str = "deadline_seconds = 5", **knobs: Any
) -> AsyncIterator[Shop]:
    """A shop with so many SIMs; PREACTIVE_CONFIG must name `preactive.toml` in the folder."""
    simulator = Simulator(SimulatorConfig.model_validate({**FAST, "stock": sims + 10, **knobs}))
    await simulator.start()
    text = SETTINGS.format(store_url=store_url, base_url=simulator.base_url, password=PASSWORD, more=more)
    (folder / "preactive.toml").write_text(text)
    settings.load.cache_clear()
    shop = Shop(simulator, store_url)
    try:
        await shop.stock(sims)
        yield shop
    finally:
        settings.load.cache_clear()
        await simulator.stop()
