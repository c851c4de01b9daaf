"""Records what a person chose to believe of a comparison, and plans what is to follow on the platform."""

import getpass
from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, text

from adapters.store.bulk_changes import resize
from adapters.store.clock import store_now
from adapters.store.deadline import planning
from adapters.store.engine import alone_on
from adapters.store.grants import latest, let_through
from adapters.store.tables import changes, operations
from adapters.store.trail import record
from domain.approval import Bound
from domain.operation import State
from domain.repair import Repair

# Nothing is recorded about an endpoint that has moved on since the comparison, or on which a change is under way.
_AS_COMPARED = """FROM endpoints e WHERE e.account = :account AND e.iccid = :iccid AND e.endpoint_id = :endpoint_id
  AND e.state = :ours AND NOT EXISTS (SELECT 1 FROM operations p WHERE p.endpoint = e.id
    AND p.kind IN ('activate', 'suspend', 'resume', 'terminate') AND p.state IN ('planned', 'sent', 'in_doubt'))"""
_ROUND = """coalesce((SELECT max(p.round) + 1 FROM operations p
    WHERE p.endpoint = e.id AND p.kind = CAST(:kind AS VARCHAR(16)) AND p.target = ''), 0)"""
_INSERT = (
    "INSERT INTO operations (account, change_id, position, endpoint, kind, target, round, state, already, updated_at) "
    f"SELECT e.account, :change, :position, e.id, CAST(:kind AS VARCHAR(16)), '', {_ROUND}, "
)


@planning
def apply_repairs(connection: Connection, account: str, repairs: Sequence[Repair], bound: Bound | None = None) -> int:
    """Record the states and plan the changes, all as one bulk change, and return it.

    Raises Unsigned.
    """
    alone_on(connection, account)
    since = latest(connection)
    now = store_now(connection)
    values = {"account": account, "request": f"repair {now:.6f}", "created_at": now, "size": 0}
    change = int(connection.execute(insert(changes).returning(changes.c.id), values).scalar_one())
    rows = [
        {
            "account": account,
            "iccid": one.iccid,
            "endpoint_id": one.endpoint_id,
            "ours": one.ours.value,
            "record": one.record.value,
            "kind": one.how.value,
            "change": change,
            "position": position,
            "now": now,
        }
        for position, one in enumerate(repairs)
    ]
    connection.execute(text(f"{_INSERT} 'confirmed', true, :now {_AS_COMPARED}"), rows)
    connection.execute(text(_RECORD), rows)
    _record(connection, account, change, now)
    following = [row | {"kind": one.then.value} for row, one in zip(rows, repairs, strict=True) if one.then is not None]
    if following:
        connection.execute(text(f"{_INSERT} 'planned', false, :now {_RECORDED}"), following)
    resize(connection, change)
    let_through(connection, change, bound, since=since)
    return change


_OURS = "SELECT o.endpoint FROM operations o WHERE o.change_id = :change AND o.position = :position"
_RECORD = f"UPDATE endpoints SET state = :record, updated_at = :now WHERE id IN ({_OURS})"
_RECORDED = f"FROM endpoints e WHERE e.id IN ({_OURS})"


def _record(connection: Connection, account: str, change: int, now: float) -> None:
    o = operations.c
    found = connection.execute(select(o.id, o.token).where(o.change_id == change).order_by(o.id)).all()
    fact = {"at": now, "event": "recorded", "owner": getpass.getuser()[:36], "verdict": State.CONFIRMED.value}
    fact |= {"text": "recorded as the platform shows it"}
    facts = [fact | {"operation_id": row.id, "token": row.token} for row in found]
    record(connection, account, facts, state=State.CONFIRMED)
