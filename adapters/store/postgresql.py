"""Connections to PostgreSQL that do not wait endlessly: not for a server that is silent, not for a lock."""

import time
from collections.abc import Generator
from contextlib import suppress
from typing import Any, Self

import psycopg

from adapters.store import deadline

_CANCEL_SECONDS = 2.0
# TCP alone would notice a lost network after two hours, or after 15 minutes when something is on its way.
_NETWORK = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


class Overdue(psycopg.OperationalError):
    """The server did not answer in time, or the process was told to stop."""


class TimelyConnection(psycopg.Connection[Any]):
    """A connection that is given up when an answer does not come by the deadline of the thread that waits for it."""

    @classmethod
    def connect(cls, conninfo: str = "", **options: Any) -> Self:
        """See psycopg. What the address says goes before our own settings."""
        said = psycopg.conninfo.conninfo_to_dict(conninfo)
        return super().connect(conninfo, **{k: v for k, v in _NETWORK.items() if k not in said} | options)

    @classmethod
    def prepared(cls, session: str, *arguments: Any, **options: Any) -> Self:
        """A connection with the settings of its session."""
        made = cls.connect(*arguments, **options)
        try:
            made.execute(session)
            made.commit()
        except BaseException:
            made.close()
            raise
        return made

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
        """See psycopg: every exchange with the server comes by here."""
        try:
            return super().wait(_timely(gen), *args, **options)
        except Overdue:
            if deadline.is_stopping():
                with suppress(psycopg.Error):  # spares the server the rest of the statement
                    self.cancel_safe(timeout=_CANCEL_SECONDS)
            self.close()
            raise


def _timely(exchange: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """The exchange, ended when it takes too long; psycopg comes by ten times a second while nothing happens."""
    since = time.monotonic()
    try:
        wanted = next(exchange)
        while True:
            found = yield wanted
            why = "" if found else deadline.over(since)
            if why:
                raise Overdue(why)
            wanted = exchange.send(found)
    except StopIteration as ended:
        return ended.value
