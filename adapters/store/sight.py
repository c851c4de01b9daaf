"""Decisions made by looking at the platform before or after the writes."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from adapters.store.clock import store_now
from adapters.store.decisions import Decision, Owner, before, decide, mark_seen
from adapters.store.engine import alone_on
from adapters.store.sharing import held_elsewhere
from adapters.store.tables import batches, endpoints, operations
from adapters.store.work import unclear_attempts
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State, Work
from domain.outcome import Because
from domain.ownership import TAKEN
from domain.precheck import PAIR_SECONDS, PAIRED
from domain.sight import Finding, ended_on, held_by

_EVERY = 2**31 - 1


def planned(connection: Connection, change: int, kind: Kind) -> list[Work]:
    """Operations of this kind for which nothing is on its way."""
    o = operations.c
    rows = connection.execute(_PLANNED.where(o.change_id == change, o.kind == kind.value))
    return [_work(row) for row in rows]


def unseen(connection: Connection, change: int, *, first: int = 0, last: int = _EVERY) -> list[Work]:
    """Planned operations whose endpoints no read has shown with their SIMs for a while."""
    o, e = operations.c, endpoints.c
    paired = [kind.value for kind in sorted(PAIRED)]
    query = (
        _PLANNED.where(o.change_id == change, o.position.between(first, last), o.kind.in_(paired))
        .where(e.endpoint_id.is_not(None), e.seen_at < store_now(connection) - PAIR_SECONDS)
        .where(o.next_at <= store_now(connection))
    )
    return [_work(row) for row in connection.execute(query)]


def _work(row: Row[Any]) -> Work:
    return Work(**(dict(row._mapping) | {"kind": Kind(row.kind)}))


def _waits_for_activation() -> ColumnElement[bool]:
    """A group asked for behind an activation without an outcome: what the platform shows so far says nothing of it."""
    o, other = operations.c, operations.alias()
    open_ones = [state.value for state in (State.PLANNED, State.SENT, State.IN_DOUBT, State.NEEDS_HUMAN)]
    activation = select(other.c.id).where(other.c.endpoint == o.endpoint, other.c.kind == Kind.ACTIVATE.value)
    return (o.kind == Kind.ASSIGN.value) & activation.where(other.c.state.in_(open_ones)).exists()


_PLANNED = (
    select(
        *(operations.c.id, operations.c.kind, operations.c.token, operations.c.endpoint, operations.c.target),
        *(endpoints.c.iccid, endpoints.c.name, endpoints.c.endpoint_id, unclear_attempts().label("unclear")),
    )
    .join_from(operations, endpoints)
    .where(operations.c.state == State.PLANNED.value, ~_waits_for_activation())
    .order_by(operations.c.position)
)


def mark_shown(connection: Connection, ids: Sequence[int], at: float) -> None:
    """Keep when a read showed these endpoints with their SIMs."""
    mark_seen(connection, ids, at)


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
            verdict=_verdict(found),
            code=TAKEN if found.is_taken else "",
            endpoint_id=found.endpoint_id,
            already=event == "seen",
            text=found.text,
        )
        for found in findings
    ]
    decide(connection, owner, decisions, store_now(connection))


def _verdict(found: Finding) -> str:
    if found.is_taken:
        return TAKEN
    return Because.ENDED.value if found.is_tombstone else found.state.value


def ended_elsewhere(connection: Connection, account: str, change: int, apart: Sequence[str]) -> list[Finding]:
    """Creates of SIMs that were terminated on another account. `apart` are accounts that have other SIMs."""
    known = select(batches.c.account).where(batches.c.account.not_in([account, *apart])).distinct()
    others = list(connection.execute(known).scalars())
    o, e, other = operations.c, endpoints.c, endpoints.alias()
    query = (
        select(o.id, o.token, o.endpoint, e.iccid, e.name, e.endpoint_id, o.target, func.min(other.c.account))
        .join_from(operations, endpoints)
        .join(other, (other.c.iccid == e.iccid) & other.c.account.in_(others))
        .where(o.change_id == change, o.kind == Kind.CREATE.value, o.state == State.PLANNED.value)
        .where(other.c.state == Lifecycle.TERMINATED.value)
        .group_by(o.id, o.token, o.endpoint, e.iccid, e.name, e.endpoint_id, o.target)
        .order_by(o.id)
    )
    rows = connection.execute(query).all() if others else []
    return [ended_on(Work(row[0], Kind.CREATE, *row[1:7]), row[7]) for row in rows]


def with_another_account(connection: Connection, account: str, change: int) -> list[Finding]:
    """Creates of SIMs that another account of the same tenant has made endpoints of."""
    works = planned(connection, change, Kind.CREATE)
    found = held_elsewhere(connection, account, (work.iccid for work in works))
    return [held_by(work, found[work.iccid]) for work in works if work.iccid in found]
