"""Days of sales from stock that the schedule of prefect.yaml brings up to its marks, in virtual time.

The store, the client, the simulated platform, the sales and the steps of the flow are the real ones.
"""

import asyncio
import math
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml

from adapters.store import ingest
from domain.lifecycle import Kind
from domain.manifest import ManifestRow, Outcome
from domain.options import Account
from domain.order import OrderState, SellRequest
from domain.pacing import Lane
from domain.replenish import Need, ReplenishRequest
from domain.stock_mark import StockMark
from tasks import resources
from tasks.carry_out import log_in, prepare_tags, settle_rest
from tasks.replenish import create_from_raw, plan_fill
from tasks.resources.session import Session, entered
from tasks.survey import look_before, read_back, read_back_tags
from tests.support.desk import ACCOUNT, manifest
from tests.support.virtual_time import now
from tests.support.virtual_world import VirtualWorld

HOUR, DAY, DAYS = 3600.0, 86_400.0, 7
MARK = StockMark(tag="spring", low=20, high=60, warn_days=2)
RAW = 520  # they last nearly as long as the week
MOST = 5000
YAML = Path(__file__).parents[2] / "prefect.yaml"


def cadence() -> float:
    """How often the deployment replenish/stock runs, in seconds, as prefect.yaml says."""
    deployments = yaml.safe_load(YAML.read_text())["deployments"]
    (schedule,) = next(one for one in deployments if one["entrypoint"].startswith("flows.replenish."))["schedules"]
    return float(schedule["interval"])


@dataclass
class Lived:
    """What happened: the stock after each thing that changed it, and what each run of the schedule did."""

    free: list[tuple[float, int]] = field(default_factory=list)
    raw: list[int] = field(default_factory=list)
    runs: list[tuple[float, int]] = field(default_factory=list)  # when each ended, and what it created
    sold: list[float] = field(default_factory=list)
    sent_away: list[float] = field(default_factory=list)
    warned_at: float | None = None

    def wrong(self) -> list[str]:
        """What there is to say against it: stock is to be between its marks, but for sales until the next run."""
        fill_up = 2 * MARK.high  # seconds; a call may start every 0.67 s, and there are reads before and after
        said = {
            f"{len(self.sent_away)} buyers were sent away": self.sent_away,
            f"{max(free for _, free in self.free)} were free": max(free for _, free in self.free) > MARK.high,
            f"fewer than {MARK.low} were free for {self.longest_below(MARK.low):.0f} s": (
                self.longest_below(MARK.low) > cadence() + fill_up
            ),
        }
        return [words for words, is_so in said.items() if is_so]

    def longest_below(self, low: int) -> float:
        """For how long at a time fewer than `low` were free, in seconds."""
        longest = since = 0.0
        for (at, free), (until, _) in zip(self.free, [*self.free[1:], self.free[-1]], strict=True):
            since = since + until - at if free < low else 0.0
            longest = max(longest, since)
        return longest


def buyers(days: float, chance: random.Random) -> list[float]:
    """When somebody comes: more by day than by night, and more at the weekend."""
    coming, at, most = [], 0.0, 2.4 * 2 * 1.6 / HOUR
    while (at := at + chance.expovariate(most)) < days * DAY:
        by_day = 1 + math.sin((at / HOUR % 24 - 8) / 24 * 2 * math.pi)
        weekend = 1.6 if at // DAY % 7 >= 5 else 1.0
        if chance.random() < by_day * weekend / 3.2:
            coming.append(at)
    return coming


class Shop(VirtualWorld):
    """A platform as slow as the real one, raw SIMs with the mark's tag, and a schedule; `every` stretches it."""

    knobs: ClassVar[dict[str, Any]] = {"latency_write": (1.0, 3.0), "rate_per_second": 2}
    account: ClassVar[dict[str, Any]] = {
        name: Account.model_fields[name].default
        for name in ("rate_per_second", "max_in_flight", "deadline_seconds", "read_deadline_seconds", "connect_seconds")
    } | {"platform_tags": "off"}

    def __init__(self, url: str, *, raw: int, every: float | None = None) -> None:
        super().__init__(url, rows=raw, stock=[MARK.model_dump()])
        self.every = every or cadence()
        self.lived = Lived()

    async def live(self, days: float, *, seed: int = 1) -> Lived:
        """Sell for so many days, beginning with stock that was just filled up."""
        rows = manifest(ManifestRow(n + 2, Outcome.ACCEPTED, iccid) for n, iccid in enumerate(self.iccids))
        self.desk.store.write(ingest.ingest, into_stock=True, **self.desk.ingest_values(rows, tags=[MARK.tag]))
        await self._run()
        begun, self.lived = now(), Lived()
        self._look()
        scheduled = asyncio.create_task(self._schedule(begun))
        selling = await self.process(lane=Lane.SALES)
        for number, at in enumerate(buyers(days, random.Random(seed))):
            await asyncio.sleep(max(0.0, begun + at - now()))
            await self._sell(selling, f"A-{number}")
        await asyncio.sleep(max(0.0, begun + days * DAY - now()))
        scheduled.cancel()
        await asyncio.gather(scheduled, return_exceptions=True)
        self._look()
        return self.lived

    async def _schedule(self, begun: float) -> None:
        """Run at each time of the schedule; one that comes while another runs is left out."""
        while True:
            await asyncio.sleep(self.every - (now() - begun) % self.every)
            await self._run()

    async def _sell(self, session: Session, order: str) -> None:
        wanted = SellRequest(order=order, account=ACCOUNT, tag=MARK.tag)
        sold = await session.seller().sell(wanted, within=60.0)
        (self.lived.sold if sold.state is OrderState.DONE else self.lived.sent_away).append(now())
        self._look()

    async def _run(self) -> None:
        """What the flow `replenish` does, step by step."""
        session, created = await self.process(), 0
        self._look()
        with entered(session):
            await log_in.__wrapped__(ACCOUNT)
            for mark in resources.marks_of(session):
                fill = await plan_fill.__wrapped__(ACCOUNT, mark, MOST, ReplenishRequest(dry_run=False))
                self._note(fill.need)
                created += fill.need.create
                if fill.change:
                    await self._fill_up(session, fill.change)
        await session.platform.close()
        await session.ledger.close()
        self.sessions.remove(session)
        self.lived.runs.append((now(), created))
        self._look()

    async def _fill_up(self, session: Session, change: int) -> None:
        await look_before.__wrapped__(ACCOUNT, change, Kind.CREATE)
        await prepare_tags.__wrapped__(ACCOUNT, change)
        for first, last in await session.open_positions(change):
            await create_from_raw.__wrapped__(ACCOUNT, change, first, last)
        await settle_rest.__wrapped__(ACCOUNT, change, "")
        await read_back.__wrapped__(ACCOUNT, change, Kind.CREATE)
        await read_back_tags.__wrapped__(ACCOUNT, change)

    def _note(self, need: Need) -> None:
        if need.warning and self.lived.warned_at is None:
            self.lived.warned_at = now()

    def _look(self) -> None:
        """Write down what there is at this moment."""
        states = dict(
            tuple(row)
            for row in self.desk.see(
                "SELECT CASE WHEN state = 'stock' THEN 'raw' ELSE 'free' END AS what, count(*) FROM endpoints "
                "WHERE state = 'stock' OR (state = 'pre_active' AND held_by IS NULL) GROUP BY 1"
            )
        )
        self.lived.free.append((now(), states.get("free", 0)))
        self.lived.raw.append(states.get("raw", 0))
