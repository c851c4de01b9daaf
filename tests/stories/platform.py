"""The far side of the stories: the platform in memory, which goes wrong where it is told and keeps a ledger."""

from collections import Counter
from collections.abc import Callable, Iterable

from domain.endpoint import SimRecord
from domain.lifecycle import Kind, Lifecycle
from domain.operation import Work
from domain.outcome import Answer, Because, Verdict
from tests.support.memory_platform import MemoryPlatform, sim

LONGEST_DELAY = 60.0  # seconds after which a call that was lost is carried out at the latest
UNKNOWN = Answer(Verdict.UNKNOWN, text="no answer")
NOT_DONE = {
    "refused": Answer(Verdict.NOT_DONE, Because.REFUSED, text="no"),
    "throttled": Answer(Verdict.NOT_DONE, Because.THROTTLED),
    "unreachable": Answer(Verdict.NOT_DONE, Because.UNREACHABLE),
}
FAULTS = [*NOT_DONE, "lost before", "lost after", "late", "half"]

# What each true change makes of an endpoint, in plain words and apart from the rules of the program.
AFTER = {
    ("create", "stock"): "pre_active",
    ("activate", "pre_active"): "active",
    ("suspend", "active"): "suspended",
    ("resume", "suspended"): "active",
    ("terminate", "pre_active"): "terminated",
    ("terminate", "active"): "terminated",
    ("terminate", "suspended"): "terminated",
}


class StoryPlatform(MemoryPlatform):
    """`truth` is the plain model: the state of each SIM's endpoint, changed by what is truly carried out alone."""

    def __init__(self, look: Callable[[Work], None], sims: Iterable[SimRecord] = ()) -> None:
        super().__init__(sims, page_size=3)
        self.truth: dict[str, str] = {}
        self.commits: Counter[tuple[str, str]] = Counter()
        self.faults: dict[str, str] = {}
        self.late: list[tuple[Work, float]] = []
        self._look = look

    def stock(self, iccids: Iterable[str]) -> None:
        """Put SIMs into the stock."""
        for iccid in iccids:
            self.sims[iccid] = sim(iccid)
            self.truth[iccid] = "stock"

    async def perform(self, work: Work) -> Answer:
        self.performed.append(work)
        self._look(work)
        fault = self.faults.pop(work.iccid, "")
        if fault in NOT_DONE:
            return NOT_DONE[fault]
        if fault == "late":
            self.late.append((work, 0.0))
        if fault == "half" and work.kind is Kind.TERMINATE:
            self._take_the_sim_away(work)
        if fault in ("late", "half", "lost before"):
            return UNKNOWN
        answer = self._done(work)
        return UNKNOWN if fault == "lost after" else answer

    def _done(self, work: Work) -> Answer:
        answer = super()._done(work)
        if answer.verdict is Verdict.DONE and not answer.already:
            self._commit(work)
        return answer

    def _commit(self, work: Work) -> None:
        self.commits[work.kind.value, work.iccid] += 1
        if work.kind not in (Kind.TAG, Kind.ASSIGN):
            change = (work.kind.value, self.truth[work.iccid])
            assert change in AFTER, f"carried out on an endpoint in another state: {change}"
            self.truth[work.iccid] = AFTER[change]

    def _take_the_sim_away(self, work: Work) -> None:
        held = self.sims[work.iccid]
        if work.endpoint_id is not None and held.endpoint_id == work.endpoint_id:
            self.without_sim.add(work.endpoint_id)
            self.sims[work.iccid] = sim(work.iccid)

    def pass_time(self, seconds: float) -> None:
        """Carry out what was lost too long ago to be still on its way."""
        self.late = [(work, age + seconds) for work, age in self.late]
        self.arrive(lambda age: age > LONGEST_DELAY)

    def arrive(self, when: Callable[[float], bool] = lambda age: True) -> None:
        """Carry out what is on its way."""
        arriving = [work for work, age in self.late if when(age)]
        self.late = [(work, age) for work, age in self.late if not when(age)]
        for work in arriving:
            self._done(work)

    def outside(self, iccid: str) -> bool:
        """Somebody else suspends or resumes an endpoint; whether it could be."""
        held = self.sims[iccid]
        to = {Lifecycle.ACTIVE: Lifecycle.SUSPENDED, Lifecycle.SUSPENDED: Lifecycle.ACTIVE}.get(held.state)
        if to is None or held.endpoint_id is None:
            return False
        self.sims[iccid] = sim(iccid, held.endpoint_id, to)
        self.truth[iccid] = to.value
        return True
