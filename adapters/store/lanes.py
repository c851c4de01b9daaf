"""Who works for an account, in which lane, and how many calls each lane may have under way."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select, update

from adapters.store.clock import set_by_machine, store_now
from adapters.store.decisions import Owner
from adapters.store.tables import operations, workers
from domain.operation import State
from domain.pacing import Lane

LEASE_SECONDS = 20.0


class Worker(NamedTuple):
    """A living process that works for the account."""

    id: str
    lane: str


def beat(connection: Connection, owner: Owner) -> None:
    """Show that this process lives, while it has nothing else to say."""
    now = store_now(connection)
    show_alive(connection, owner, now)


def show_alive(connection: Connection, owner: Owner, now: float) -> list[Worker]:
    """Show that this process lives, and return the other living processes of the account."""
    connection.execute(_BEAT, {"me": owner.worker, "at": now})
    others = {"of": owner.account, "me": owner.worker, "since": now - LEASE_SECONDS}
    return [Worker(*row) for row in connection.execute(_OTHERS, others)]


_BEAT = update(workers).where(workers.c.id == bindparam("me")).values(heartbeat_at=bindparam("at"))
_OTHERS = select(workers.c.id, workers.c.lane).where(
    workers.c.account == bindparam("of"),
    workers.c.id != bindparam("me"),
    workers.c.heartbeat_at > bindparam("since"),
)


def sellers_of(connection: Connection, account: str, now: float) -> bool:
    """Whether a living process sells for the account."""
    w = workers.c
    query = select(w.id).where(w.account == account, w.lane == Lane.SALES.value, w.heartbeat_at > now - LEASE_SECONDS)
    return connection.execute(query.limit(1)).first() is not None


def free_places(connection: Connection, owner: Owner, others: Sequence[Worker]) -> int:
    """How many more writes this process may have under way, beside those of the others.

    Sales keep places of their own as long as a process lives that sells.
    """
    everyone = [*others, Worker(owner.worker, owner.lane)]
    sellers = [worker.id for worker in everyone if worker.lane == Lane.SALES]
    sent = _sent_by(connection, owner.account, [worker.id for worker in everyone])
    total, kept = sum(sent.values()), owner.sales_places
    selling = sum(sent.get(worker, 0) for worker in sellers)
    if owner.lane is Lane.SALES:
        return max(kept - selling, owner.max_in_flight - total)
    limit = max(1, owner.max_in_flight - kept) if sellers else owner.max_in_flight
    return min(limit - (total - selling), max(1, owner.max_in_flight) - total)


def _sent_by(connection: Connection, account: str, living: list[str]) -> dict[str, int]:
    return {row[0]: row[1] for row in connection.execute(_SENT_BY, {"of": account, "living": living})}


# Made once, as it is asked for every call. By account, or the index is of no use and a sale reads all operations.
_SENT_BY = (
    select(operations.c.owner, func.count())
    .where(operations.c.account == bindparam("of"), operations.c.state == State.SENT.value)
    .where(operations.c.owner.in_(bindparam("living", expanding=True)))
    .group_by(operations.c.owner)
)


def enter(connection: Connection, owner: Owner, *, host: str, pid: int) -> None:
    """Enter this process among the living."""
    set_by_machine(connection, lease=LEASE_SECONDS)
    values = {"id": owner.worker, "host": host, "pid": pid, "account": owner.account, "lane": owner.lane.value}
    connection.execute(insert(workers), values | {"heartbeat_at": store_now(connection)})


def forget(connection: Connection, ids: Sequence[str]) -> None:
    """Strike processes that are known to have ended, so that nobody waits for their lease."""
    if ids:
        connection.execute(workers.delete().where(workers.c.id.in_(ids)))


def entered_on(connection: Connection, host: str) -> list[tuple[str, int]]:
    """Id and process id of every process entered for this host."""
    query = select(workers.c.id, workers.c.pid).where(workers.c.host == host)
    return [(row.id, row.pid) for row in connection.execute(query)]
