"""Hands out operations and records what came of them. Decisions are fenced by token and state; facts never are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update
from sqlalchemy import and_ as all_of

from adapters.store.engine import store_now
from adapters.store.tables import attempts, changes, endpoints, operations, stops, workers
from domain.doubt import Doubt, Evidence, Patience, Ruling
from domain.endpoint import Claim, contradictions
from domain.lifecycle import MOVES, Kind
from domain.operation import Work, may_move
from domain.operation import State as S
from domain.outcome import next_state
from domain.ports import Outlook, Result, Scope, Step

LEASE_SECONDS = 20.0

# An attempt's own good news is taken even when its process was thought dead: the token is still the same.
_BEFORE = {state: [s.value for s in S if may_move(s, state)] for state in S}
_BEFORE[S.CONFIRMED] = [s.value for s in (S.PLANNED, S.SENT, S.IN_DOUBT, S.NEEDS_HUMAN)]


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that asks, the account it works for, and how patient that account is."""

    worker: str
    account: str
    platform: str
    patience: Patience
    max_in_flight: int


@dataclass(frozen=True, slots=True)
class Decision:
    """A state change with the fact behind it."""

    operation: int
    token: int
    kind: Kind
    endpoint: int
    iccid: str
    target: str
    before: tuple[str, ...]
    state: S
    event: str
    verdict: str
    endpoint_id: str | None = None
    next_at: float = 0.0
    lookups: int = 0
    negatives: int = 0
    already: bool = False
    code: str = ""
    text: str = ""
    response_id: str = ""
    http_status: int = 0
    seconds: float = 0.0


def step(connection: Connection, owner: Owner, scope: Scope, results: Sequence[Result], room: int) -> Step:
    """Record results, then hand out up to `room` ready operations, marked as sent."""
    now = store_now(connection)
    decide(connection, owner, [_from_result(result, owner, now) for result in results], now)
    others = _beat(connection, owner, now)
    if _is_cancelled(connection, owner, scope):
        return Step(cancelled=True, alone=not others, now=now)
    if others:
        room = min(room, owner.max_in_flight - _sent_by(connection, others))
    return Step(work=grant(connection, owner, scope, room, now), alone=not others, now=now)


def grant(connection: Connection, owner: Owner, scope: Scope, room: int, now: float) -> tuple[Work, ...]:
    """Mark ready operations as sent and return them."""
    if room <= 0:
        return ()
    o, e = operations.c, endpoints.c
    query = (
        select(o.id, o.kind, o.token, o.endpoint, e.iccid, e.name, e.endpoint_id, o.target)
        .join_from(operations, endpoints)
        .where(*_in_scope(scope), o.state == S.PLANNED.value, o.next_at <= now, ready(owner.platform))
        .order_by(o.position, o.id)
        .limit(room)
        .with_for_update(of=operations, skip_locked=True)
    )
    work = tuple(
        Work(r.id, Kind(r.kind), r.token + 1, r.endpoint, r.iccid, r.name, r.endpoint_id, r.target, now)
        for r in connection.execute(query)
    )
    if work:
        _mark_sent(connection, owner, work, now)
    return work


def _mark_sent(connection: Connection, owner: Owner, work: Sequence[Work], now: float) -> None:
    connection.execute(
        update(operations)
        .where(operations.c.id.in_([w.id for w in work]), operations.c.state == S.PLANNED.value)
        .values(
            state=S.SENT.value,
            token=operations.c.token + 1,
            owner=owner.worker,
            safe_after=owner.patience.safe_after(now),
            updated_at=now,
        )
    )
    facts = [{"operation_id": w.id, "token": w.token, "at": now, "event": "sent", "owner": owner.worker} for w in work]
    connection.execute(insert(attempts), facts)


def ready(platform: str) -> "object":
    """The condition under which a planned operation may be sent: the endpoint's state allows the move."""
    moves = MOVES[platform]
    o, e = operations.c, endpoints.c
    return or_(
        *(
            all_of(o.kind == kind.value, e.state.in_([state.value for state in move.allowed_from]))
            for kind, move in moves.items()
        )
    )


def _in_scope(scope: Scope) -> tuple["object", ...]:
    o = operations.c
    return (o.change_id == scope.change, o.position.between(scope.first, scope.last))


def _from_result(result: Result, owner: Owner, now: float) -> Decision:
    work, answer = result.work, result.answer
    state = next_state(answer)
    return Decision(
        operation=work.id,
        token=work.token,
        kind=work.kind,
        endpoint=work.endpoint,
        iccid=work.iccid,
        target=work.target,
        before=tuple(_BEFORE[state]) if state is S.CONFIRMED else (S.SENT.value,),
        state=state,
        event="answer",
        verdict=answer.because.value if answer.because else answer.verdict.value,
        endpoint_id=answer.endpoint_id,
        next_at=owner.patience.next_lookup(0, now=now, safe_after=owner.patience.safe_after(work.sent_at))
        if state is S.IN_DOUBT
        else 0.0,
        already=answer.already,
        code=answer.code,
        text=answer.text,
        response_id=answer.response_id,
        http_status=answer.http_status,
        seconds=answer.seconds,
    )


