"""A week of sales from stock that is brought up to its marks every hour, on a real store."""

import asyncio
import math
import random
from dataclasses import dataclass, field

from adapters.store import orders, stocking
from adapters.store.store import AccountLedger
from domain.executor import Executor
from domain.order import OrderState, SellRequest
from domain.ports import Scope
from domain.replenish import StockMark
from tests.support.desk import ACCOUNT, Desk, accepted, done, manifest
from tests.support.memory_ledger import Steady
from tests.support.memory_platform import MemoryPlatform

HOURS = 7 * 24
MARK = StockMark(tag="spring", low=20, high=60, warn_days=2)
RAW = 520


@dataclass
class Week:
    """What each hour ended with."""

    free: list[int] = field(default_factory=list)
    raw: list[int] = field(default_factory=list)
    sold: list[int] = field(default_factory=list)
    created: list[int] = field(default_factory=list)
    no_stock: int = 0
    warned_at: int | None = None


def buyers(hour: int, chance: random.Random) -> int:
    """More by day than by night, and more at the weekend."""
    by_day = 1 + math.sin((hour % 24 - 8) / 24 * 2 * math.pi)
    weekend = 1.6 if hour // 24 >= 5 else 1.0
    return sum(chance.random() < 2.4 * by_day * weekend / 12 for _ in range(12))


async def lived(desk: Desk, *, seed: int = 1) -> Week:
    """Sell for a week; nothing but the store knows what happened."""
    file = desk.ingest_values(manifest(accepted(*range(1, RAW + 1))), tags=[MARK.tag])
    desk.store.write(stocking.ingest_into_stock, **file)
    ledger = await desk.ledger(max_in_flight=64, rate_per_second=100_000)
    week, chance = Week(), random.Random(seed)
    await _replenish(desk, ledger, week, hour=0)
    for hour in range(HOURS):
        sold = 0
        for number in range(buyers(hour, chance)):
            got = await _sold(desk, ledger, f"H{hour}-{number}")
            sold += got
            week.no_stock += not got
        week.sold.append(sold)
        desk.later(3600.0)
        await _replenish(desk, ledger, week, hour=hour)
    return week


async def _sold(desk: Desk, ledger: AccountLedger, order: str) -> bool:
    wanted = SellRequest(order=order, account=ACCOUNT, tag=MARK.tag)
    placed, step = await desk.store.awrite(orders.place, ledger.owner, wanted, hold=900.0, oldest={})
    if placed.state is not OrderState.IN_PROGRESS:
        return False
    await ledger.step(Scope(placed.change), [done(step.work[0])], 0)
    return True


async def _replenish(desk: Desk, ledger: AccountLedger, week: Week, *, hour: int) -> None:
    settings = {"most": 5000, "platform_tags": "off"}
    found, change = await desk.store.awrite(stocking.plan, ACCOUNT, MARK, **settings)
    stop = asyncio.Event()
    carry = Executor(
        ledger, MemoryPlatform(), max_in_flight=64, turns=Steady(1e5), send_window=30.0, stop=stop, halt=stop.set
    )
    await carry.run(Scope(change))
    after = desk.store.write(stocking.level, ACCOUNT, MARK)
    week.created.append(found.create)
    week.free.append(after.free)
    week.raw.append(after.raw)
    if found.warning and week.warned_at is None:
        week.warned_at = hour
