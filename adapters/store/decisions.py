"""Applies decisions to operations and endpoints. Decisions are fenced by token and state; facts never are."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, String, Text, Update, bindparam, case, delete, or_, select, update

from adapters.store.claims import forget
from adapters.store.engine import in_parts
from adapters.store.sharing import holders
from adapters.store.tables import endpoints, operations
from adapters.store.trail import record
from domain.capabilities import CAPABILITIES
from domain.doubt import Doubt, Evidence, Patience, Ruling
from domain.endpoint import Claim, contradictions
from domain.lifecycle import MOVES, Kind, Lifecycle
from domain.operation import READ_BACK_AFTER, State, Work, decided_from
from domain.outcome import LOOK_AGAIN, Because, next_state
from domain.ownership import TAKEN
from domain.pacing import Lane
from domain.ports import Result
from domain.precheck import missed_enough
from domain.sight import ONE_ACCOUNT_EACH
from domain.trail import subject

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that asks, the account it works for, and how patient that account is."""

    worker: str
    account: str
    platform: str
    patience: Patience
    bulk_patience: Patience
    max_in_flight: int
    lane: Lane = Lane.BULK
    sales_places: int = 0
    claims: bool = False  # SIMs are put on the account with a code


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
    state: State
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
    about: Mapping[str, Any] = field(default_factory=dict)  # the fact's subject, where it is known already


def from_result(result: Result, owner: Owner, now: float) -> Decision:
    work, answer = result.work, result.answer
    looked, state = answer.because in LOOK_AGAIN, next_state(answer)
    misses = work.misses + 1 if looked else 0
    if looked and missed_enough(misses, owner.patience):
        state, misses = State.NEEDS_HUMAN, 0
    return Decision(
        operation=work.id,
        token=work.token,
        kind=work.kind,
        endpoint=work.endpoint,
        iccid=work.iccid,
        target=work.target,
        before=before("answer", state),
        state=state,
        event="answer",
        verdict=answer.because.value if answer.because else answer.verdict.value,
        endpoint_id=answer.endpoint_id,
        next_at=_next_look(state, work, owner, now, is_delayed=looked),
        negatives=misses,
        already=answer.already,
        code=answer.code,
        text=answer.text,
        response_id=answer.response_id,
        http_status=answer.http_status,
        seconds=answer.seconds,
        about=subject(owner.account, work) if work.batch else {},
    )


def _next_look(state: State, work: Work, owner: Owner, now: float, *, is_delayed: bool) -> float:
    if state is State.IN_DOUBT:
        return owner.patience.next_lookup(0, now=now, safe_after=owner.patience.safe_after(work.sent_at))
    return now + owner.patience.spacing if state is State.PLANNED and is_delayed else 0.0


def before(event: str, state: State) -> tuple[str, ...]:
    return tuple(sorted(one.value for one in decided_from(event, state)))


