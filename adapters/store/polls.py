"""How far the events of a platform were asked for: a row of the inbox that is no event."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from adapters.store.inbox import keep
from adapters.store.tables import inbox
from domain.inbox import Meaning, PlatformEvent
from domain.polling import LastPoll

_MARK = "~poll"
NO_SOURCE = ""  # what tells the mark from events, which came by webhook or by a poll


def keep_polled(connection: Connection, account: str, events: Sequence[PlatformEvent], poll: LastPoll) -> int:
    """Keep the events that a poll brought and how far it went, and return how many were not known yet."""
    new = keep(connection, account, events, "poll")
    i = inbox.c
    connection.execute(delete(inbox).where(i.account == account, i.event_id == _MARK))
    mark = {"account": account, "event_id": _MARK, "at": poll.latest, "received_at": poll.at, "type": ""}
    connection.execute(insert(inbox), mark | {"reports": False, "source": NO_SOURCE, "meaning": Meaning.NOTED.value})
    return new


def last_poll(connection: Connection, account: str) -> LastPoll | None:
    """How far the last poll went; in a store that does not say, when the latest event came by a poll."""
    i = inbox.c
    query = select(i.received_at, i.at).where(i.account == account)
    event = query.where(i.source == "poll").order_by(i.at.desc()).limit(1)
    row = connection.execute(query.where(i.event_id == _MARK)).first() or connection.execute(event).first()
    return LastPoll(*row) if row is not None else None