def from_ruling(doubt: Doubt, evidence: Evidence, ruling: Ruling) -> Decision:
    """The decision that a look-up led to."""
    return Decision(
        operation=doubt.id,
        token=doubt.token,
        kind=doubt.kind,
        endpoint=doubt.endpoint,
        iccid=doubt.iccid,
        target=doubt.target,
        before=(S.IN_DOUBT.value,),
        state=ruling.state,
        event="lookup",
        verdict=evidence.sight.value,
        endpoint_id=ruling.endpoint_id,
        next_at=ruling.next_at,
        lookups=doubt.lookups + 1,
        negatives=ruling.negatives,
        text=ruling.text,
    )


def decide(connection: Connection, owner: Owner, decisions: Sequence[Decision], now: float) -> None:
    """Add the facts, then apply the decisions that are still ours to make."""
    if not decisions:
        return
    decisions = _without_contradictions(connection, owner, decisions)
    connection.execute(insert(attempts), [_fact(decision, owner, now) for decision in decisions])
    for before in {decision.before for decision in decisions}:
        _apply(connection, owner, [d for d in decisions if d.before == before], before, now)


def _apply(
    connection: Connection, owner: Owner, decisions: Sequence[Decision], before: tuple[str, ...], now: float
) -> None:
    o, e = operations.c, endpoints.c
    connection.execute(
        update(operations)
        .where(o.id == bindparam("op"), o.token == bindparam("fence"), or_(*(o.state == state for state in before)))
        .values(
            {
                name: bindparam(f"new_{name}")
                for name in ("state", "next_at", "lookups", "negatives", "code", "text", "already")
            }
            | {"updated_at": now}
        ),
        [_new_values(d) for d in decisions],
    )
    confirmed = [d for d in decisions if d.state is S.CONFIRMED]
    still_ours = (
        select(o.id)
        .where(o.id == bindparam("op"), o.token == bindparam("fence"), o.state == S.CONFIRMED.value)
        .exists()
    )
    for kind in {d.kind for d in confirmed}:
        values = _effect(owner.platform, kind)
        if values:
            connection.execute(
                update(endpoints).where(e.id == bindparam("pk"), still_ours).values(**values, updated_at=now),
                [
                    {"op": d.operation, "fence": d.token, "pk": d.endpoint, "mapped": d.endpoint_id, "into": d.target}
                    for d in confirmed
                    if d.kind is kind
                ],
            )


def _effect(platform: str, kind: Kind) -> dict[str, object]:
    """What a confirmed operation changes about its endpoint."""
    values: dict[str, object] = {}
    to = MOVES[platform][kind].to
    if to is not None:
        values["state"] = to.value
    if kind is Kind.CREATE:
        values["endpoint_id"] = bindparam("mapped")
    if kind is Kind.ASSIGN:
        values["group"] = bindparam("into")
    return values


def _new_values(d: Decision) -> dict[str, object]:
    return {
        "op": d.operation,
        "fence": d.token,
        "new_state": d.state.value,
        "new_next_at": d.next_at,
        "new_lookups": d.lookups,
        "new_negatives": d.negatives,
        "new_code": d.code,
        "new_text": d.text,
        "new_already": d.already,
    }


def _fact(d: Decision, owner: Owner, now: float) -> dict[str, object]:
    return {
        "operation_id": d.operation,
        "token": d.token,
        "at": now,
        "event": d.event,
        "owner": owner.worker,
        "verdict": d.verdict,
        "endpoint_id": d.endpoint_id,
        "http_status": d.http_status,
        "code": d.code,
        "text": d.text,
        "response_id": d.response_id,
        "seconds": round(d.seconds, 4),
    }


def _without_contradictions(connection: Connection, owner: Owner, decisions: Sequence[Decision]) -> list[Decision]:
    """Quarantine answers that would map one id to two ICCIDs or change a mapping."""
    claims = [Claim(d.iccid, d.endpoint_id) for d in decisions if d.state is S.CONFIRMED and d.endpoint_id]
    bad: dict[str, str] = {}
    if claims:
        id_of, iccid_of = _mappings(connection, owner.account, claims)
        bad = contradictions(claims, id_of=id_of, iccid_of=iccid_of)
    return [_checked(d, bad.get(d.iccid)) for d in decisions]


def _checked(d: Decision, contradiction: str | None) -> Decision:
    if d.kind is Kind.CREATE and d.state is S.CONFIRMED and not d.endpoint_id:
        contradiction = "the platform named no endpoint id"
    if contradiction is None or d.state is not S.CONFIRMED:
        return d
    values = {name: getattr(d, name) for name in d.__slots__} | {"state": S.NEEDS_HUMAN, "text": contradiction}
    return Decision(**values)


