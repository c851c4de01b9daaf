"""Decisions made by looking at the platform before or after the writes."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select, update

from adapters.store.clock import store_now
from adapters.store.decisions import Decision, Owner, before, decide, hand_over
from adapters.store.engine import alone_on, in_parts
from adapters.store.tables import endpoints, operations
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


def confirmed_tags(connection: Connection, change: int, since: float) -> list[Work]:
    """Tags that answers confirmed since then, oldest first."""
    o, e = operations.c, endpoints.c
    query = (
        select(o.id, o.token, o.endpoint, e.iccid, e.name, e.endpoint_id, o.target)
        .join_from(operations, endpoints)
        .where(o.change_id == change, o.kind == Kind.TAG.value, o.state == State.CONFIRMED.value)
        .where(o.updated_at >= since, o.already.is_(False))
        .order_by(o.updated_at, o.id)
    )
    return [Work(r[0], Kind.TAG, *r[1:]) for r in connection.execute(query)]


def reconsider(connection: Connection, owner: Owner, findings: Sequence[Finding]) -> None:
    """Apply what a later read showed, to operations that are still confirmed."""
    _apply(connection, owner, findings, event="differs")


def settle(connection: Connection, owner: Owner, findings: Sequence[Finding]) -> None:
    """Apply what was seen, to operations that are still planned."""
    _apply(connection, owner, findings, event="seen")


def _apply(connection: Connection, owner: Owner, findings: Sequence[Finding], *, event: str) -> None:
    alone_on(connection, owner.account)
    decisions = [
        Decision(
            operation=found.work.id,
            token=found.work.token,
            kind=found.work.kind,
            endpoint=found.work.endpoint,
            iccid=found.work.iccid,
            target=found.work.target,
            before=before(event, found.state),
            state=found.state,
            event=event,
            verdict=found.state.value,
            endpoint_id=found.endpoint_id,
            already=event == "seen",
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
    alone_on(connection, owner.account)
    o, e = operations.c, endpoints.c
    now = store_now(connection)
    text = "the platform answered that it was done, and its list shows something else"
    for some in in_parts(list(differing)):
        hand_over(connection, owner, (o.change_id == change, o.kind == kind.value, e.iccid.in_(some)), text, now)
