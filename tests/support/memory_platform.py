"""A platform in memory: a small, honest implementation of domain.ports.Platform."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable

from domain.capabilities import CAPABILITIES, Capabilities
from domain.contract import Check
from domain.endpoint import SimRecord
from domain.groups import Target
from domain.inbox import PlatformEvent
from domain.lifecycle import MOVES, Kind, Lifecycle
from domain.operation import Work
from domain.outcome import Answer, Because, Verdict
from domain.ports import EndpointProfile, ReadFailed, SimPage

DONE = Answer(Verdict.DONE)
_TO = {kind: move.to for kind, move in MOVES["sft"].items() if kind is not Kind.CREATE and move.to is not None}
WORDS = {
    Lifecycle.STOCK: "Ready To Activate",
    Lifecycle.PRE_ACTIVE: "Pre-Active",
    Lifecycle.ACTIVE: "Active",
    Lifecycle.SUSPENDED: "Suspended",
}


def sim(iccid, endpoint_id=None, state=Lifecycle.STOCK, text=None):
    """A SIM's row as the platform shows it."""
    return SimRecord(iccid, endpoint_id, state, WORDS.get(state, "") if text is None else text)


class MemoryPlatform:
    """Knows SIMs, tags and groups; counts its calls; fails where `broken` or `script` says so."""

    def __init__(self, sims: Iterable[SimRecord] = (), *, page_size: int = 100, seconds: float = 0.0) -> None:
        self.sims = {one.iccid: one for one in sims}
        self.page_size = page_size
        self.seconds = seconds
        self.tags: dict[str, set[str]] = defaultdict(set)
        self.groups: dict[str, list[str]] = defaultdict(list)
        self.counts_groups = True
        self.profiles: dict[str, str] = {}  # by endpoint: the ICCID that its profile names
        self.lists_tags = True
        self.tells_ends = True
        self.shows_what_is_there = True
        self.without_sim: set[str] = set()  # endpoints whose SIM was taken away, and which are not deleted yet
        self.broken: dict[str, Exception] = {}  # "sim", "sims_page 3", "assigned", ...: raised instead of answering
        self.script: dict[str, list[Answer | Exception]] = {}  # by ICCID: what the next writes come to
        self.calls: Counter[str] = Counter()
        self.performed: list[Work] = []
        self.in_flight = 0
        self.most_in_flight = 0

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES["sft"]

    def check_writes(self) -> None:
        self.calls["check_writes"] += 1

    async def login(self) -> None:
        await self._called("login")

    async def check_contract(self) -> list[Check]:
        return []

    async def events(self, since: float, until: float) -> list[PlatformEvent]:
        return []

    async def pin_group(self, name: str, *, group_id: str | None = None) -> Target:
        await self._called(f"pin {name}")
        return Target(name, group_id or "")

    async def look_at_group(self, name: str) -> Target:
        return await self.pin_group(name)

    async def close(self) -> None:
        self.calls["close"] += 1

    async def sims_page(self, page: int) -> SimPage:
        await self._called("sims_page", f"sims_page {page}")
        rows = list(self.sims.values())
        first = (page - 1) * self.page_size
        return SimPage(tuple(rows[first : first + self.page_size]), -(-len(rows) // self.page_size))

    async def sim(self, iccid: str) -> SimRecord | None:
        await self._called("sim", f"sim {iccid}")
        return self.sims.get(iccid)

    async def prepare_tag(self, tag: str) -> Answer:
        await self._called(f"prepare {tag}")
        return DONE

    async def assigned(self, endpoint_id: str, group: str) -> int | None:
        await self._called("assigned", f"assigned {self.calls['assigned'] + 1}")
        return self.groups[endpoint_id].count(group) if self.counts_groups else None

    async def profile(self, endpoint_id: str, group: str) -> EndpointProfile | None:
        if endpoint_id not in self.profiles:
            return None
        await self._called("profile")
        return EndpointProfile(self.profiles[endpoint_id], self.groups[endpoint_id].count(group))

    async def endpoint_exists(self, endpoint_id: str) -> bool | None:
        await self._called("endpoint_exists")
        if not self.tells_ends:
            return None
        return endpoint_id in self.without_sim or any(one.endpoint_id == endpoint_id for one in self.sims.values())

    async def iccid_on(self, endpoint_id: str) -> str | None:
        await self._called("iccid_on")
        if not self.tells_ends:
            return None
        if endpoint_id in self.without_sim:
            return ""
        return next((one.iccid for one in self.sims.values() if one.endpoint_id == endpoint_id), "")

    async def tags_of(self, endpoint_id: str) -> frozenset[str] | None:
        await self._called("tags_of")
        return frozenset(self.tags[endpoint_id]) if self.lists_tags else None

    async def proves_absence(self, kind: Kind, target: str = "") -> bool:
        await self._called("proves_absence")
        return self.shows_what_is_there

    async def perform(self, work: Work) -> Answer:
        self.performed.append(work)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self.seconds)
            scripted = self.script.get(work.iccid)
            return self._scripted(scripted.pop(0)) if scripted else self._done(work)
        finally:
            self.in_flight -= 1

    @staticmethod
    def _scripted(outcome: Answer | Exception) -> Answer:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _done(self, work: Work) -> Answer:
        if work.kind is Kind.CREATE:
            endpoint_id = f"E{work.iccid}"
            self.sims[work.iccid] = sim(work.iccid, endpoint_id, Lifecycle.PRE_ACTIVE)
            return Answer(Verdict.DONE, endpoint_id=endpoint_id)
        if work.kind in _TO and work.iccid in self.sims:
            return self._moved(work)
        if work.kind is Kind.ASSIGN:
            self.groups[work.endpoint_id or ""].append(work.target)
        if work.kind is Kind.TAG:
            self.tags[work.endpoint_id or ""].add(work.target)
        return DONE

    def _moved(self, work: Work) -> Answer:
        """Change a state as a platform does: done before is fine, and what is not allowed is refused."""
        held, to = self.sims[work.iccid], _TO[work.kind]
        if work.kind is Kind.TERMINATE and work.endpoint_id in self.without_sim:
            self.without_sim.remove(work.endpoint_id)
            return DONE
        if held.endpoint_id != work.endpoint_id:
            return Answer(Verdict.NOT_DONE, Because.REFUSED, text="no such endpoint")
        if held.state is to:
            return Answer(Verdict.DONE, already=True)
        if held.state not in MOVES["sft"][work.kind].allowed_from:
            return Answer(Verdict.NOT_DONE, Because.REFUSED, text="not allowed")
        gone = to is Lifecycle.TERMINATED
        self.sims[work.iccid] = sim(work.iccid, *((None, Lifecycle.STOCK) if gone else (work.endpoint_id, to)))
        return DONE

    async def _called(self, *names: str) -> None:
        for name in names:
            self.calls[name] += 1
        await asyncio.sleep(self.seconds)
        for name in names:
            if name in self.broken:
                raise self.broken[name]


def read_failed(text: str = "no usable answer") -> ReadFailed:
    """A read that gives nothing."""
    return ReadFailed(text)
