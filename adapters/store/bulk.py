"""Many rows into a table, a few thousand at a time, so that a million need no more memory than these."""

from collections.abc import Iterable, Mapping
from itertools import islice

from sqlalchemy import Connection, Table, insert

_AT_ONCE = 5_000


def insert_all(connection: Connection, table: Table, rows: Iterable[Mapping[str, object]]) -> int:
    """Insert rows, and return how many they were."""
    statement = insert(table)
    waiting = iter(rows)
    count = 0
    while some := list(islice(waiting, _AT_ONCE)):
        connection.execute(statement, some)
        count += len(some)
    return count
