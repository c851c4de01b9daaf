"""Decisions made by looking at the platform before or after the writes."""

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from adapters.store.clock import store_now
from adapters.store.decisions import Decision, Owner, before, decide
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


def kinds_planned(connection: Connection, change: int) -> list[Kind]:
    """The kinds of operations of the change for which nothing has been sent."""
    o = operations.c
    query = select(o.kind).where(o.change_id == change, o.state == State.PLANNED.value).distinct()
    found = {Kind(kind) for kind in connection.execute(query).scalars()}
    return [kind for kind in Kind if kind in found]


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
