"""Decisions made by looking at the platform before or after the writes."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, insert, select, update

from adapters.store.decisions import Decision, Owner, decide, in_parts
from adapters.store.engine import store_now
from adapters.store.tables import attempts, endpoints, operations
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State, Work
from domain.sight import Finding


def planned(connection: Connection, change: int, kind: Kind) -> list[Work]:
    """Operations of this kind for which nothing has been sent."""
    o, e = operations.c, endpoints.c
    query = (
        select(o.id, o.token, o.endpoint, e.iccid, e.name, e.endpoint_id, o.target)
        .join_from(operations, endpoints)
        .where(o.change_id == change, o.kind == kind.value, o.state == State.PLANNED.value)
        .order_by(o.position)
    )
    return [Work(r[0], kind, *r[1:]) for r in connection.execute(query)]


def settle(connection: Connection, owner: Owner, findings: Sequence[Finding]) -> None:
    """Apply what was seen, to operations that are still planned."""
    decisions = [
        Decision(
            operation=found.work.id,
            token=found.work.token,
            kind=found.work.kind,
            endpoint=found.work.endpoint,
            iccid=found.work.iccid,
            target=found.work.target,
            before=(State.PLANNED.value,),
            state=found.state,
            event="seen",
            verdict=found.state.value,
            endpoint_id=found.endpoint_id,
            already=True,
            text=found.text,
        )
        for found in findings
    ]
    now = store_now(connection)
    decide(connection, owner, decisions, now)
    for some in in_parts([found.work.endpoint for found in findings if found.is_tombstone]):
        # Kept for ever, also when the platform has long erased its record of the SIM.
        connection.execute(
            update(endpoints)
            .where(endpoints.c.id.in_(some), endpoints.c.state == Lifecycle.STOCK.value)
            .values(state=Lifecycle.TERMINATED.value, updated_at=now)
        )


def confirmed_by_answer(connection: Connection, change: int, kind: Kind, since: float) -> dict[str, str]:
    """ICCID and endpoint id of what was confirmed since then, other than by looking."""
    o, e = operations.c, endpoints.c
    query = (
        select(e.iccid, e.endpoint_id)
        .join_from(operations, endpoints)
        .where(o.change_id == change, o.kind == kind.value, o.state == State.CONFIRMED.value)
        .where(o.updated_at >= since, o.already.is_(False))
    )
    return {row.iccid: row.endpoint_id for row in connection.execute(query)}


def report_differences(
    connection: Connection, owner: Owner, change: int, kind: Kind, differing: Mapping[str, str]
) -> None:
    """Hand confirmed operations that the platform contradicts to a person; mappings stay as they are."""
    for some in in_parts(list(differing)):
        _report(connection, owner, change, kind, some)


def _report(connection: Connection, owner: Owner, change: int, kind: Kind, iccids: Sequence[str]) -> None:
    o, e = operations.c, endpoints.c
    now = store_now(connection)
    which = (
        select(o.id, o.token)
        .join_from(operations, endpoints)
        .where(o.change_id == change, o.kind == kind.value, o.state == State.CONFIRMED.value)
        .where(e.iccid.in_(iccids))
    )
    found = connection.execute(which).all()
    text = "the platform answered that it was done, and its list shows something else"
    connection.execute(
        update(operations)
        .where(o.id.in_([row.id for row in found]))
        .values(state=State.NEEDS_HUMAN.value, text=text, updated_at=now)
    )
    facts = [
        {"operation_id": row.id, "token": row.token, "at": now, "event": "differs", "owner": owner.worker, "text": text}
        for row in found
    ]
    if facts:
        connection.execute(insert(attempts), facts)
