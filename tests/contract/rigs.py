"""Both platforms behind the one port: the client as the program makes it, and the simulator it talks to."""

from typing import Any

from adapters.platforms.simulator import Simulator, SimulatorConfig, StacuityConfig, StacuitySimulator
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
        return await self.perform(kind, iccid, endpoint_id, "" if kind is Kind.ACTIVATE else target)

    def break_writes(self, fault: str, **details: Any) -> None:
        self.faults(
            *({"fault": fault, "route": route, **details} for route in ("EndPointActivation", "createEndpointTag"))
        )

    def true_state(self, iccid: str) -> str:
        return {"Pre-Active": "pre_active", "Active": "active", "Ready To Activate": "stock"}[
            self.simulator.state.sims[iccid].status
        ]

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

    def break_writes(self, fault: str, **details: Any) -> None:
        self.faults(*({"fault": fault, "route": route, **details} for route in ("assign", "edit")))

    def true_state(self, iccid: str) -> str:
        found = self.estate.with_iccid(iccid)
        return {30: "pre_active", 50: "active"}[found.status] if found is not None else "stock"

    def writes(self) -> int:
        return self.simulator.account.stats.write_requests

    async def close(self) -> None:
        await super().close()
        await self.simulator.stop()
