"""Plain reads of the store for commands that must answer at once.

Importing SQLAlchemy alone takes 0.20 to 0.28 s (measured on two cores), so these go straight to the database driver.
"""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from adapters.store import deadline
from adapters.store.schema import HEAD, KNOWN
from adapters.store.spool import Spool
from domain.errors import StoreDamaged, StoreLocked, StoreNewer, StoreSilent, StoreUnavailable

Row = dict[str, Any]

_LOCK_SECONDS = 10
_LOOK_AFTER = 200_000  # steps of SQLite's machine after which Python can take in a Ctrl-C
_AT_ONCE = 2000


class Reader:
    """Read-only questions to the store. A store without tables is an empty one."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None

    @contextmanager
    def open(self) -> Iterator["Reader"]:
        """Connect for the length of a with block.

        Raises StoreUnavailable, StoreLocked, StoreSilent, StoreNewer, StoreDamaged.
        """
        try:
            with deadline.kept(deadline.READING):
                self._connection = self._connect()
                self._check_version()
                yield self
        except Exception as error:
            if not _is_database_error(error):
                raise
            if str(error) == "interrupted":  # SQLite takes the exception of a Ctrl-C in, and says only this
                raise KeyboardInterrupt from None
            raise _unavailable(error) from None
        finally:
            if self._connection is not None:
                self._connection.close()

    def rows(self, sql: str, values: Mapping[str, object] | None = None) -> list[Row]:
        """The rows of a query with named values."""
        if self._connection is None:
            return []
        cursor = self._connection.cursor()
        try:
            cursor.execute(self._dialect(sql), dict(values or {}))
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def stream(self, sql: str, values: Mapping[str, object] | None = None) -> Iterator[Row]:
        """The rows of a query one by one, for results that may be large.

        All are read at the first one and kept beside: whoever takes them may be a person at a pager, or a workbook that
        takes minutes to write, and a writer of the embedded store waits for as long as something is being read.
        """
        if self._connection is None:
            return
        with closing(Spool()) as kept:
            names = self._read_into(kept, sql, values)
            for row in kept.rows():
                yield dict(zip(names, row, strict=True))

    def _read_into(self, kept: Spool, sql: str, values: Mapping[str, object] | None) -> list[str]:
        """Keep the rows of a query, and return the names of their columns."""
        with self._large_cursor() as cursor:
            cursor.execute(self._dialect(sql), dict(values or {}))
            names = [column[0] for column in cursor.description]
            while some := cursor.fetchmany(_AT_ONCE):
                kept.put(some)
        return names

    @contextmanager
    def _large_cursor(self) -> Iterator[Any]:
        """A cursor that fetches a stretch at a time; that of PostgreSQL lives on the server, and in a transaction."""
        if isinstance(self._connection, sqlite3.Connection):
            with closing(self._connection.cursor()) as cursor:
                yield cursor
        elif self._connection.info.transaction_status.name == "IDLE":
            with self._connection.transaction(), self._connection.cursor(name="stream") as cursor:
                yield cursor
        else:  # within a snapshot
            with self._connection.cursor(name="stream") as cursor:
                yield cursor

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let the questions of a with block see one moment of the store. Writers of the embedded store wait for it."""
        if self._connection is None:
            yield
            return
        embedded = isinstance(self._connection, sqlite3.Connection)
        self._connection.execute("BEGIN" if embedded else "BEGIN ISOLATION LEVEL REPEATABLE READ")
        try:
            yield
        finally:
            self._connection.execute("COMMIT")

    def _connect(self) -> Any:
        if self._url.startswith("sqlite"):
            path = self._url.partition("///")[2].partition("?")[0]
            if not Path(path).exists():
                return None
            # Not mode=ro: after a writer was killed, the first to come must put its half transaction back.
            connection = sqlite3.connect(f"file:{quote(path)}?mode=rw", uri=True, timeout=_LOCK_SECONDS)
            connection.execute("PRAGMA busy_timeout = 10000")
            connection.execute("PRAGMA query_only = ON")
            connection.set_progress_handler(lambda: False, _LOOK_AFTER)
            return connection
        return _connect_postgresql(self._url)

    def _dialect(self, sql: str) -> str:
        if isinstance(self._connection, sqlite3.Connection):
            return sql.replace("%AGG%", "group_concat")
        return re.sub(r"(?<!:):(\w+)", r"%(\1)s", sql.replace("%AGG%", "string_agg").replace("%", "%%"))

    def _check_version(self) -> None:
        if self._connection is None:
            return
        try:
            found = [row["version_num"] for row in self.rows("SELECT version_num FROM alembic_version")]
        except Exception as error:
            if not _is_missing_table(error):
                raise
            self._connection.close()
            self._connection = None
            return
        if found and found[0] not in KNOWN:
            raise StoreNewer(
                f"The store has version {found[0]} and this program knows versions up to {HEAD}; "
                "install the newer program, nothing was changed."
            )
        if found and found[0] != HEAD:
            raise StoreUnavailable(f"The store has the older version {found[0]}; run `preactive db upgrade` first.")


def _is_database_error(error: Exception) -> bool:
    return isinstance(error, sqlite3.Error) or type(error).__module__.startswith("psycopg")


def _is_missing_table(error: Exception) -> bool:
    return "no such table" in str(error) or getattr(error, "sqlstate", None) == "42P01"


def _connect_postgresql(url: str) -> Any:
    import psycopg  # noqa: PLC0415 - only for those who use it

    from adapters.store.postgresql import TimelyConnection  # noqa: PLC0415 - the same

    parts = urlsplit(url)
    try:
        return TimelyConnection.prepared(
            f"SET default_transaction_read_only = on; SET lock_timeout = '{_LOCK_SECONDS}s'",
            f"postgresql://{parts.netloc}{parts.path}" + (f"?{parts.query}" if parts.query else ""),
            autocommit=True,
        )
    except psycopg.Error:
        where = f"{parts.hostname or unquote(parts.query)}{parts.path}"
        raise StoreUnavailable(f"The store at {where} does not answer; check its address, then try again.") from None


def _unavailable(error: Exception) -> StoreUnavailable:
    if deadline.SILENT in str(error):
        return StoreSilent(f"The store {error}; look at the database and the network, then try again.")
    if "locked" in str(error) or getattr(error, "sqlstate", None) == "55P03":
        return StoreLocked("The store is locked by another program; end that program or wait, then try again.")
    if "not a database" in str(error) or "malformed" in str(error):
        return StoreDamaged(
            "The store is damaged, or its file is no SQLite database; check its path, or restore a backup."
        )
    return StoreUnavailable(f"The store cannot be read: {error}; check its path and rights.")


def loads(value: Any) -> Any:
    """A JSON column's value, which one driver gives as text and the other already read."""
    return json.loads(value) if isinstance(value, str) else value
