"""SIGSTOP inside a POST, past the lease; another process takes over; SIGCONT. In both orders."""

import asyncio
import signal
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from adapters.store.engine import Turns
from adapters.store.lanes import LEASE_SECONDS
from tests.support.lives import Life, RealWorld

Wakes = Literal["after the other has ended", "before the other has ended"]


async def frozen_inside_a_create(url: str, *, wakes: Wakes, done: bool = True, **options: Any) -> None:
    """Freeze a process while the platform works on its create, and let its lease run out.

    `done`: the platform carries the create out, and its answer waits for the client that sleeps; otherwise it
    answers 500 and does nothing.
    """
    lost = {"fault": "error_before", "route": "CreateEndPoint", "nth": 1, "delay": 0.3}
    knobs = {"duplicates": True, "latency_write": 0.3}
    async with RealWorld(url, rows=2, knobs=knobs, faults=[] if done else [lost], **options) as world:
        frozen = world.live(world.job())
        await world.until(lambda: world.requests("CreateEndPoint"))
        await freeze(world, frozen, url)
        other = world.live(world.job())
        await world.until(lambda: orphaned(world))
        if wakes == "before the other has ended":
            frozen.signal(signal.SIGCONT)
            assert await frozen.ended() == 0
            assert await other.ended() == 0
        else:
            assert await other.ended() == 0
            frozen.signal(signal.SIGCONT)
            assert await frozen.ended() == 0
        world.check_all_made()
        assert world.commits("tag") == 2


async def freeze(world: RealWorld, life: Life, url: str) -> None:
    """Freeze a process and let its lease run out.

    A process that is frozen inside a transaction stops everybody who needs its rows, so another moment is taken then;
    and so it is between a call's last look at the clock and its bytes, since nothing is promised of that moment.
    """
    while not life.is_over:
        with Turns(url).mine():
            life.signal(signal.SIGSTOP)
        if not life.is_writing and _expired(world):
            return
        life.signal(signal.SIGCONT)
        await asyncio.sleep(0.02)


def _expired(world: RealWorld) -> bool:
    try:
        expire_leases(world)
    except OperationalError:
        return False
    return True


def expire_leases(world: RealWorld) -> None:
    """Let all processes seem to have been silent for too long."""
    with world.desk.changing() as connection:
        if not world.desk.is_embedded:
            connection.execute(text("SET LOCAL lock_timeout = '300ms'"))
        connection.execute(text("UPDATE workers SET heartbeat_at = heartbeat_at - :past"), {"past": LEASE_SECONDS + 1})


def orphaned(world: RealWorld) -> int:
    """Operations that were taken over."""
    return int(world.desk.one("SELECT count(*) FROM attempts WHERE event = 'orphaned'"))
