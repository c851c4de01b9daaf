"""Stories of unknown outcomes: the real rules against a platform that does things late, in virtual time, by seed."""

import asyncio
import random
from collections import Counter, defaultdict

from domain.doubt import Patience
from domain.endpoint import SimRecord
from domain.executor import Executor
from domain.finish import is_over
from domain.lifecycle import Lifecycle
from domain.operation import FINAL, State, Work
from domain.outcome import Answer, Because, Verdict
from domain.ports import ReadFailed, SimPage
from domain.settler import Settler
from tests.support.memory_ledger import EVERYTHING, MemoryLedger, Steady
from tests.support.memory_platform import sim
from tests.support.virtual_time import now, played
from tests.support.works import works

DEADLINE, SEND_WINDOW, SETTLE, LATEST = 20.0, 20.0, 300.0, 300.0
LAG = 60.0
UNKNOWN = Answer(Verdict.UNKNOWN, text="no complete answer")
THROTTLED = Answer(Verdict.NOT_DONE, Because.THROTTLED)


class LatePlatform:
    """Makes an endpoint for each create that reaches it, also a second one; loses answers and is late by seed."""

    def __init__(self, chance: random.Random) -> None:
        self.made: dict[str, list[tuple[float, str]]] = defaultdict(list)
        self.calls: Counter[str] = Counter()
        self.trouble = chance.choice([0.1, 0.5, 0.9])
        self._chance = chance
        self._lag = chance.uniform(0, LAG)

    async def perform(self, work: Work) -> Answer:
        """Carry a create out, now, later or never, and tell the truth or nothing."""
        self.calls["create"] += 1
        await asyncio.sleep(self._chance.uniform(0.1, 2))
        if self._chance.random() > self.trouble:
            return Answer(Verdict.DONE, endpoint_id=self._make(work.iccid))
        return await self._chance.choice([self._late, self._late, self._lost, self._never, self._refused])(work)

    async def _late(self, work: Work) -> Answer:
        """The client gives up, and after that it is done."""
        await self._hang()
        asyncio.get_running_loop().call_later(self._chance.uniform(0, LATEST), self._make, work.iccid)
        return UNKNOWN

    async def _lost(self, work: Work) -> Answer:
        self._make(work.iccid)
        await self._hang()
        return UNKNOWN

    async def _never(self, _work: Work) -> Answer:
        await self._hang()
        return UNKNOWN

    async def _refused(self, _work: Work) -> Answer:
        return THROTTLED

    async def _hang(self) -> None:
        if self._chance.random() < 0.5:
            await asyncio.sleep(DEADLINE - 2)

    def _make(self, iccid: str) -> str:
        endpoint_id = f"{iccid}-{len(self.made[iccid]) + 1}"
        self.made[iccid].append((now(), endpoint_id))
        return endpoint_id

    async def sim(self, iccid: str) -> SimRecord | None:
        """What reads show: as it was a little while ago, or nothing usable."""
        self.calls["read"] += 1
        await asyncio.sleep(0.1)
        if self._chance.random() < self.trouble / 3:
            raise ReadFailed("no usable answer")
        seen = [endpoint_id for at, endpoint_id in self.made[iccid] if at <= now() - self._lag]
        return sim(iccid, seen[-1], Lifecycle.PRE_ACTIVE) if seen else sim(iccid)

    async def sims_page(self, page: int) -> SimPage:
        """Pages are of no use here: one SIM at a time costs fewer calls."""
        self.calls["read"] += 1
        await asyncio.sleep(0.1)
        return SimPage((), 1000)

    async def login(self) -> None:
        raise NotImplementedError

    prepare_tag = assigned = tags_of = close = login


class Story:
    """One course of events: a few SIMs, a platform, and processes that may die at any moment."""

    def __init__(self, seed: int, *, settle: float = SETTLE) -> None:
        self.chance = random.Random(f"story {seed}")
        self.platform = LatePlatform(self.chance)
        patience = Patience(deadline=DEADLINE + SEND_WINDOW, settle=settle, max_unknown=4)
        self.ledger = MemoryLedger(works(self.chance.randint(1, 4)), patience=patience, clock=now)

    async def play(self) -> None:
        """Until everything is final and nothing is left to happen."""
        for deaths_left in range(self.chance.choice([0, 0, 1, 3]), -1, -1):
            if await self._live(dies=deaths_left > 0):
                break
            self.ledger.orphan()
        await asyncio.sleep(DEADLINE + LATEST + LAG)

    async def _live(self, *, dies: bool) -> bool:
        others = asyncio.all_tasks()
        process = asyncio.create_task(self._work())
        await asyncio.wait([process], timeout=self.chance.uniform(0, 600) if dies else None)
        if process.done():
            process.result()
            return True
        for task in asyncio.all_tasks() - others:
            task.cancel()
        return False

    async def _work(self) -> None:
        """As domain.finish does it, without a look at what others do once a second."""
        settler = Settler(self.ledger, self.platform, self.ledger.patience)
        while True:
            await settler.settle_due(EVERYTHING)
            await self._executor().run(EVERYTHING)
            outlook = await self.ledger.outlook(EVERYTHING)
            if is_over(outlook):
                return
            await asyncio.sleep(max(0.05, (outlook.next_at or 0.0) - outlook.now))

    def _executor(self) -> Executor:
        return Executor(
            self.ledger,
            self.platform,
            max_in_flight=4,
            turns=Steady(10),
            send_window=SEND_WINDOW,
            stop=asyncio.Event(),
            halt=lambda: None,
        )

    @property
    def twice(self) -> int:
        """SIMs with more than one endpoint."""
        return sum(len(made) > 1 for made in self.platform.made.values())

    def check(self) -> None:
        """Everything is final, and what is recorded is true."""
        for entry in self.ledger.entries.values():
            made = [endpoint_id for _, endpoint_id in self.platform.made[entry.work.iccid]]
            assert entry.state in FINAL
            assert len(made) <= 1
            if entry.state is State.CONFIRMED:
                assert len(made) == 1
                assert entry.endpoint_id in (None, made[0])


def told(seed: int, *, settle: float = SETTLE) -> Story:
    """The story of a seed, played to its end."""

    async def play() -> Story:
        story = Story(seed, settle=settle)
        await story.play()
        return story

    return played(play())
