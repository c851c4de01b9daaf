"""What processes that ended left undone, and accounts that a person stopped."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select

from adapters.store.clock import store_now
from adapters.store.deadline import planning
from adapters.store.engine import alone_on
from adapters.store.lanes import LEASE_SECONDS
from adapters.store.living import strike_dead
from adapters.store.readback import unread
from adapters.store.tables import changes, endpoints, operations, stops, workers
from adapters.store.work import ready
from domain.operation import State
from domain.unfinished import Unfinished

# A run that lives reads back when it has sent everything, and waits for lists that lag.
_READ_BACK_WITHIN = 1800.0
_UNDER_WAY = (State.SENT.value, State.IN_DOUBT.value)


@planning
def unfinished(connection: Connection, account: str, platform: str) -> list[Unfinished]:
    """Changes in which something is left to do, oldest first, and whether a living process works on each.

    A change that a person cancelled is left alone.
    """
    strike_dead(connection)
    o, c, w = operations.c, changes.c, workers.c
    now = store_now(connection)
    alive = select(w.id).where(w.heartbeat_at > now - LEASE_SECONDS)
    nobodys = o.owner.not_in(alive)
    left_unread = unread(platform) & or_(o.next_at < now - _READ_BACK_WITHIN, nobodys)
    worked_on = select(o.change_id).where(o.account == account, o.state == State.SENT.value, o.owner.in_(alive))
    let_through = o.position < c.allowed
    query = (
        select(c.id, c.request, c.id.in_(worked_on).label("is_worked_on"), o.state, func.count().label("count"))
        .select_from(operations.join(changes).join(endpoints))
        .where(c.account == account, c.cancelled_at.is_(None))
        .where(
            or_(o.state.in_(_UNDER_WAY), (o.state == State.PLANNED.value) & ready(platform) & let_through, left_unread)
        )
        .group_by(c.id, c.request, o.state)
        .order_by(c.id)
    )
    return _by_change(account, connection.execute(query).all())


def _by_change(account: str, found: Sequence[Any]) -> list[Unfinished]:
    counts: dict[tuple[int, str, bool], dict[str, int]] = {}
    for row in found:
        counts.setdefault((row.id, row.request, bool(row.is_worked_on)), {})[row.state] = row.count
    return [
        Unfinished(
            account,
            change,
            request,
            planned=states.get(State.PLANNED.value, 0),
            sent=states.get(State.SENT.value, 0),
            in_doubt=states.get(State.IN_DOUBT.value, 0),
            unread=states.get(State.CONFIRMED.value, 0),
            is_worked_on=is_worked_on,
        )
        for (change, request, is_worked_on), states in counts.items()
    ]


def stop_account(connection: Connection, account: str, reason: str) -> None:
    """Let no process send anything that writes for this account."""
    alone_on(connection, account)
    connection.execute(delete(stops).where(stops.c.account == account))
    connection.execute(insert(stops), {"account": account, "reason": reason, "at": store_now(connection)})


def start_account(connection: Connection, account: str) -> bool:
    """Take a stop back, and say whether there was one."""
    return connection.execute(delete(stops).where(stops.c.account == account)).rowcount > 0


def stop_of(connection: Connection, account: str) -> str | None:
    """Why the account is stopped, or None."""
    return connection.execute(select(stops.c.reason).where(stops.c.account == account)).scalar_one_or_none()
