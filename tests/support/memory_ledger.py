"""A ledger and buckets in memory: small, honest implementations of domain.ports.Ledger and domain.ports.Buckets."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from domain.doubt import Doubt, Evidence, Patience, Ruling
from domain.operation import State, Work, may_move
from domain.outcome import next_state
from domain.pacing import Bucket, refused, take
from domain.ports import Outlook, Result, Scope, Slots, Step

PATIENCE = Patience(deadline=20, settle=300)
EVERYTHING = Scope(1)


@dataclass
class Entry:
    """An operation as the ledger keeps it."""

    work: Work
    state: State = State.PLANNED
    next_at: float = 0.0
    safe_after: float = 0.0
    lookups: int = 0
    negatives: int = 0
    unknowns: int = 0
    endpoint_id: str | None = None


class MemoryLedger:
    """Keeps operations by id. `clock` gives the time, so that a test can set it."""

    def __init__(
        self, works: Iterable[Work], *, patience: Patience = PATIENCE, clock: Callable[[], float] = lambda: 0.0
    ) -> None:
        self.entries = {work.id: Entry(work) for work in works}
        self.patience = patience
        self.clock = clock
        self.cancelled = False
        self.alone = True
        self.facts: list[tuple[str, int]] = []  # ("sent", 7), ("confirmed", 7), ...
        self.rooms: list[int] = []

    @property
    def states(self) -> Counter[State]:
        return Counter(entry.state for entry in self.entries.values())

    def state(self, number: int) -> State:
        return self.entries[number].state

    async def step(self, scope: Scope, results: Sequence[Result], room: int, *, bulk: bool = False) -> Step:
        for result in results:
            self._record(result)
        self.rooms.append(room)
        if self.cancelled:
            return Step(cancelled=True, alone=self.alone, now=self.clock())
        return Step(work=tuple(self._grant(room)), alone=self.alone, now=self.clock())

    def _record(self, result: Result) -> None:
        entry, now = self.entries[result.work.id], self.clock()
        assert entry.state is State.SENT
        assert entry.work.token == result.work.token
        self._move(entry, next_state(result.answer))
        if entry.state is State.IN_DOUBT:
            entry.lookups = entry.negatives = 0
            entry.unknowns += 1
            entry.safe_after = self.patience.safe_after(result.work.sent_at)
            entry.next_at = self.patience.next_lookup(0, now=now, safe_after=entry.safe_after)

    def _grant(self, room: int) -> Iterable[Work]:
        now = self.clock()
        ready = [e for e in self.entries.values() if e.state is State.PLANNED and e.next_at <= now]
        for entry in ready[: max(0, room)]:
            entry.work = replace(entry.work, token=entry.work.token + 1, sent_at=now)
            entry.safe_after = self.patience.safe_after(now)
            self._move(entry, State.SENT)
            yield entry.work

    def _move(self, entry: Entry, state: State) -> None:
        assert may_move(entry.state, state) or entry.state is state
        entry.state = state
        self.facts.append((state.value, entry.work.id))

    def orphan(self) -> None:
        """The process that sent them has died: take over what it left."""
        for entry in self.entries.values():
            if entry.state is State.SENT:
                self._move(entry, State.IN_DOUBT)
                entry.lookups = entry.negatives = 0
                entry.unknowns += 1
                entry.next_at = self.clock()

    async def doubts(self, scope: Scope, limit: int) -> list[Doubt]:
        now = self.clock()
        due = [e for e in self.entries.values() if e.state is State.IN_DOUBT and e.next_at <= now]
        return [
            Doubt(
                id=e.work.id,
                token=e.work.token,
                kind=e.work.kind,
                endpoint=e.work.endpoint,
                iccid=e.work.iccid,
                name=e.work.name,
                endpoint_id=e.work.endpoint_id,
                target=e.work.target,
                safe_after=e.safe_after,
                lookups=e.lookups,
                negatives=e.negatives,
                unknowns=e.unknowns,
            )
            for e in due[:limit]
        ]

    async def rule(self, rulings: Sequence[tuple[Doubt, Evidence, Ruling]]) -> None:
        for doubt, _, ruling in rulings:
            entry = self.entries[doubt.id]
            self._move(entry, ruling.state)
            entry.next_at, entry.lookups, entry.negatives = ruling.next_at, doubt.lookups + 1, ruling.negatives
            entry.endpoint_id = ruling.endpoint_id

    async def outlook(self, scope: Scope) -> Outlook:
        now = self.clock()
        waiting = [e.next_at for e in self.entries.values() if e.state is State.IN_DOUBT]
        ready = sum(e.state is State.PLANNED and e.next_at <= now for e in self.entries.values())
        return Outlook(self.states, ready, min(waiting, default=None), now, self.cancelled)


@dataclass
class Steady:
    """Turns at an even rate, for calls that nothing paces."""

    rate: float
    waiting: int = 0


class MemoryBuckets:
    """One bucket for all who share this object."""

    def __init__(self, *, rate: float, horizon: float = 0.25, clock: Callable[[], float] = time.time) -> None:
        self.bucket = Bucket()
        self.rate = rate
        self.horizon = horizon
        self.clock = clock
        self.granted: list[float] = []
        self.trips = 0
        self.broken: Exception | None = None

    async def take(self, wanted: int) -> Slots:
        if self.broken:
            raise self.broken
        self.trips += 1
        now = self.clock()
        slots, self.bucket = take(self.bucket, now=now, rate=self.rate, wanted=wanted, horizon=self.horizon)
        self.granted += slots
        return Slots(tuple(slots), now, self.rate * self.bucket.factor)

    async def refused(self, sent_at: float, retry_after: float | None) -> None:
        self.bucket = refused(self.bucket, now=self.clock(), sent_at=sent_at, retry_after=retry_after, rate=self.rate)
