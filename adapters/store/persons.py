"""Decisions that a person makes about operations that no look-up could settle."""

import getpass

from sqlalchemy import Connection, select, update

from adapters.store.clock import store_now
from adapters.store.engine import alone_on
from adapters.store.tables import endpoints, operations
from adapters.store.trail import record
from domain.endpoint import Claim, contradictions
from domain.errors import NothingSelected, Refused
from domain.lifecycle import MOVES, Kind
from domain.operation import State, may_move


def decide_by_person(
    connection: Connection, operation: int, state: State, *, endpoint_id: str | None, reason: str
) -> None:
    """Move an operation in doubt, or one that needs a person, to where the person says, and keep who and why.

    Raises NothingSelected, Refused.
    """
    o = operations.c
    row = connection.execute(
        select(o.id, o.token, o.state, o.kind, o.endpoint, o.target, endpoints.c.iccid, endpoints.c.account)
        .join_from(operations, endpoints)
        .where(o.id == operation)
    ).first()
    if row is None or State(row.state) not in (State.IN_DOUBT, State.NEEDS_HUMAN):
        raise NothingSelected(f"Operation {operation} is not in doubt and needs no person; see `preactive resolve`.")
    if State(row.state) is State.IN_DOUBT or not may_move(State.NEEDS_HUMAN, state):
        raise Refused(f"Operation {operation} is still being looked up; wait until it needs a person.")
    alone_on(connection, row.account)
    now = store_now(connection)
    if state is State.CONFIRMED:
        _confirm(connection, row, endpoint_id, now)
    moved = connection.execute(
        update(operations)
        .where(o.id == operation, o.token == row.token, o.state == row.state)
        .values(state=state.value, text=reason, updated_at=now)
    )
    if moved.rowcount != 1:
        raise Refused(f"Operation {operation} has changed meanwhile; look at it again with `preactive resolve`.")
    fact = {"operation_id": row.id, "token": row.token, "at": now, "event": "person", "owner": getpass.getuser()[:36]}
    record(
        connection,
        row.account,
        [fact | {"verdict": state.value, "text": reason, "endpoint_id": endpoint_id}],
        state=state,
    )


def _confirm(connection: Connection, row: "object", endpoint_id: str | None, now: float) -> None:
    kind = Kind(row.kind)  # type: ignore[attr-defined]
    values: dict[str, object] = {"updated_at": now}
    if kind is Kind.CREATE:
        values |= {"endpoint_id": _unclaimed(connection, row, endpoint_id)}
    to = MOVES["sft"][kind].to
    if to is not None:
        values["state"] = to.value
    if kind is Kind.ASSIGN:
        values["group"] = row.target  # type: ignore[attr-defined]
    connection.execute(update(endpoints).where(endpoints.c.id == row.endpoint).values(**values))  # type: ignore[attr-defined]


def _unclaimed(connection: Connection, row: "object", endpoint_id: str | None) -> str:
    if not endpoint_id:
        raise Refused("A create can only be confirmed with the endpoint's id: add --endpoint-id.")
    e = endpoints.c
    other = connection.execute(
        select(e.iccid).where(e.account == row.account, e.endpoint_id == endpoint_id)  # type: ignore[attr-defined]
    ).scalar_one_or_none()
    iccid = row.iccid  # type: ignore[attr-defined]
    bad = contradictions([Claim(iccid, endpoint_id)], id_of={}, iccid_of={endpoint_id: other} if other else {})
    if bad:
        raise Refused(f"This cannot be confirmed: {bad[iccid]}.")
    return endpoint_id
