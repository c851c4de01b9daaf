"""Plans and the runs that follow them, by the program's own steps without Prefect; the platform's ledger counts."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters import settings
from adapters.platforms.simulator import Simulator, SimulatorConfig, StacuityConfig, StacuitySimulator
from domain.counts import Writes, shown
from domain.finish import finish
from domain.lifecycle import Kind
from domain.ports import Result, Scope
from domain.requests import ProvisionRequest, SelectionRequest
from domain.summary import Summary
from tasks import resources
from tasks.batch import Batch
from tasks.planning import plan_change, plan_file
from tests.support import sft, stacuity

NAME = "t"
# What one change leaves in the ledger of a simulator. A claimed or allocated SIM of Stacuity has its endpoint already.
LEDGER = {
    "sft": {
        "create": Kind.CREATE,
        "tag": Kind.TAG,
        "activate": Kind.ACTIVATE,
        "subscribe_addon": Kind.ASSIGN,
        "lifecycle Suspended": Kind.SUSPEND,
        "lifecycle Active": Kind.RESUME,
        "delete": Kind.TERMINATE,
    },
    "stacuity": {
        "edit": Kind.TAG,
        "assign": Kind.ACTIVATE,
        "suspend": Kind.SUSPEND,
        "resume": Kind.RESUME,
        "terminate": Kind.TERMINATE,
    },
}
_TABLES = {
    "sft": {**sft.ACCOUNT, "groups": {"eu": {"addon_plan_id": "654321"}}},
    "stacuity": stacuity.ACCOUNT,
}


class PlannedRuns:
    """An account whose plans are compared with what their runs did."""

    def __init__(self, folder: Path, simulator: Any, platform: str) -> None:
        self.folder, self.platform, self.simulator = folder, platform, simulator
        self._files = 0

    @property
    def iccids(self) -> list[str]:
        """SIMs of the account."""
        if self.platform == "sft":
            return list(self.simulator.state.sims)
        return [one.iccid for one in list(self.simulator.estate.endpoints.values())[: self.simulator.config.stock]]

    def file(self, rows: Sequence[str], *, name: str = "", head: str = "iccid,name,tags") -> str:
        """A file with these rows."""
        self._files += 1
        path = self.folder / f"{name or f'file{self._files}'}.csv"
        path.write_text("\n".join([head, *rows]) + "\n")
        return str(path)

    def done(self) -> Counter[Kind]:
        """The changes that the platform truly made so far."""
        words = LEDGER[self.platform]
        kinds = [_word(entry) for entry in self.simulator.ledger.entries]
        return Counter(words[kind] for kind in kinds if kind in words)

    async def provision(self, file: str, *, stop_after: int | None = None, **fields: Any) -> "Compared":
        """Plan a file, and carry it out, or only so many writes of it."""
        request = ProvisionRequest(file=file, account=NAME, dry_run=False, accept_rejects=True, **fields)
        manifest, plan = plan_file(request)
        before = self.done()
        async with resources.session(NAME) as session:
            await session.platform.login()
            stored = await resources.store_manifest(session, manifest, request)
            batch = Batch(stored.batch, stored.name, stored.change, len(manifest.rows), stored.source)
            started = await session.now()
            await _carry_out(session, stored.change, stop_after)
            summary = resources.summarise(session, batch, started=started, run="")
        return Compared(plan, plan.writes, dict(self.done() - before), summary, batch)

    async def change(self, request: SelectionRequest, *, stop_after: int | None = None) -> "Compared":
        """Plan a change of existing endpoints, and carry it out, or only so many writes of it."""
        plan = await plan_change(request)
        before = self.done()
        async with resources.session(NAME) as session:
            await session.platform.login()
            selected = await resources.select_endpoints(session, request)
            started = await session.now()
            if selected.change:
                await _carry_out(session, selected.change, stop_after)
            summary = resources.summarise_selection(session, selected, label="x", started=started, run="")
        return Compared(plan.selected, plan.selected.writes, dict(self.done() - before), summary, None)


def _word(entry: Any) -> str:
    return f"lifecycle {entry.details['status']}" if entry.kind == "lifecycle" else str(entry.kind)


class Compared:
    """A plan, what the platform did in the run that followed it, and the run's numbers."""

    def __init__(self, plan: Any, planned: Writes, done: Writes, summary: Summary, batch: Batch | None) -> None:
        self.plan, self.summary, self.batch = plan, summary, batch
        self.planned, self.done = shown(planned), shown(done)


async def _carry_out(session: resources.Session, change: int, stop_after: int | None) -> None:
    for tag in await session.new_tags(change):
        await session.platform.prepare_tag(tag)
    if stop_after is not None:
        step = await session.ledger.step(Scope(change), [], stop_after)
        answers = [await session.platform.perform(work) for work in step.work]
        results = [Result(work, answer) for work, answer in zip(step.work, answers, strict=True)]
        await session.ledger.step(Scope(change), results, 0)
        return
    await finish(
        Scope(change),
        ledger=session.ledger,
        settler=session.settler,
        executor=session.executor,
        stop=session.stop,
        halt=session.halt,
    )


@asynccontextmanager
async def planned_runs(folder: Path, platform: str) -> AsyncIterator[PlannedRuns]:
    """An account on a simulator, with the settings that name it; the folder holds an empty store."""
    simulator: Any
    if platform == "sft":
        simulator = Simulator(SimulatorConfig.model_validate({**sft.FAST, "stock": 40}))
    else:
        knobs = {**stacuity.FAST, "stock": 40, "fixtures": "objects"}
        simulator = StacuitySimulator(StacuityConfig.model_validate(knobs))
    await simulator.start()
    (folder / "preactive.toml").write_text(_settings(folder, platform, simulator.base_url))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREACTIVE_CONFIG", str(folder / "preactive.toml"))
        settings.load.cache_clear()
        try:
            yield PlannedRuns(folder, simulator, platform)
        finally:
            await simulator.stop()
            settings.load.cache_clear()


def _settings(folder: Path, platform: str, base_url: str) -> str:
    table = {**_TABLES[platform], "base_url": base_url, "settle_seconds": 1}
    groups = table.pop("groups")
    lines = [f'store_url = "sqlite:///{folder}/store.db"', f'reports_dir = "{folder}/reports"']
    lines += [f'default_account = "{NAME}"', f"[accounts.{NAME}]"]
    lines += [f"{name} = {_toml(value)}" for name, value in table.items()]
    for group, target in groups.items():
        lines += [f"[accounts.{NAME}.groups.{group}]", *(f"{name} = {_toml(value)}" for name, value in target.items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def run(coroutine: Any) -> Any:
    """Run a scenario to its end."""
    return asyncio.run(coroutine)
