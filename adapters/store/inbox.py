"""The events of a platform: kept once each, whichever way they came, and judged against what the store holds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal, select, text, tuple_, update

from adapters.store.clock import store_now
from adapters.store.decisions import Decision, Owner, before, decide
from adapters.store.engine import alone_on, in_parts
from adapters.store.tables import attempts, endpoints, inbox, operations
from domain.inbox import LATE_SECONDS, OPEN, Meaning, Pending, PlatformEvent, is_ahead, judge, leads_to, says
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State

Place = tuple[float, str]  # time and id of an event

AT_ONCE = 500
START: Place = (-1.0, "")


def keep(connection: Connection, account: str, events: Sequence[PlatformEvent], source: str) -> int:
    """Keep events that are not known yet, and return how many those were."""
    known = _count(connection, account)
    now = store_now(connection)
    statement = text(
        "INSERT INTO inbox (account, event_id, at, type, endpoint_id, reports, source, meaning, received_at) "
        "VALUES (:account, :event_id, :at, :type, :endpoint_id, :reports, :source, 'new', :now) "
        "ON CONFLICT (account, event_id) DO NOTHING"
    )
    rows = [
        {
            "account": account,
            "event_id": event.id,
            "at": event.at,
            "type": event.type[:100],
            "endpoint_id": event.endpoint_id,
            "reports": says(event.type) is not None,
            "source": source,
            "now": now,
        }
        for event in events
    ]
    if rows:
        connection.execute(statement, rows)
    return _count(connection, account) - known


def _count(connection: Connection, account: str) -> int:
    return connection.execute(select(func.count()).where(inbox.c.account == account)).scalar_one()


@dataclass(frozen=True, slots=True)
class Applied:
    """What a stretch of events meant, the changes in which it wants doubts looked up, and where to go on.

    `ahead` of those that were judged for the first time are dated ahead of our clock.
    """

    meant: Mapping[Meaning, int]
    changes: frozenset[int]
    after: Place | None
    ahead: int = 0


def apply(connection: Connection, owner: Owner, *, after: Place = START, again: bool = False) -> Applied:
    """Judge the oldest events that are open, `AT_ONCE` at most; with `again` also those that differ."""
    alone_on(connection, owner.account)
    meanings = OPEN | {Meaning.DIFFERS} if again else OPEN
    found = _to_judge(connection, owner.account, after, meanings)
    judged = [(row, _judged(row)) for row in found]
    now = store_now(connection)
    decide(connection, owner, [_decision(row) for row, meaning in judged if meaning is Meaning.CONFIRMS], now)
    changed = [(row, meaning) for row, meaning in judged if meaning != row.meaning]
    _look_soon(connection, [row.operation for row, meaning in changed if meaning is Meaning.PROMPTS], now)
    _keep_meanings(connection, owner.account, changed)
    told = [meaning for row, meaning in judged if meaning != row.meaning or meaning in OPEN]
    return Applied(
        meant={meaning: told.count(meaning) for meaning in Meaning},
        changes=frozenset(row.change_id for row, meaning in judged if meaning is Meaning.PROMPTS),
        after=(found[-1].at, found[-1].event_id) if len(found) == AT_ONCE else None,
        ahead=sum(row.meaning == Meaning.NEW and is_ahead(row.at, row.received_at) for row in found),
    )


def _look_soon(connection: Connection, doubts: Sequence[int], now: float) -> None:
    """Make doubts due that would have waited longer."""
    o = operations.c
    for some in in_parts(list(doubts)):
        connection.execute(
            update(operations)
            .where(o.id.in_(some), o.state == State.IN_DOUBT.value, o.next_at > now)
            .values(next_at=now)
        )


def _keep_meanings(connection: Connection, account: str, judged: Sequence[tuple[Any, Meaning]]) -> None:
    if judged:
        connection.execute(
            update(inbox)
            .where(inbox.c.account == account, inbox.c.event_id == bindparam("its_id"))
            .values(meaning=bindparam("means"), text=bindparam("words")),
            [
                {"its_id": row.event_id, "means": meaning.value, "words": _words(row, meaning)}
                for row, meaning in judged
            ],
        )


def _to_judge(connection: Connection, account: str, after: Place, meanings: Collection[Meaning]) -> Sequence[Any]:
    """Events, oldest first, with their endpoint, its latest event, and its operation in doubt or under way."""
    here, e, o = inbox.c, endpoints.c, operations.c
    some = (
        select(inbox)
        .where(here.account == account, here.meaning.in_([one.value for one in sorted(meanings)]))
        .where(tuple_(here.at, here.event_id) > tuple_(literal(after[0]), literal(after[1])))
        .order_by(here.at, here.event_id)
        .limit(AT_ONCE)
        .subquery()
    )
    i, later = some.c, inbox.alias()
    newest = (
        select(func.max(later.c.at))
        .where(later.c.account == i.account, later.c.endpoint_id == i.endpoint_id, later.c.reports)
        .where(later.c.at <= later.c.received_at + LATE_SECONDS)
        .scalar_subquery()
    )
    sent = (
        select(func.max(attempts.c.at))
        .where(attempts.c.operation_id == o.id, attempts.c.token == o.token, attempts.c.event == "sent")
        .scalar_subquery()
    )
    open_states = (State.SENT.value, State.IN_DOUBT.value)
    query = (
        select(
            *(i.event_id, i.at, i.type, i.endpoint_id, i.meaning, i.received_at, newest.label("newest")),
            *(e.id.label("endpoint"), e.iccid, e.state.label("known")),
            *(o.id.label("operation"), o.change_id, o.token, o.kind, o.target, o.state, o.lookups),
            sent.label("sent_at"),
        )
        .select_from(some)
        .outerjoin(endpoints, (e.account == i.account) & (e.endpoint_id == i.endpoint_id))
        .outerjoin(operations, (o.endpoint == e.id) & o.state.in_(open_states) & (o.kind != Kind.TAG.value))
        .order_by(i.at, i.event_id, o.id)
    )
    found: dict[str, Any] = {}
    for row in connection.execute(query):
        # Of several operations on an endpoint the one counts that leads to what the event reports.
        if row.event_id not in found or (row.kind is not None and leads_to(Kind(row.kind), row.type)):
            found[row.event_id] = row
    return list(found.values())


def _judged(row: Any) -> Meaning:
    event = PlatformEvent(row.event_id, row.at, row.type, row.endpoint_id)
    pending = None
    if row.operation is not None:
        pending = Pending(Kind(row.kind), row.sent_at or 0.0, row.state == State.SENT.value)
    known = Lifecycle(row.known) if row.known is not None else None
    ahead = is_ahead(row.at, row.received_at)
    return judge(event, known=known, newest=row.newest or 0.0, pending=pending, ahead=ahead)


def _decision(row: Any) -> Decision:
    """The operation's own confirmation, fenced like every other. A mapping is never touched."""
    return Decision(
        operation=row.operation,
        token=row.token,
        kind=Kind(row.kind),
        endpoint=row.endpoint,
        iccid=row.iccid,
        target=row.target,
        before=before("event", State.CONFIRMED),
        state=State.CONFIRMED,
        event="event",
        verdict=Meaning.CONFIRMS.value,
        lookups=row.lookups,
        text=f"{row.type}, event {row.event_id}",
    )


def settle(connection: Connection, account: str, event_id: str, text: str) -> bool:
    """Keep that a person saw to an event that differs, and say whether there is one."""
    i = inbox.c
    which = (i.account == account, i.event_id == event_id, i.meaning == Meaning.DIFFERS.value)
    return connection.execute(update(inbox).where(*which).values(meaning=Meaning.SETTLED.value, text=text)).rowcount > 0


def _words(row: Any, meaning: Meaning) -> str:
    ahead = row.at - row.received_at
    words = [f"dated {ahead:,.0f} s ahead of the clock here"] if is_ahead(row.at, row.received_at) else []
    if meaning is Meaning.DIFFERS:
        words.append(f"the store has the endpoint as {row.known}; nothing was changed")
    return "; ".join(words)
