"""Decisions that a person makes about operations that no look-up could settle."""

import getpass
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from adapters.store.clock import store_now
from adapters.store.decisions import effect
from adapters.store.engine import alone_on
from adapters.store.tables import endpoints, operations, orders
from adapters.store.trail import record
from domain.endpoint import Claim, contradictions
from domain.errors import NothingSelected, Refused
from domain.lifecycle import Kind
from domain.operation import OPEN, State, may_move


def decide_by_person(
    connection: Connection,
    operation: int,
    state: State,
    *,
    platform_of: Callable[[str], str],
    endpoint_id: str | None,
    reason: str,
) -> None:
    """Move an operation in doubt, or one that needs a person, to where the person says, and keep who and why.

    `platform_of` names the platform of an account. Raises NothingSelected, Refused, and what `platform_of` raises.
    """
    o = operations.c
    row = connection.execute(
        select(
            o.id, o.token, o.state, o.kind, o.endpoint, o.target, o.change_id, endpoints.c.iccid, endpoints.c.account
        )
        .join_from(operations, endpoints)
        .where(o.id == operation)
    ).first()
    again = row is not None and State(row.state) is State.REFUSED and state is State.PLANNED
    if row is None or not (again or State(row.state) in (State.IN_DOUBT, State.NEEDS_HUMAN)):
        raise NothingSelected(f"Operation {operation} is not in doubt and needs no person; see `preactive resolve`.")
    if State(row.state) is State.IN_DOUBT or not may_move(State(row.state), state):
        raise Refused(f"Operation {operation} is still being looked up; wait until it needs a person.")
    if state is State.PLANNED and _is_busy(connection, row):
        raise Refused(
            f"Another change of the endpoint of operation {operation} is under way; wait until that is settled."
        )
    if state is State.PLANNED and _is_given_back(connection, row):
        raise Refused(f"The order of operation {operation} holds its SIM no more; send the order again.")
    alone_on(connection, row.account)
    now = store_now(connection)
    if state is State.CONFIRMED:
        _confirm(connection, row, platform_of(row.account), endpoint_id, now)
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


def _is_busy(connection: Connection, row: Row[*tuple[Any, ...]]) -> bool:
    """Whether another change of the endpoint's state is under way, beside which this one may not be planned."""
    o = operations.c
    changing = [kind.value for kind in (Kind.ACTIVATE, Kind.SUSPEND, Kind.RESUME, Kind.TERMINATE)]
    if row.kind not in changing:
        return False
    others = select(o.id).where(o.endpoint == row.endpoint, o.kind.in_(changing))
    under_way = [state.value for state in OPEN]
    return connection.execute(others.where(o.state.in_(under_way)).limit(1)).first() is not None


def _is_given_back(connection: Connection, row: Row[*tuple[Any, ...]]) -> bool:
    """Whether the operation is of an order that holds another SIM by now, or none."""
    r = orders.c
    other = or_(r.endpoint.is_(None), r.endpoint != row.endpoint)
    query = select(r.id).where(r.change_id == row.change_id, other)
    return connection.execute(query.limit(1)).first() is not None


def _confirm(
    connection: Connection, row: Row[*tuple[Any, ...]], platform: str, endpoint_id: str | None, now: float
) -> None:
    """Do to the endpoint what the platform's own answer would have done."""
    kind = Kind(row.kind)
    changed = effect(platform, kind) | {"updated_at": now}
    given: dict[str, object] = {"into": row.target} if "group" in changed else {}
    if kind is Kind.CREATE:
        given["mapped"] = _unclaimed(connection, row, endpoint_id)
    connection.execute(update(endpoints).where(endpoints.c.id == row.endpoint).values(changed), given)


def _unclaimed(connection: Connection, row: Row[*tuple[Any, ...]], endpoint_id: str | None) -> str:
    if not endpoint_id:
        raise Refused("A create can only be confirmed with the endpoint's id: add --endpoint-id.")
    e = endpoints.c
    other = connection.execute(
        select(e.iccid).where(e.account == row.account, e.endpoint_id == endpoint_id)
    ).scalar_one_or_none()
    iccid = row.iccid
    bad = contradictions([Claim(iccid, endpoint_id)], id_of={}, iccid_of={endpoint_id: other} if other else {})
    if bad:
        raise Refused(f"This cannot be confirmed: {bad[iccid]}.")
    return endpoint_id
