"""A Stacuity account with the real client, the real store and a simulator, and the settings that name them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters import settings
from adapters.platforms.simulator import StacuityConfig, StacuitySimulator
from adapters.platforms.stacuity.client import StacuityPlatform
from domain.operation import State
from domain.ports import Scope
from tests.support.desk import Desk
from tests.support.job import NAME, Job
from tests.support.stacuity import FAST, TOKEN, Stacuity

HASTY = {"deadline_seconds": 0.3, "settle_seconds": 60, "max_in_flight": 4, "read_deadline_seconds": 5}


class Fleet:
    """One SIM on a Stacuity account, provisioned, and the store that the program finds in its settings."""

    def __init__(self, stacuity: Stacuity, job: Job, desk: Desk) -> None:
        self.stacuity, self.job, self.desk = stacuity, job, desk
        self.platform = StacuityPlatform(stacuity.account, job.pacer)

    async def send(self, scope: Scope) -> None:
        """Carry out what is planned, as far as it goes at once."""
        await self.job.finish(self.platform, scope, until=(State.CONFIRMED, State.IN_DOUBT, State.REFUSED))

    def activation(self, group: str) -> Scope:
        """Plan to activate the SIM in a group."""
        return self.job.activation("b", group)

    def state(self, kind: str) -> str:
        """The latest operation of this kind."""
        return self.desk.one("SELECT state FROM operations WHERE kind = :kind ORDER BY id DESC LIMIT 1", kind=kind)

    def endpoint(self) -> tuple[str, str]:
        """State and group of the SIM's endpoint in the store."""
        return tuple(self.desk.see("SELECT state, coalesce(\"group\", '-') FROM endpoints")[0])

    def group_there(self) -> str:
        """The group that the platform truly has it in."""
        groups = self.stacuity.estate.groups
        return groups[self.stacuity.endpoint().group].moniker


@asynccontextmanager
async def fleet_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fleet]:
    """See Fleet. The folder holds an empty store."""
    knobs = {**FAST, "stock": 1, "fixtures": "objects"}
    simulator = StacuitySimulator(StacuityConfig.model_validate(knobs))
    await simulator.start()
    stacuity = Stacuity(simulator, **HASTY)
    url = f"sqlite:///{folder}/store.db"
    more = "\n".join(f"{name} = {value}" for name, value in HASTY.items())
    (folder / "preactive.toml").write_text(
        f'store_url = "{url}"\ndefault_account = "{NAME}"\n[accounts.{NAME}]\nplatform = "stacuity"\n'
        f'base_url = "{simulator.base_url}"\ntoken = "{TOKEN}"\nrate_per_second = 2000\n{more}\n'
        f'[accounts.{NAME}.groups.eu]\nendpoint_group = "fleet-main"\n'
        '[accounts.sft]\nbase_url = "http://127.0.0.1:9/api"\n'
    )
    monkeypatch.setenv("PREACTIVE_CONFIG", str(folder / "preactive.toml"))
    settings.load.cache_clear()
    job, desk = Job(url, stacuity.account), Desk(url)
    await job.open()
    made = Fleet(stacuity, job, desk)
    await made.send(job.batch(stacuity.iccids))
    yield made
    await made.platform.close()
    await job.close()
    desk.close()
    await stacuity.close()
    await simulator.stop()
    settings.load.cache_clear()