def from_ruling(doubt: Doubt, evidence: Evidence, ruling: Ruling) -> Decision:
    """The decision that a look-up led to."""
    return Decision(
        operation=doubt.id,
        token=doubt.token,
        kind=doubt.kind,
        endpoint=doubt.endpoint,
        iccid=doubt.iccid,
        target=doubt.target,
        before=before("lookup", ruling.state),
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
    decisions = _without_contradictions(connection, owner, decisions, now)
    record(connection, owner.account, [_fact(decision, owner, now) for decision in decisions])
    for before in {decision.before for decision in decisions}:
        _apply(connection, owner, [d for d in decisions if d.before == before], before, now)


def _apply(
    connection: Connection, owner: Owner, decisions: Sequence[Decision], before: tuple[str, ...], now: float
) -> None:
    connection.execute(_decided(before), [_new_values(d, owner, now) for d in decisions])
    _end(connection, [d for d in decisions if d.verdict == Because.ENDED.value], now)
    _take_note(connection, [d for d in decisions if d.verdict == TAKEN], now)
    confirmed = [d for d in decisions if d.state is State.CONFIRMED]
    if owner.claims:
        forget(connection, [d.endpoint for d in confirmed if d.kind is Kind.CREATE])
    for kind in {d.kind for d in confirmed}:
        statement = _effected(owner.platform, kind)
        if statement is not None:
            connection.execute(
                statement,
                [
                    {
                        "op": d.operation,
                        "fence": d.token,
                        "pk": d.endpoint,
                        "mapped": d.endpoint_id,
                        "into": d.target,
                        "at": now,
                    }
                    for d in confirmed
                    if d.kind is kind
                ],
            )


def _end(connection: Connection, ended: Sequence[Decision], now: float) -> None:
    """Keep that a SIM in stock was terminated, for ever: the platform erases its own record of it."""
    if ended:
        rows = [{"op": d.operation, "fence": d.token, "pk": d.endpoint, "at": now} for d in ended]
        connection.execute(_ENDED, rows)


def _take_note(connection: Connection, taken: Sequence[Decision], now: float) -> None:
    """Keep that somebody else took an endpoint into service, and plan nothing more for what would have followed."""
    if not taken:
        return
    connection.execute(_TAKEN, [{"op": d.operation, "fence": d.token, "pk": d.endpoint, "at": now} for d in taken])
    o, ids = operations.c, [d.operation for d in taken]
    same = operations.alias()
    behind = select(same.c.id).where(same.c.id.in_(ids), same.c.change_id == o.change_id, same.c.endpoint == o.endpoint)
    behind = behind.where(same.c.state == State.NEEDS_HUMAN.value, same.c.updated_at == now)
    # The group was never asked for, since only an endpoint in service gets one.
    waits = (o.kind == Kind.ASSIGN.value, o.state == State.PLANNED.value, o.token == 0)
    connection.execute(delete(operations).where(*waits, o.endpoint.in_([d.endpoint for d in taken]), behind.exists()))


def mark_seen(connection: Connection, ids: Sequence[int], at: float) -> None:
    """Keep that a read showed these endpoints with their SIMs."""
    if ids:
        connection.execute(_SEEN, [{"pk": one, "seen": at} for one in ids])


_SEEN = update(endpoints).where(endpoints.c.id == bindparam("pk")).values(seen_at=bindparam("seen"))


# Decided just now, not before: the endpoint may have moved on since then.
_JUST_NOW = (
    operations.c.id == bindparam("op"),
    operations.c.token == bindparam("fence"),
    operations.c.updated_at == bindparam("at"),
)
_ENDED = (
    update(endpoints)
    .where(endpoints.c.id == bindparam("pk"), endpoints.c.state == Lifecycle.STOCK.value)
    .where(select(operations.c.id).where(*_JUST_NOW, operations.c.state == State.REFUSED.value).exists())
    .values(state=Lifecycle.TERMINATED.value, updated_at=bindparam("at"))
)


_TAKEN = (
    update(endpoints)
    .where(endpoints.c.id == bindparam("pk"), endpoints.c.state == Lifecycle.PRE_ACTIVE.value)
    .where(select(operations.c.id).where(*_JUST_NOW, operations.c.state == State.NEEDS_HUMAN.value).exists())
    .values(state=Lifecycle.ACTIVE.value, updated_at=bindparam("at"))
)


@cache
def _decided(before: tuple[str, ...]) -> Update:
    """A decision, which is only taken from these states."""
    o = operations.c
    names = ("state", "next_at", "lookups", "negatives", "code", "already", "updated_at")
    said = bindparam("new_text", type_=Text)
    # A look-up that says nothing new leaves the reason of the doubt as it was.
    still_in_doubt = (said == "") & (bindparam("new_state", type_=String) == State.IN_DOUBT.value)
    return (
        update(operations)
        .where(o.id == bindparam("op"), o.token == bindparam("fence"), or_(*(o.state == state for state in before)))
        .values(
            {name: bindparam(f"new_{name}") for name in names} | {"text": case((still_in_doubt, o.text), else_=said)}
        )
    )


@cache
def _effected(platform: str, kind: Kind) -> Update | None:
    """What a confirmed operation does to its endpoint, if anything."""
    o, values = operations.c, effect(platform, kind)
    still_ours = select(o.id).where(*_JUST_NOW, o.state == State.CONFIRMED.value).exists()
    if not values:
        return None
    if kind is Kind.CREATE:
        values["seen_at"] = bindparam("at")  # the platform named both; what a person says is no read
    return (
        update(endpoints)
        .where(endpoints.c.id == bindparam("pk"), still_ours)
        .values(values | {"updated_at": bindparam("at")})
    )


def effect(platform: str, kind: Kind) -> dict[str, object]:
    """What a confirmed operation changes about its endpoint. Late news leave a state alone that has moved on."""
    values: dict[str, object] = {}
    move, state = MOVES[platform][kind], endpoints.c.state
    if move.to is not None:
        allowed = or_(*(state == before.value for before in sorted(move.allowed_from)))
        values["state"] = case((allowed, move.to.value), else_=state)
    if kind is Kind.CREATE:
        values["endpoint_id"] = bindparam("mapped")
    if kind is Kind.ASSIGN or (kind is Kind.ACTIVATE and CAPABILITIES[platform].activates_by_assignment):
        values["group"] = bindparam("into")
    return values


def _new_values(d: Decision, owner: Owner, now: float) -> dict[str, object]:
    return {
        "new_updated_at": now,
        "op": d.operation,
        "fence": d.token,
        "new_state": d.state.value,
        "new_next_at": now if _is_read_back(d, owner) else d.next_at,
        "new_lookups": d.lookups,
        "new_negatives": d.negatives,
        "new_code": _fit(d.code, 40),
        "new_text": _fit(d.text),
        "new_already": d.already,
    }


def _is_read_back(d: Decision, owner: Owner) -> bool:
    """Whether the platform is to be looked at once more. A sale is not: its buyer does."""
    if d.state is not State.CONFIRMED or d.already or owner.lane is Lane.SALES:
        return False
    return d.event in READ_BACK_AFTER and (d.kind is Kind.TAG or MOVES[owner.platform][d.kind].to is not None)


def _fact(d: Decision, owner: Owner, now: float) -> dict[str, object]:
    return {
        "operation_id": d.operation,
        "token": d.token,
        "at": now,
        "event": d.event,
        "owner": owner.worker,
        "verdict": d.verdict,
        "state": d.state.value,
        "endpoint_id": d.endpoint_id,
        "http_status": d.http_status,
        "code": _fit(d.code, 40),
        "text": _fit(d.text),
        "response_id": _fit(d.response_id, 100),
        "seconds": round(d.seconds, 4),
    } | dict(d.about)


def _fit(text: str, length: int = 1000) -> str:
    """Foreign text as every database takes it, since no answer may fail to be recorded for its words."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")[:length]


def _without_contradictions(
    connection: Connection, owner: Owner, decisions: Sequence[Decision], now: float
) -> list[Decision]:
    """Quarantine answers that would map one id to two ICCIDs or change a mapping."""
    claims = [Claim(d.iccid, d.endpoint_id) for d in decisions if d.state is State.CONFIRMED and d.endpoint_id]
    bad: dict[str, str] = {}
    if claims:
        id_of, iccid_of = _mappings(connection, owner.account, claims)
        bad = contradictions(claims, id_of=id_of, iccid_of=iccid_of)
        made = [Claim(d.iccid, d.endpoint_id) for d in decisions if _is_made(d) and d.endpoint_id]
        for iccid, other in (holders(connection, owner.account, made) if made else {}).items():
            bad.setdefault(iccid, f"account {other} has this endpoint already: {ONE_ACCOUNT_EACH}")
        doubted = {iccid_of[c.endpoint_id] for c in claims if c.iccid in bad and c.endpoint_id in iccid_of}
        _doubt_holders(connection, owner, doubted - bad.keys(), now)
    return [_checked(d, bad.get(d.iccid)) for d in decisions]


def _is_made(d: Decision) -> bool:
    return d.kind is Kind.CREATE and d.state is State.CONFIRMED


def _doubt_holders(connection: Connection, owner: Owner, iccids: Set[str], now: float) -> None:
    """Hand to a person also the creates that an id was recorded for first: one of the two answers was wrong."""
    o, e = operations.c, endpoints.c
    if iccids:
        creates = (e.account == owner.account, e.iccid.in_(iccids), o.kind == Kind.CREATE.value)
        hand_over(connection, owner, creates, "the platform gave its endpoint id for another ICCID too", now)


def hand_over(
    connection: Connection, owner: Owner, which: Sequence[ColumnElement[bool]], text: str, now: float
) -> None:
    """Hand confirmed operations that something contradicts to a person; mappings stay as they are."""
    o = operations.c
    query = select(o.id, o.token).join_from(operations, endpoints).where(*which, o.state == State.CONFIRMED.value)
    found = connection.execute(query.order_by(o.id)).all()
    if not found:
        return
    moved = {"state": State.NEEDS_HUMAN.value, "next_at": 0.0, "text": text, "updated_at": now}
    connection.execute(update(operations).where(o.id.in_([row.id for row in found])).values(**moved))
    fact = {"at": now, "event": "differs", "owner": owner.worker, "text": text}
    facts = [fact | {"operation_id": row.id, "token": row.token} for row in found]
    record(connection, owner.account, facts, state=State.NEEDS_HUMAN)


def _checked(d: Decision, contradiction: str | None) -> Decision:
    if d.kind is Kind.CREATE and d.state is State.CONFIRMED and not d.endpoint_id:
        contradiction = "the platform named no endpoint id"
    if contradiction is None or d.state is not State.CONFIRMED:
        return d
    return replace(d, state=State.NEEDS_HUMAN, text=contradiction)


def _mappings(connection: Connection, account: str, claims: Iterable[Claim]) -> tuple[dict[str, str], dict[str, str]]:
    e = endpoints.c
    found: list[Any] = []
    for some in in_parts(list(claims)):
        found += connection.execute(
            select(e.iccid, e.endpoint_id).where(
                e.account == account,
                e.endpoint_id.is_not(None),
                or_(e.iccid.in_([c.iccid for c in some]), e.endpoint_id.in_([c.endpoint_id for c in some])),
            )
        ).all()
    return {r.iccid: r.endpoint_id for r in found}, {r.endpoint_id: r.iccid for r in found}
