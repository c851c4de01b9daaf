"""The events of a platform: kept once each, whichever way they came, and judged against what the store holds."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, text, update

from adapters.store.clock import store_now
from adapters.store.decisions import Decision, Owner, before, decide
from adapters.store.engine import alone_on
from adapters.store.tables import attempts, endpoints, inbox, operations
from domain.inbox import Meaning, Pending, PlatformEvent, judge, says
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State

AT_ONCE = 500


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


def newest_at(connection: Connection, account: str) -> float | None:
    """The time of the latest event that a poll brought."""
    i = inbox.c
    query = select(func.max(i.at)).where(i.account == account, i.source == "poll")
    return connection.execute(query).scalar_one_or_none()


def apply(connection: Connection, owner: Owner) -> dict[Meaning, int]:
    """Judge the oldest events that are new, `AT_ONCE` at most, and return how many meant what."""
    alone_on(connection, owner.account)
    found = _new(connection, owner.account)
    judged = [(row, _judged(row)) for row in found]
    now = store_now(connection)
    decide(connection, owner, [_decision(row) for row, meaning in judged if meaning is Meaning.CONFIRMS], now)
    if judged:
        connection.execute(
            update(inbox)
            .where(inbox.c.account == owner.account, inbox.c.event_id == bindparam("its_id"))
            .values(meaning=bindparam("means"), text=bindparam("words")),
            [
                {"its_id": row.event_id, "means": meaning.value, "words": _words(row, meaning)}
                for row, meaning in judged
            ],
        )
    return {meaning: sum(one is meaning for _, one in judged) for meaning in Meaning}


def _new(connection: Connection, account: str) -> Sequence[Any]:
    """New events, oldest first, with their endpoint, its latest event, and its operation in doubt or under way."""
    i, e, o = inbox.c, endpoints.c, operations.c
    later = inbox.alias()
    newest = (
        select(func.max(later.c.at))
        .where(later.c.account == i.account, later.c.endpoint_id == i.endpoint_id, later.c.reports)
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
            *(i.event_id, i.at, i.type, i.endpoint_id, newest.label("newest")),
            *(e.id.label("endpoint"), e.iccid, e.state.label("known")),
            *(o.id.label("operation"), o.token, o.kind, o.target, o.state, o.lookups, sent.label("sent_at")),
        )
        .select_from(inbox)
        .outerjoin(endpoints, (e.account == i.account) & (e.endpoint_id == i.endpoint_id))
        .outerjoin(operations, (o.endpoint == e.id) & o.state.in_(open_states) & (o.kind != Kind.TAG.value))
        .where(i.account == account, i.meaning == Meaning.NEW.value)
        .order_by(i.at, i.event_id)
        .limit(AT_ONCE)
    )
    rows = connection.execute(query).all()
    return list({row.event_id: row for row in rows}.values())


def _judged(row: Any) -> Meaning:
    event = PlatformEvent(row.event_id, row.at, row.type, row.endpoint_id)
    pending = None
    if row.operation is not None:
        pending = Pending(Kind(row.kind), row.sent_at or 0.0, row.state == State.SENT.value)
    known = Lifecycle(row.known) if row.known is not None else None
    return judge(event, known=known, newest=row.newest or 0.0, pending=pending)


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


def _words(row: Any, meaning: Meaning) -> str:
    if meaning is not Meaning.DIFFERS:
        return ""
    return f"the store has the endpoint as {row.known}; nothing was changed"
