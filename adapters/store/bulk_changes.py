"""A requested bulk change: its size, what of it is open, and taking it back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, text, update

from adapters.store.clock import store_now
from adapters.store.deadline import planning
from adapters.store.engine import alone_on, in_parts
from adapters.store.grants import latest, let_through
from adapters.store.tables import attempts, changes, endpoints, operations
from adapters.store.trail import record
from domain.approval import Bound
from domain.lifecycle import Lifecycle
from domain.operation import State

_SHORTEST_STRETCH = 2500
_MOST_STRETCHES = 100


def resize(connection: Connection, change: int) -> None:
    """Count the positions of a change again, after operations were added."""
    connection.execute(
        text(
            "UPDATE changes SET size = coalesce((SELECT max(position) + 1 FROM operations "
            "WHERE change_id = :change), 0) WHERE id = :change"
        ),
        {"change": change},
    )


def size_of(connection: Connection, change: int) -> int:
    """How many positions a change has."""
    return int(connection.execute(select(changes.c.size).where(changes.c.id == change)).scalar_one())


def open_stretches(connection: Connection, change: int) -> list[tuple[int, int]]:
    """Stretches of positions, counted from 1, that hold something planned: at most about a hundred of them."""
    size = size_of(connection, change)
    length = max(_SHORTEST_STRETCH, -(-size // _MOST_STRETCHES))
    query = text(
        "SELECT DISTINCT position / :length AS nth FROM operations "
        "WHERE change_id = :change AND state = 'planned' ORDER BY 1"
    )
    numbers = connection.execute(query, {"change": change, "length": length}).scalars()
    return [(int(nth) * length + 1, min(size, (int(nth) + 1) * length)) for nth in numbers]


def allow(connection: Connection, change: int) -> None:
    """Take back a cancel: somebody asked for the change again."""
    connection.execute(update(changes).where(changes.c.id == change).values(cancelled_at=None))


@planning
def plan_refused(connection: Connection, change: int, bound: Bound | None = None) -> None:
    """Plan again what the platform refused; a person asked for it.

    What a person refused stays so, and what was terminated stays refused for ever.
    Raises Unsigned.
    """
    o = operations.c
    account = connection.execute(select(changes.c.account).where(changes.c.id == change)).scalar_one()
    alone_on(connection, account)
    e = endpoints.c
    ended = select(e.id).where(e.id == o.endpoint, e.state == Lifecycle.TERMINATED.value).exists()
    by_a_person = (
        select(attempts.c.id)
        .where(attempts.c.operation_id == o.id, attempts.c.token == o.token)
        .where(attempts.c.event == "person", attempts.c.verdict == State.REFUSED.value)
    )
    refused = [o.change_id == change, o.state == State.REFUSED.value, ~by_a_person.exists(), ~ended]
    found = connection.execute(select(o.id, o.token).where(*refused).order_by(o.id)).all()
    again = plan_again(connection, account, found)
    if again:
        let_through(connection, change, bound, since=latest(connection), again=again)


def plan_again(connection: Connection, account: str, found: Sequence[Any]) -> list[int]:
    """Plan refused operations again, by their ids and tokens, and return the ids. The account is held by the caller."""
    now = store_now(connection)
    facts = [{"operation_id": row.id, "token": row.token, "at": now, "event": "again"} for row in found]
    record(connection, account, facts, state=State.PLANNED)
    o, values = operations.c, {"state": State.PLANNED.value, "next_at": 0.0, "updated_at": now}
    ids = [int(row.id) for row in found]
    for some in in_parts(ids):
        connection.execute(update(operations).where(o.id.in_(some), o.state == State.REFUSED.value).values(**values))
    return ids


def cancel(connection: Connection, change_ids: Sequence[int]) -> None:
    """Let no process send anything more for these changes."""
    if change_ids:
        now = store_now(connection)
        connection.execute(update(changes).where(changes.c.id.in_(change_ids)).values(cancelled_at=now))
