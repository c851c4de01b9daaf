"""The program together with a simulated platform of its own, and the truth about both."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, ClassVar, Self

from adapters.platforms.simulator import Simulator, SimulatorConfig
from domain.operation import State
from domain.ports import Scope
from tests.support.program import Program
from tests.support.sft import ACCOUNT as SFT_ACCOUNT
from tests.support.sft import PASSWORD
from tests.support.virtual_time import EPOCH


class SimulatedProgram(Program):
    """A platform, a store and a batch of SIMs. `knobs` and `account` are what its kind has, unless said otherwise."""

    knobs: ClassVar[dict[str, Any]] = {}
    account: ClassVar[dict[str, Any]] = {}

    def __init__(self, url: str, *, rows: int = 3, knobs: Any = None, faults: Sequence[Any] = (), **account: Any):
        values = {"stock": rows + 9, "password": PASSWORD, **self.knobs, **(knobs or {}), "faults": list(faults)}
        self.simulator = Simulator(SimulatorConfig.model_validate(values))
        iccids = list(self.simulator.state.sims)[:rows]
        super().__init__(url, base_url="", iccids=iccids, **{**SFT_ACCOUNT, **self.account, **account})

    async def __aenter__(self) -> Self:
        self.base_url = await self.simulator.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
        await self.simulator.stop()

    def faults(self, *rules: dict[str, Any]) -> None:
        """Let the platform go wrong from now on; the calls are numbered anew."""
        self.simulator.engine.set_faults(SimulatorConfig.model_validate({"faults": rules}).faults)

    # --- what is true ---

    def made(self) -> dict[str, list[str]]:
        """The endpoints that we ever made for each ICCID."""
        made: dict[str, list[str]] = defaultdict(list)
        for entry in self.simulator.ledger.of_kind("create"):
            if entry.iccid is not None and entry.details["name"] != "somebody else's":
                made[entry.iccid].append(entry.endpoint_id or "")
        return dict(made)

    def commits(self, kind: str) -> int:
        """How many changes of a kind truly happened."""
        return len(self.simulator.ledger.of_kind(kind))

    def requests(self, path: str = "") -> int:
        """How many requests came, of this path or of all."""
        counts = self.simulator.engine.stats.requests
        return sum(count for route, count in counts.items() if not path or route.endswith(path))

    def times(self, path: str) -> list[float]:
        """When requests of this path came, in seconds since the beginning."""
        journal = self.simulator.journal.entries()
        return [one["time"] - EPOCH for one in journal if one["path"].partition("?")[0].endswith(f"/{path}")]

    def check_nothing_twice(self) -> None:
        """No SIM got two endpoints from us, and what the store says is what happened."""
        made = self.made()
        assert {iccid: ids for iccid, ids in made.items() if len(ids) > 1} == {}
        confirmed = {iccid: self.mapping()[iccid] for iccid in self.iccids if self.state_of(iccid)[0] == "confirmed"}
        assert confirmed == {iccid: made.get(iccid, [None])[0] for iccid in confirmed}

    def check_all_made(self) -> None:
        """Every SIM has its one endpoint, and the store knows it."""
        self.check_nothing_twice()
        assert self.states("create") == {State.CONFIRMED: len(self.iccids)}

    def is_over(self, scope: Scope) -> bool:
        """Whether every operation of a change is final; one that waits for a refused create will not be sent."""
        rows = self.desk.see(
            "SELECT count(*) FROM operations o JOIN endpoints e ON e.id = o.endpoint WHERE o.change_id = :change "
            "AND (o.state IN ('sent', 'in_doubt') OR (o.state = 'planned' AND NOT "
            "((o.kind = 'create' AND e.state <> 'stock') OR (o.kind = 'tag' AND e.state = 'stock') "
            "OR (o.kind = 'activate' AND e.state <> 'pre_active') OR (o.kind = 'assign' AND e.state <> 'active'))))",
            change=scope.change,
        )
        return not rows[0][0]