def _mappings(connection: Connection, account: str, claims: Iterable[Claim]) -> tuple[dict[str, str], dict[str, str]]:
    e = endpoints.c
    claims = list(claims)
    found = connection.execute(
        select(e.iccid, e.endpoint_id).where(
            e.account == account,
            e.endpoint_id.is_not(None),
            or_(e.iccid.in_([c.iccid for c in claims]), e.endpoint_id.in_([c.endpoint_id for c in claims])),
        )
    ).all()
    return {r.iccid: r.endpoint_id for r in found}, {r.endpoint_id: r.iccid for r in found}


def _beat(connection: Connection, owner: Owner, now: float) -> list[str]:
    """Show that this process lives, and return the other living processes of the account."""
    w = workers.c
    connection.execute(update(workers).where(w.id == owner.worker).values(heartbeat_at=now))
    alive = select(w.id).where(w.account == owner.account, w.id != owner.worker, w.heartbeat_at > now - LEASE_SECONDS)
    return list(connection.execute(alive).scalars())


def _sent_by(connection: Connection, others: list[str]) -> int:
    query = select(func.count()).where(operations.c.state == S.SENT.value, operations.c.owner.in_(others))
    return connection.execute(query).scalar_one()


def _is_cancelled(connection: Connection, owner: Owner, scope: Scope) -> bool:
    stopped = select(stops.c.account).where(stops.c.account == owner.account).exists()
    query = select(or_(changes.c.cancelled_at.is_not(None), stopped)).where(changes.c.id == scope.change)
    return bool(connection.execute(query).scalar_one())


def doubts(connection: Connection, owner: Owner, scope: Scope, limit: int) -> list[Doubt]:
    """Take over what dead processes left, then return the doubts that are due, each to one process at a time."""
    now = store_now(connection)
    _beat(connection, owner, now)
    _take_over(connection, scope, now)
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
        )
        .join_from(operations, endpoints)
        .where(*_in_scope(scope), o.state == S.IN_DOUBT.value, o.next_at <= now)
        .order_by(o.position, o.id)
        .limit(limit)
        .with_for_update(of=operations, skip_locked=True)
    )
    due = [Doubt(r[0], r[1], Kind(r[2]), *r[3:]) for r in connection.execute(query)]
    if due:
        busy = now + owner.patience.spacing + 1.0
        connection.execute(update(operations).where(o.id.in_([d.id for d in due])).values(next_at=busy))
    return due


def _take_over(connection: Connection, scope: Scope, now: float) -> None:
    o, w = operations.c, workers.c
    alive = select(w.id).where(w.heartbeat_at > now - LEASE_SECONDS)
    orphaned = [*_in_scope(scope), o.state == S.SENT.value, or_(o.owner.is_(None), o.owner.not_in(alive))]
    connection.execute(
        insert(attempts).from_select(
            ["operation_id", "token", "at", "event", "text"],
            select(o.id, o.token, bindparam("at", now), bindparam("event", "orphaned"), bindparam("text", "")).where(
                *orphaned
            ),
        )
    )
    connection.execute(
        update(operations)
        .where(*orphaned)
        .values(state=S.IN_DOUBT.value, next_at=now, lookups=0, negatives=0, text="its process ended", updated_at=now)
    )


def rule(connection: Connection, owner: Owner, rulings: Sequence[tuple[Doubt, Evidence, Ruling]]) -> None:
    """Apply what look-ups decided."""
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
        .where(*_in_scope(scope), o.state == S.PLANNED.value, o.next_at <= now, ready(owner.platform))
    )
    next_at = {state: when for state, _, when in by_state}.get(S.IN_DOUBT.value)
    return Outlook(
        counts={S(state): count for state, count, _ in by_state},
        ready=connection.execute(is_ready).scalar_one(),
        next_at=next_at,
        now=now,
        cancelled=_is_cancelled(connection, owner, scope),
    )


def keep_alive(connection: Connection, owner: Owner, *, host: str, pid: int) -> None:
    """Enter this process among the living."""
    now = store_now(connection)
    connection.execute(
        insert(workers), {"id": owner.worker, "host": host, "pid": pid, "account": owner.account, "heartbeat_at": now}
    )


def forget_workers(connection: Connection, ids: Sequence[str]) -> None:
    """Strike processes that are known to have ended, so that nobody waits for their lease."""
    if ids:
        connection.execute(workers.delete().where(workers.c.id.in_(ids)))


def workers_of(connection: Connection, host: str) -> list[tuple[str, int]]:
    """Id and process id of every process entered for this host."""
    query = select(workers.c.id, workers.c.pid).where(workers.c.host == host)
    return [(row.id, row.pid) for row in connection.execute(query)]
