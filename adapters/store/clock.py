"""The store's clock: seconds since 1970 that go on evenly, whatever somebody does to the clock of the machine.

Leases, settle times and the rate are measured by it. PostgreSQL is asked for its own. For the embedded store it is
the time since the machine was started, which all processes share and nobody can set, and an offset in the store.
"""

import time
from pathlib import Path

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text

from adapters.store.tables import batches, buckets, clock, operations, workers

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_LONGEST_HOLD = 900.0
_OFFSET = select(clock.c.offset).where(clock.c.boot == bindparam("this"))


def store_now(connection: Connection) -> float:
    """The time by the store's clock. Seconds since 1970."""
    if connection.dialect.name != "sqlite":
        return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    boot, ticks = _boot(), _ticks()
    offset = connection.execute(_OFFSET, {"this": boot}).scalar_one_or_none()
    if offset is None:
        # Started again: time has passed, however the machine's clock was set meanwhile.
        offset = max(time.time(), _last(connection)) - ticks
        if not connection.execute(text("PRAGMA query_only")).scalar_one():
            _keep(connection, boot, offset)
    return float(offset) + ticks


def set_by_machine(connection: Connection, *, lease: float) -> None:
    """Follow the machine's clock again, if nothing is under way that is measured by the store's."""
    if connection.dialect.name != "sqlite" or abs(time.time() - store_now(connection)) < 1.0:
        return
    o, w = operations.c, workers.c
    accounts = select(batches.c.account).distinct().subquery()  # a few; by them the index finds what is under way
    mine = (o.account == accounts.c.account) & o.state.in_(("sent", "in_doubt"))
    under_way = select(func.count()).select_from(accounts.join(operations, mine))
    alive = select(func.count()).select_from(workers).where(w.heartbeat_at > store_now(connection) - lease)
    if connection.execute(under_way).scalar_one() or connection.execute(alive).scalar_one():
        return
    _keep(connection, _boot(), time.time() - _ticks())
    # What was held until a moment of the old time would be held for as long as the clock was put back.
    latest = time.time() + _LONGEST_HOLD
    connection.execute(buckets.update().where(buckets.c.next_at > latest).values(next_at=latest))


def _keep(connection: Connection, boot: str, offset: float) -> None:
    connection.execute(delete(clock))
    connection.execute(insert(clock), {"boot": boot, "offset": offset})


def _last(connection: Connection) -> float:
    """The latest moment that the store has written down."""
    moments = [
        connection.execute(select(func.coalesce(func.max(column), 0.0))).scalar_one()
        for column in (operations.c.updated_at, workers.c.heartbeat_at)
    ]
    return float(max(moments))


def _boot() -> str:
    """Which start of the machine this is. Where that cannot be told, the machine's clock is followed."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return "unknown"


def _ticks() -> float:
    """Seconds since the machine was started, sleep included."""
    if not _BOOT_ID.exists():
        return time.time()
    return time.clock_gettime(time.CLOCK_BOOTTIME)
