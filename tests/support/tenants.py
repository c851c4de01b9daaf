"""Several tenants on simulators of their own, one store, and settings that may lead to any of them."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from adapters import settings
from adapters.platforms.simulator import Simulator, SimulatorConfig, StacuityConfig, StacuitySimulator
from domain import sight
from domain.lifecycle import Kind
from domain.manifest import ManifestRow, Outcome
from domain.order import Order, SellRequest
from domain.ports import Scope
from domain.survey import survey
from tasks import resources, selling
from tests.support.desk import Desk, manifest
from tests.support.sft import FAST, PASSWORD
from tests.support.stacuity import FAST as FLEET_FAST

ADDON, OTHER_ADDON = "654321", "654322"
GROUP = f'addon_plan_id = "{ADDON}"'
OWN = {
    "username": "api-user",
    "password": PASSWORD,
    "tenant_claim": "org",
    "rate_per_second": 5000,
    "max_in_flight": 16,
    "deadline_seconds": 2,
    "settle_seconds": 0.2,
    "roaming_profile_id": "1234",
    "apn_group_id": "PDP_1",
    "plan_id": "123456",
}


class Tenants:
    """One store; `name()` says which names the settings have from now on, and which tenant each leads to."""

    def __init__(self, folder: Path, store_url: str) -> None:
        self.folder = folder
        self.store_url = store_url
        self._running: list[Simulator] = []

    async def tenant(self, *, platform: str = "sft", **knobs: Any) -> Any:
        """One more tenant, of either platform."""
        quick = {"stock": 20, **knobs}
        if platform == "stacuity":
            config = StacuityConfig.model_validate({**FLEET_FAST, "fixtures": "objects", **quick})
            self._running.append(StacuitySimulator(config))
        else:
            self._running.append(Simulator(SimulatorConfig.model_validate({**FAST, **quick})))
        await self._running[-1].start()
        return self._running[-1]

    async def close(self) -> None:
        settings.load.cache_clear()
        for one in self._running:
            await one.stop()

    def name(
        self, accounts: Mapping[str, Simulator | str], *, group: str = f'addon_plan_id = "{ADDON}"', **own: Any
    ) -> None:
        """Write the settings, as an operator does. `group` is what `eu` stands for."""
        lines = [f"store_url = {json.dumps(self.store_url)}", f"default_account = {json.dumps(next(iter(accounts)))}"]
        lines.append(f"reports_dir = {json.dumps(str(self.folder / 'reports'))}")
        for name, where in accounts.items():
            values = {**OWN, "base_url": where if isinstance(where, str) else where.base_url, **own}
            lines += [f"[accounts.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
            lines += [f"[accounts.{name}.groups.eu]", group]
        (self.folder / "preactive.toml").write_text("\n".join(lines) + "\n")
        settings.load.cache_clear()

    async def provision(self, account: str, iccids: Sequence[str], *, into_store_only: bool = False) -> None:
        """Take SIMs in and make endpoints of them, or take over those that are there, as the flow does."""
        if not into_store_only:
            async with resources.session(account):
                pass  # pinned before anything is recorded
        rows = [ManifestRow(row_no=n + 2, outcome=Outcome.ACCEPTED, iccid=iccid) for n, iccid in enumerate(iccids)]
        desk = Desk(self.store_url)
        change = desk.ingest(manifest(rows), account=account, tags=["spring"]).change
        desk.close()
        async with resources.session(account) as session:
            await self.carry_out(session, change)

    async def carry_out(self, session: resources.Session, change: int) -> None:
        """Look, then send."""
        findings = await session.ended_elsewhere(change)
        known = {found.work.id for found in findings}
        planned = [work for work in await session.planned(change, Kind.CREATE) if work.id not in known]
        seen = (await survey(session.platform, [work.iccid for work in planned], chase=False)).sims
        platform = session.account.platform
        findings += [found for work in planned if (found := sight.before_write(work, seen.get(work.iccid), platform))]
        await session.settle_by_sight(findings)
        await session.executor().run(Scope(change))

    async def end_once(self, reached: Callable[[], bool], work: Coroutine[Any, Any, object]) -> None:
        """Let work go on until the platform has got so far, and end it as a crash does."""
        task = asyncio.create_task(work)
        while not reached() and not task.done():  # noqa: ASYNC110 - the simulator tells nobody
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert reached()

    async def sell(self, order: str, account: str, group: str = "eu") -> Order:
        return await selling.sold(SellRequest(order=order, account=account, tag="spring", group=group))

    def see(self, sql: str, **values: object) -> list[tuple[Any, ...]]:
        """Read what is committed."""
        desk = Desk(self.store_url)
        try:
            return [tuple(row) for row in desk.see(sql, **values)]
        finally:
            desk.close()


def commits(tenant: Simulator) -> Counter[str]:
    """What truly happened on a tenant."""
    return Counter(entry.kind for entry in tenant.ledger.entries)


def requests(tenant: Simulator, path: str = "") -> int:
    """How many requests reached a tenant, of this path or of all."""
    stats = tenant.account.stats if isinstance(tenant, StacuitySimulator) else tenant.engine.stats
    return sum(count for route, count in stats.requests.items() if route.endswith(path))
