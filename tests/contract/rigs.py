"""Both platforms behind the one port: the client as the program makes it, and the simulator it talks to."""

from typing import Any

from adapters.platforms.simulator import Simulator, SimulatorConfig, StacuityConfig, StacuitySimulator
from domain.carry import carry_out
from domain.lifecycle import Kind
from domain.outcome import Answer
from tests.support import sft, stacuity

COUNT = 12


class SftRig(sft.Sft):
    """BICS SIM for Things."""

    group, other_group = "eu", "us"

    @classmethod
    async def open(cls, **settings: Any) -> "SftRig":
        simulator = Simulator(SimulatorConfig.model_validate({**sft.FAST, "stock": COUNT}))
        await simulator.start()
        return cls(simulator, page_size=5, **settings)

    async def performed(self, kind: Kind, iccid: str, endpoint_id: str | None = None, target: str = "") -> Answer:
        return await self.perform(kind, iccid, endpoint_id, _target(kind, target))

    async def tried_again(self, kind: Kind, iccid: str, endpoint_id: str, target: str = "") -> Answer:
        """The second attempt of a change, with the looks around it."""
        work = self.work(kind, iccid, endpoint_id, target=_target(kind, target), token=2, unclear=1)
        return await carry_out(self.platform, work)

    def break_writes(self, fault: str, **details: Any) -> None:
        routes = ("EndPointActivation", "EndPointLifeCycleChange", "SubscribeAddon", "createEndpointTag")
        self.faults(*({"fault": fault, "route": route, **details} for route in routes))

    def add_rival(self, iccid: str) -> None:
        self.faults({"fault": "two_rows", "route": "fetchSIM"})

    def true_state(self, iccid: str) -> str:
        sim = self.simulator.state.sims[iccid]
        if sim.endpoint_id is None:
            return "stock"
        return {
            "Pre-Active": "pre_active",
            "Active": "active",
            "Suspended": "suspended",
        }[sim.status]

    def writes(self) -> int:
        return self.simulator.engine.stats.write_requests

    async def close(self) -> None:
        await super().close()
        await self.simulator.stop()


class StacuityRig(stacuity.Stacuity):
    """Stacuity."""

    group, other_group = "eu", "fleet-second"

    @classmethod
    async def open(cls, **settings: Any) -> "StacuityRig":
        knobs = {**stacuity.FAST, "stock": COUNT, "fixtures": "objects", "claim_stock": 0}
        simulator = StacuitySimulator(StacuityConfig.model_validate(knobs))
        await simulator.start()
        return cls(simulator, page_size=5, **settings)

    async def performed(self, kind: Kind, iccid: str, endpoint_id: str | None = None, target: str = "") -> Answer:
        return await self.perform(kind, iccid, endpoint_id, target=target)

    async def tried_again(self, kind: Kind, iccid: str, endpoint_id: str, target: str = "") -> Answer:
        """The second attempt of a change, with the looks around it."""
        return await carry_out(self.platform, self.work(kind, iccid, endpoint_id, target=target, token=2, unclear=1))

    def break_writes(self, fault: str, **details: Any) -> None:
        self.faults(*({"fault": fault, "route": route, **details} for route in ("assign", "edit", "change_status")))

    def add_rival(self, iccid: str) -> None:
        self.estate.put(iccid, kind="allocate")

    def true_state(self, iccid: str) -> str:
        found = self.estate.with_iccid(iccid)
        states = {30: "pre_active", 50: "active", 60: "suspended", 70: "terminated"}
        return states[found.status] if found is not None else "stock"

    def writes(self) -> int:
        return self.simulator.account.stats.write_requests

    async def close(self) -> None:
        await super().close()
        await self.simulator.stop()


def _target(kind: Kind, target: str) -> str:
    """On SFT an activation names no group."""
    return "" if kind is Kind.ACTIVATE else target
