"""A store as it is after years: many endpoints, orders and facts, made in seconds without the program's own rules."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.support.desk import ACCOUNT
from tests.support.works import iccid

NOW = 1_900_000_000.0
TAGS = ("spring", "summer", "autumn", "winter", "fleet")
_OF_A_BATCH = 20_000


@dataclass(frozen=True)
class Size:
    """How many endpoints there are; of them `raw` have no operation, and of the others `sold` belong to an order each.

    The other third of what is not raw or sold waits for buyers.
    """

    endpoints: int
    raw: int
    sold: int


def fill(url: str, size: Size, *, account: str = ACCOUNT) -> None:
    """Fill an empty store that has its tables."""
    tables = list(_tables(size, account))
    if url.startswith("sqlite"):
        _fill_sqlite(url.partition("///")[2], tables)
    else:
        _fill_postgresql(url.replace("+psycopg", ""), tables)


Table = tuple[str, Sequence[str], Iterable[Sequence[Any]]]


def _tables(size: Size, account: str) -> Iterator[Table]:
    batches = range(1, 2 + (size.endpoints - 1) // _OF_A_BATCH)
    first_sale = len(batches) + 1
    raw = range(size.endpoints - size.raw + 1, size.endpoints + 1)
    made = range(1, raw.start)
    sold = range(1, size.sold + 1)

    def batch_of(endpoint: int) -> int:
        return 1 + (endpoint - 1) // _OF_A_BATCH

    def tag_of(endpoint: int) -> str:
        return TAGS[endpoint % len(TAGS)]

    def state_of(endpoint: int) -> str:
        return "active" if endpoint in sold else "stock" if endpoint in raw else "pre_active"

    yield (
        "batches",
        ("id", "account", "name", "tags", "created_at"),
        ((b, account, f"b{b}", "[]", NOW) for b in batches),
    )
    counts = ("rows", "accepted", "rejected", "duplicates", "blank")
    yield (
        "sources",
        ("id", "batch_id", "account", "file_name", "digest", "rows_digest", "columns", *counts, "created_at"),
        ((b, b, account, "f.csv", f"d{b}", f"r{b}", "[]", _OF_A_BATCH, _OF_A_BATCH, 0, 0, 0, NOW) for b in batches),
    )
    yield (
        "changes",
        ("id", "account", "request", "batch_id", "size", "allowed", "created_at"),
        [(b, account, f"provision b{b}", b, _OF_A_BATCH, _OF_A_BATCH, NOW) for b in batches]
        + [(first_sale + s, account, f"sell o{s}", None, 2, 2, NOW) for s in sold],
    )
    columns = ("id", "account", "iccid", "endpoint_id", "name", "state", "batch_id", "updated_at", "held_by")
    yield (
        "endpoints",
        columns,
        (
            (
                *(e, account, iccid(e), None if e in raw else f"E{e}", f"n{e}"),
                *(state_of(e), batch_of(e), NOW, e if e in sold else None),
            )
            for e in range(1, size.endpoints + 1)
        ),
    )
    everything = range(1, size.endpoints + 1)
    yield (
        "rows",
        ("source_id", "row_no", "endpoint", "name", "known"),
        ((batch_of(e), e, e, "", False) for e in everything),
    )
    yield "tags", ("endpoint", "tag"), ((e, tag_of(e)) for e in everything)
    columns = ("id", "account", "change_id", "position", "endpoint", "kind", "state", "token", "updated_at")
    yield (
        "operations",
        columns,
        [(e, account, batch_of(e), (e - 1) % _OF_A_BATCH, e, "create", "confirmed", 1, NOW) for e in made]
        + [(size.endpoints + s, account, first_sale + s, 0, s, "activate", "confirmed", 1, NOW) for s in sold],
    )
    yield (
        "orders",
        ("id", "account", "order_no", "tag", "group", "endpoint", "change_id", "state", "created_at", "closed_at"),
        ((s, account, f"o{s}", tag_of(s), "", s, first_sale + s, "done", NOW, NOW) for s in sold),
    )
    facts = [(o, event) for o in (*made, *(size.endpoints + s for s in sold)) for event in ("sent", "answer")]
    yield (
        "attempts",
        ("id", "operation_id", "token", "at", "event", "account"),
        ((number, o, 1, NOW, event, account) for number, (o, event) in enumerate(facts, start=1)),
    )


def _fill_sqlite(path: str, tables: Iterable[Table]) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    connection.execute("BEGIN")
    for name, _ in guards:
        connection.execute(f"DROP TRIGGER {name}")
    for name, columns, rows in tables:
        marks = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO {name} ({_quoted(columns)}) VALUES ({marks})", rows)
    for _, guard in guards:
        connection.execute(guard)
    connection.execute("COMMIT")
    connection.close()


def _fill_postgresql(url: str, tables: Iterable[Table]) -> None:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for name, columns, rows in tables:
            with cursor.copy(f"COPY {name} ({_quoted(columns)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            if "id" in columns:
                cursor.execute(f"SELECT setval('{name}_id_seq', (SELECT max(id) FROM {name}))")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _quoted(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
