"""Opens the store and keeps its two promises: a commit is on disk, and one writer at a time decides."""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool

from adapters.private import private_file
from adapters.store import deadline
from domain.errors import (
    PreactiveError,
    Stopped,
    StoreDamaged,
    StoreFull,
    StoreLocked,
    StoreSilent,
    StoreUnavailable,
)

T = TypeVar("T")

_AT_ONCE = 1000
_BUSY_SECONDS = 15
_POLL_SECONDS = 0.001
_LOOK_AFTER = 200_000  # steps of SQLite's machine, some milliseconds of work, after which the deadline is looked at
# Below this version a WAL database can be damaged when two connections checkpoint at the same instant.
_WAL_IS_SAFE = (3, 51, 3)


_LOCK_NOT_AVAILABLE = "55P03"
_INTERRUPTED = "interrupted"
_LOCKED = (
    f"The store {{where}} is locked by another program for more than {_BUSY_SECONDS} s; nothing was changed, "
    "end that program or wait, then run the command again."
)


def parse_url(url: str) -> URL:
    """The parts of the store's URL; the path of an embedded store is taken to the letter.

    SQLAlchemy 2.1 reads `%20` in a path as a blank, 2.0 did not: an update would have begun an empty store.
    """
    path, question_mark, query = url.partition("?")
    return make_url((path.replace("%", "%25") if path.startswith("sqlite") else path) + question_mark + query)


def open_engine(url: str, *, reads_only: bool = False) -> Engine:
    """An engine for the store's URL; nothing is connected yet."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            private_file(Path(parsed.database))
        arguments = {"timeout": _BUSY_SECONDS, "isolation_level": None, "check_same_thread": False}
        engine = create_engine(parsed, poolclass=QueuePool, pool_size=4, connect_args=arguments)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "connect", _read_only_sqlite if reads_only else _nothing_more)
        event.listen(engine, "begin", _begin_deferred if reads_only else _begin_immediate)
        return engine
    engine = create_engine(parsed, pool_size=4, pool_pre_ping=True)
    event.listen(engine, "do_connect", _read_postgresql if reads_only else _connect_postgresql)
    return engine


def _nothing_more(_connection: object, _record: object) -> None:
    return


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    wal = sqlite3.sqlite_version_info >= _WAL_IS_SAFE
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'TRUNCATE'}")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA cache_size = -32000")
    cursor.close()
    # Also what lets Ctrl-C in: Python handles a signal only between two steps of its own.
    connection.set_progress_handler(_has_to_end, _LOOK_AFTER)


def _has_to_end() -> bool:
    return bool(deadline.over_here())


def _read_only_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")


def _begin_immediate(connection: Connection) -> None:
    # A deferred BEGIN would fail at the first write when another process writes too.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


_SESSION = (
    "SET synchronous_commit = on; SET statement_timeout = '120s'; SET idle_in_transaction_session_timeout = '60s'; "
    f"SET lock_timeout = '{_BUSY_SECONDS}s'"
)
_READING = "SET default_transaction_read_only = on"


def _connect_postgresql(_dialect: object, _record: object, arguments: Sequence[Any], options: dict[str, Any]) -> object:
    from adapters.store.postgresql import TimelyConnection  # noqa: PLC0415 - only for those who use it

    return TimelyConnection.prepared(_SESSION, *arguments, **options)


def _read_postgresql(_dialect: object, _record: object, arguments: Sequence[Any], options: dict[str, Any]) -> object:
    from adapters.store.postgresql import TimelyConnection  # noqa: PLC0415 - the same

    return TimelyConnection.prepared(f"{_SESSION}; {_READING}", *arguments, **options)


class Turns:
    """Lets the processes of this machine write to an embedded store one after the other.

    SQLite's own waiting sleeps up to 100 ms between tries, which makes two busy writers ten times slower than one.
    The kernel gives a turn back when its process dies.
    """

    def __init__(self, url: str) -> None:
        parsed = parse_url(url)
        embedded = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
        self._path = Path(f"{parsed.database}.turn") if embedded else None

    @contextmanager
    def mine(self) -> Iterator[None]:
        """Hold the turn for the length of a with block.

        Raises StoreLocked when another process keeps it too long.
        """
        if self._path is None:
            yield
            return
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait(handle)
            yield
        finally:
            os.close(handle)

    def _wait(self, handle: int) -> None:
        until = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise StoreLocked(_LOCKED.format(where=self._path)) from None
                time.sleep(_POLL_SECONDS)
            else:
                return


def alone_on(connection: Connection, account: str) -> None:
    """Let one process at a time plan changes of an account. The embedded store has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtext(:account))"), {"account": f"preactive {account}"}
        )


def in_parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many at a time as every database takes in one statement."""
    return (values[first : first + _AT_ONCE] for first in range(0, len(values), _AT_ONCE))


def place(url: str) -> str:
    """The store's address without its password, for messages."""
    return url if url.startswith("sqlite") else make_url(url).render_as_string(hide_password=True)


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Turn database errors into ours."""
    try:
        yield
    except DBAPIError as error:
        if is_ctrl_c(error.orig):
            raise KeyboardInterrupt from None
        raise store_error(error, url) from error
    except sqlite3.Error as error:
        if is_ctrl_c(error):
            raise KeyboardInterrupt from None
        raise _from_text(str(error), url) from error
    except OSError as error:
        raise StoreUnavailable(f"The store {place(url)} cannot be opened: {error.strerror or error}.") from error


def is_ctrl_c(error: object) -> bool:
    """Whether a signal ended a statement: SQLite takes the exception in, and says only this."""
    return str(error) == _INTERRUPTED and not deadline.over_here()


def store_error(error: DBAPIError, url: str) -> PreactiveError:
    """Our error for a database error."""
    words = str(error.orig)
    if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
        return StoreLocked(_LOCKED.format(where=place(url)))
    lost = isinstance(error, OperationalError) or error.connection_invalidated
    if lost or any(word in words for word in ("disk", "malformed", "not a database")):
        return _from_text(words, url)
    return PreactiveError(f"The store {place(url)} refused a statement: {first_line(error.orig)}.")


def first_line(error: object) -> str:
    """The first line of an error's text."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _from_text(message: str, url: str) -> PreactiveError:
    where = place(url)
    if message == _INTERRUPTED:
        message = deadline.over_here() or deadline.STOPPED
    if deadline.STOPPED in message:
        return Stopped("The process was told to stop while it planned; nothing of that was changed, run it again.")
    if deadline.SILENT in message:
        return StoreSilent(
            f"The store {where} {first_line(message)}; look at the database and the network, then try again."
        )
    if "locked" in message or "busy" in message:
        return StoreLocked(_LOCKED.format(where=where))
    if "disk is full" in message or "disk I/O" in message or "No space" in message:
        return StoreFull(f"The disk of the store {where} is full or failing; free space, then run the command again.")
    if "readonly" in message or "read-only" in message:
        return StoreFull(f"The store {where} cannot be written; check the rights of its file and folder.")
    if "malformed" in message or "not a database" in message:
        return StoreDamaged(f"The store {where} is damaged; restore a backup, or see docs/runbook.md.")
    if "unable to open" in message:
        return StoreUnavailable(f"The store {where} cannot be opened; check its path and rights.")
    return StoreUnavailable(
        f"The store {where} does not answer: {first_line(message)}; check its address, then try again."
    )
