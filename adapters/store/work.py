"""Hands out operations, takes back what came of them, and says what is left."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, bindparam, case, func, or_, select, update
from sqlalchemy import and_ as all_of

from adapters.store.claims import codes_of
from adapters.store.clock import store_now
from adapters.store.decisions import Owner, decide, from_result, from_ruling
from adapters.store.engine import alone_on
from adapters.store.lanes import LEASE_SECONDS, free_places, show_alive
from adapters.store.tables import attempts, batches, changes, endpoints, operations, orders, stops, workers
from adapters.store.trail import record
from domain.capabilities import CAPABILITIES
from domain.doubt import Doubt, Evidence, Ruling
from domain.ending import DELINKED
from domain.errors import StoreUnavailable
from domain.lifecycle import MOVES, Kind
from domain.operation import State, Work
from domain.outcome import Verdict
from domain.pacing import Lane
from domain.ports import Outlook, Result, Scope, Step
from domain.trail import ORDERED, order_words, subject


def step(
    connection: Connection, owner: Owner, scope: Scope, results: Sequence[Result], room: int, *, bulk: bool = False
) -> Step:
    """Record results, then hand out up to `room` ready operations, marked as sent."""
    now = store_now(connection)
    alone_on(connection, owner.account)  # or two would count what is under way, or add to the trail, at the same moment
    others = show_alive(connection, owner, now)
    decide(connection, owner, [from_result(result, owner, now) for result in results], now)
    if _is_cancelled(connection, owner, scope):
        return Step(cancelled=True, alone=not others, now=now)
    if (others or owner.lane is Lane.SALES) and not bulk:
        room = min(room, free_places(connection, owner, others))
    work = grant(connection, owner, scope, room, now, bulk=bulk)
    yielding = owner.lane is Lane.BULK and any(other.lane == Lane.SALES for other in others)
    return Step(work=work, alone=not others, yielding=yielding, now=now)


def grant(connection: Connection, owner: Owner, scope: Scope, room: int, now: float, *, bulk: bool) -> tuple[Work, ...]:
    """Mark ready operations as sent and return them."""
    work = claim(connection, owner, scope, room, now, bulk=bulk) if room > 0 else ()
    if work:
        patience = owner.bulk_patience if bulk else owner.patience
        _mark_sent(connection, owner, work, now, safe_after=patience.safe_after(now))
    return work


def claim(
    connection: Connection, owner: Owner, scope: Scope, room: int, now: float, *, bulk: bool = False
) -> tuple[Work, ...]:
    """Ready operations, held by this transaction and by no other."""
    where = {"change": scope.change, "first": scope.first, "last": scope.last, "now": now, "room": room}
    found = [
        Work(
            id=r.id,
            kind=Kind(r.kind),
            token=r.token + 1,
            endpoint=r.endpoint,
            iccid=r.iccid,
            name=r.name,
            endpoint_id=r.endpoint_id,
            target=r.target,
            sent_at=now,
            batch=r.batch,
            round=r.round,
            seen_at=r.seen_at,
            unclear=r.unclear,
            misses=r.negatives,
        )
        for r in connection.execute(_claimable(owner.platform, bulk=bulk), where)
    ]
    work = _one_tag_each(found) if CAPABILITIES[owner.platform].replaces_tags else tuple(found)
    if owner.claims:
        codes = codes_of(connection, [one.endpoint for one in work if one.kind is Kind.CREATE])
        work = tuple(replace(one, activation_code=codes.get(one.endpoint, "")) for one in work)
    return work


@cache
def _claimable(platform: str, *, bulk: bool) -> Select[Any]:
    """What a scope has ready, in order, with what the trail will say of it."""
    o, e = operations.c, endpoints.c
    query = (
        select(
            o.id,
            o.kind,
            o.token,
            o.endpoint,
            e.iccid,
            e.name,
            e.endpoint_id,
            o.target,
            batches.c.name.label("batch"),
            o.round,
            e.seen_at,
            unclear_attempts().label("unclear"),
            o.negatives,
        )
        .select_from(operations.join(endpoints).join(batches, batches.c.id == e.batch_id))
        .where(o.change_id == bindparam("change"), o.position.between(bindparam("first"), bindparam("last")))
        .where(o.state == State.PLANNED.value, o.next_at <= bindparam("now"), ready(platform), _let_through())
        .order_by(o.position, o.id)
        .limit(bindparam("room"))
        .with_for_update(of=operations, skip_locked=True)
    )
    if bulk:
        query = query.where(o.kind == Kind.CREATE.value)
    return query.where(_no_other_tag_open()) if CAPABILITIES[platform].replaces_tags else query


def _let_through() -> ColumnElement[bool]:
    """Nothing is sent that was not let through where it was planned (adapters/store/grants.py)."""
    allowed = select(changes.c.allowed).where(changes.c.id == bindparam("change"))  # looked up once for a statement
    return operations.c.position < allowed.scalar_subquery()


def _no_other_tag_open() -> ColumnElement[bool]:
    """Where a tag write replaces all tags, one that may still arrive must not undo a later one."""
    other = operations.alias()
    still_open = (State.SENT.value, State.IN_DOUBT.value)
    return or_(
        operations.c.kind != Kind.TAG.value,
        ~select(other.c.id)
        .where(other.c.endpoint == operations.c.endpoint, other.c.kind == Kind.TAG.value)
        .where(other.c.state.in_(still_open))
        .exists(),
    )


def _one_tag_each(works: Sequence[Work]) -> tuple[Work, ...]:
    """The same among those that are handed out together."""
    tagged: set[int] = set()
    kept = []
    for work in works:
        if work.kind is Kind.TAG and work.endpoint in tagged:
            continue
        if work.kind is Kind.TAG:
            tagged.add(work.endpoint)
        kept.append(work)
    return tuple(kept)


def _mark_sent(connection: Connection, owner: Owner, work: Sequence[Work], now: float, *, safe_after: float) -> None:
    by = {"new_owner": owner.worker, "until": safe_after, "at": now}
    marked = connection.execute(_SENT, by | {"ids": [w.id for w in work]}).rowcount
    if marked != len(work):  # no call may go out whose intent is not written
        raise StoreUnavailable(
            f"The store marked {marked} of {len(work)} operations as sent; none is sent, run it again."
        )
    facts = [
        subject(owner.account, w)
        | {"operation_id": w.id, "token": w.token, "at": now, "event": "sent", "owner": owner.worker}
        for w in work
    ]
    record(connection, owner.account, [*facts, *_orders_of(connection, owner, work, now)], state=State.SENT)


def _orders_of(connection: Connection, owner: Owner, work: Sequence[Work], now: float) -> list[dict[str, Any]]:
    """For which order a SIM is sent: without this fact a store made again would give the order a second one."""
    first = {w.id: w for w in work if w.kind is Kind.ACTIVATE and w.token == 1}
    if not first:
        return []
    return [
        subject(owner.account, first[row.id])
        | {"operation_id": row.id, "token": 1, "at": now, "event": ORDERED, "owner": owner.worker}
        | {"text": order_words(row.order_no, row.tag, row.group)}
        for row in connection.execute(_ORDERED, {"ids": list(first)})
    ]


_ORDERED = (
    select(operations.c.id, orders.c.order_no, orders.c.tag, orders.c.group)
    .select_from(operations.join(orders, orders.c.endpoint == operations.c.endpoint))
    .where(operations.c.id.in_(bindparam("ids", expanding=True)), orders.c.change_id == operations.c.change_id)
    .order_by(operations.c.id)
)
_SENT = (
    update(operations)
    .where(operations.c.id.in_(bindparam("ids", expanding=True)), operations.c.state == State.PLANNED.value)
    .values(
        state=State.SENT.value,
        token=operations.c.token + 1,
        owner=bindparam("new_owner"),
        safe_after=bindparam("until"),
        updated_at=bindparam("at"),
    )
)


@cache
def ready(platform: str) -> ColumnElement[bool]:
    """The condition under which a planned operation may be sent: the endpoint's state allows the move."""
    moves = MOVES[platform]
    o, e = operations.c, endpoints.c
    return or_(
        *(
            all_of(o.kind == kind.value, e.state.in_([state.value for state in move.allowed_from]))
            for kind, move in moves.items()
        )
    )


