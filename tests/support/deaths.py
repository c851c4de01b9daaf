"""Kills a process at its first, second, third … point until one lives through, and judges by the platform's ledger."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from adapters.store import orders
from domain.lifecycle import Kind
from domain.order import SellRequest
from domain.pacing import Lane
from tests.support.desk import ACCOUNT
from tests.support.lives import RealWorld

ORDER = "4711"
Urls = Callable[[], str]
Killed = Callable[[str, int], Awaitable[bool]]
SIMS, ACTIVATED = 2, 1
_TIMES = 4


async def killed_at(url: str, point: int, **options: Any) -> bool:
    """Kill the whole job at this point and run it again until it ends by itself; whether it came to that."""
    async with RealWorld(url, rows=SIMS, **({"knobs": {"duplicates": True}} | options)) as world:
        job = world.job(activate=ACTIVATED)
        first = await world.live(job, deadly=point).ended()
        assert first in (0, -9), f"point {point}: exit {first}"
        for _ in range(_TIMES):
            if await world.live(job).ended() == 0:
                break
        world.check_all_made()
        if "needs_human" in world.desk.operations("assign"):
            # The first add-on of an account: no look could show that it is not there, so it is not bought again.
            assert world.commits("subscribe_addon") <= world.commits("activate") == ACTIVATED
        else:
            world.check_activated(ACTIVATED)
        assert world.commits("tag") == SIMS
        return first == -9


async def refund_killed_at(url: str, point: int) -> bool:
    """Kill the refund of a sold order at this point, and ask for it again; whether it came to that."""
    async with RealWorld(url, rows=1) as world:
        await sell(world)
        refund = world.job(refund=ORDER)
        first = await world.live(refund, deadly=point).ended()
        assert first in (0, -9), f"exit {first}"
        for _ in range(_TIMES):
            assert await world.live(refund).ended() == 0
            if order_state(world) == "refunded":
                break
        (endpoint,) = world.simulator.state.endpoints.values()
        assert (order_state(world), endpoint.status, world.commits("lifecycle")) == ("refunded", "Suspended", 1)
        assert (world.commits("activate"), world.desk.one("SELECT count(*) FROM order_facts")) == (1, 2)
        return first == -9


async def cancel_killed_at(url: str, point: int) -> bool:
    """Kill the cancel of an order that only holds its SIM at this point, and ask for it again."""
    async with RealWorld(url, rows=1) as world:
        await sell(world, reach=False)
        cancel = world.job(cancel=ORDER)
        first = await world.live(cancel, deadly=point).ended()
        assert first in (0, -9), f"exit {first}"
        assert await world.live(cancel).ended() == 0
        assert await world.sold(ORDER) == ("cancelled", None)
        assert world.desk.one("SELECT count(*) FROM endpoints WHERE held_by IS NOT NULL") == 0
        assert (world.commits("activate"), world.desk.one("SELECT count(*) FROM order_facts")) == (0, 1)
        assert await world.sold("4712") == ("done", world.iccids[0])
        return first == -9


async def sell(world: RealWorld, *, reach: bool = True) -> None:
    """Make the SIMs pre-active and sell one; without `reach` the order only holds its SIM."""
    world.batch("spring")
    assert await world.run(look=Kind.CREATE) is None
    if reach:
        assert (await world.sold(ORDER))[0] == "done"
        return
    session = await world.process(lane=Lane.SALES)
    full = replace(session.ledger.owner, max_in_flight=0, sales_places=0)
    knobs = {"hold": 900.0, "oldest": {}}
    order, step = await session.store.awrite(orders.place, full, SellRequest(order=ORDER, account=ACCOUNT), **knobs)
    assert (order.iccid, step.work) == (world.iccids[0], ())


def order_state(world: RealWorld) -> str:
    """Where the order stands, as it is written down."""
    return str(world.desk.one("SELECT state FROM orders WHERE order_no = :order", order=ORDER))


async def killed_at_each(urls: Urls, points: Sequence[int], *, at_once: int, killed: Killed = killed_at) -> list[bool]:
    """The same for many points, some at a time."""
    limit = asyncio.Semaphore(at_once)

    async def one(point: int) -> bool:
        async with limit:
            try:
                return await killed(urls(), point)
            except AssertionError as error:
                raise AssertionError(f"killed at point {point}: {error}") from error

    return list(await asyncio.gather(*map(one, points)))