def _in_scope(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    o = operations.c
    return (o.change_id == scope.change, o.position.between(scope.first, scope.last))


def _is_cancelled(connection: Connection, owner: Owner, scope: Scope) -> bool:
    return bool(connection.execute(_CANCELLED, {"of": owner.account, "change": scope.change}).scalar_one())


_STOPPED = select(stops.c.account).where(stops.c.account == bindparam("of")).exists()
_CANCELLED = select(or_(changes.c.cancelled_at.is_not(None), _STOPPED)).where(changes.c.id == bindparam("change"))


def doubts(connection: Connection, owner: Owner, scope: Scope, limit: int) -> list[Doubt]:
    """Take over what dead processes left, then return the doubts that are due, each to one process at a time."""
    now = store_now(connection)
    alone_on(connection, owner.account)
    show_alive(connection, owner, now)
    _take_over(connection, owner, scope, now)
    o, e = operations.c, endpoints.c
    query = (
        select(
            o.id,
            o.token,
            o.kind,
            o.endpoint,
            e.iccid,
            e.name,
            e.endpoint_id,
            o.target,
            o.safe_after,
            o.lookups,
            o.negatives,
            _unknowns(),
        )
        .join_from(operations, endpoints)
        .where(*_in_scope(scope), o.state == State.IN_DOUBT.value, o.next_at <= now)
        .order_by(o.position, o.id)
        .limit(limit)
        .with_for_update(of=operations, skip_locked=True)
    )
    due = [Doubt(r[0], r[1], Kind(r[2]), *r[3:]) for r in connection.execute(query)]
    if due:
        busy = now + owner.patience.spacing + 1.0
        connection.execute(update(operations).where(o.id.in_([d.id for d in due])).values(next_at=busy))
    return due


def unclear_attempts() -> ColumnElement[int]:
    """How many attempts of an operation may have been carried out, in whole or in part. Most had none at all."""
    a, o = attempts.c, operations.c
    unclear = or_(a.verdict == Verdict.UNKNOWN.value, a.event == "orphaned", a.text.like(f"{DELINKED}%"))
    tried = select(func.count(a.token.distinct())).where(a.operation_id == o.id, unclear).scalar_subquery()
    return case((o.token > 0, tried), else_=0)


def _unknowns() -> ScalarSelect[int]:
    """How many attempts of an operation had an unknown outcome."""
    a = attempts.c
    unclear = or_(a.verdict == Verdict.UNKNOWN.value, a.event == "orphaned")
    return select(func.count(a.token.distinct())).where(a.operation_id == operations.c.id, unclear).scalar_subquery()


def _take_over(connection: Connection, owner: Owner, scope: Scope, now: float) -> None:
    o, w = operations.c, workers.c
    alive = select(w.id).where(w.heartbeat_at > now - LEASE_SECONDS)
    # A commit whose answer got lost leaves an operation that nobody in this process knows of. So late no call of
    # ours is under way any more, and an outcome that comes after all is taken as one of a process thought dead.
    forgotten = all_of(o.owner == owner.worker, o.safe_after < now)
    nobodys = or_(o.owner.is_(None), o.owner.not_in(alive), forgotten)
    orphaned = [*_in_scope(scope), o.state == State.SENT.value, nobodys]
    left = connection.execute(select(o.id, o.token).where(*orphaned).order_by(o.id)).all()
    if not left:
        return
    facts = [{"operation_id": row.id, "token": row.token, "at": now, "event": "orphaned"} for row in left]
    record(connection, owner.account, facts, state=State.IN_DOUBT)
    connection.execute(
        update(operations)
        .where(*orphaned)
        .values(
            state=State.IN_DOUBT.value, next_at=now, lookups=0, negatives=0, text="its process ended", updated_at=now
        )
    )


def rule(connection: Connection, owner: Owner, rulings: Sequence[tuple[Doubt, Evidence, Ruling]]) -> None:
    """Apply what look-ups decided."""
    alone_on(connection, owner.account)
    decide(connection, owner, [from_ruling(*ruling) for ruling in rulings], store_now(connection))


def outlook(connection: Connection, owner: Owner, scope: Scope) -> Outlook:
    """What is left to do in the scope."""
    now = store_now(connection)
    o = operations.c
    by_state = connection.execute(
        select(o.state, func.count(), func.min(o.next_at)).where(*_in_scope(scope)).group_by(o.state)
    ).all()
    is_ready = (
        select(func.count())
        .select_from(operations.join(endpoints))
        .where(*_in_scope(scope), o.state == State.PLANNED.value, o.next_at <= now, ready(owner.platform))
        .where(_let_through())
    )
    doubt_at = {state: when for state, _, when in by_state}.get(State.IN_DOUBT.value)
    where = {"change": scope.change, "first": scope.first, "last": scope.last, "now": now}
    delayed, look_at = connection.execute(_delayed(owner.platform), where).one()
    return Outlook(
        counts={State(state): count for state, count, _ in by_state},
        ready=connection.execute(is_ready, {"change": scope.change}).scalar_one(),
        next_at=min((at for at in (doubt_at, look_at) if at is not None), default=None),
        now=now,
        cancelled=_is_cancelled(connection, owner, scope),
        delayed=delayed,
    )


@cache
def _delayed(platform: str) -> Select[Any]:
    """What is planned and is looked at again before it is sent, and when the first of it is."""
    o = operations.c
    columns: Sequence[ColumnElement[Any]] = (func.count(), func.min(o.next_at))
    return (
        select(*columns)
        .select_from(operations.join(endpoints))
        .where(o.change_id == bindparam("change"), o.position.between(bindparam("first"), bindparam("last")))
        .where(o.state == State.PLANNED.value, o.next_at > bindparam("now"), ready(platform), _let_through())
    )
