"""Looks a store over."""

import sqlite3

from sqlalchemy import Connection, insert, text

from adapters.store.deadline import planning
from adapters.store.schema import HEAD
from adapters.store.tables import stops
from domain.errors import StoreDamaged


@planning
def check(connection: Connection) -> list[str]:
    """Read, write and, on SQLite, look for damage; returns what was found right.

    Raises StoreDamaged.
    """
    found = [f"version {HEAD}"]
    if connection.dialect.name == "sqlite":
        verdict = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
        if verdict != "ok":
            raise StoreDamaged(f"The store is damaged ({verdict}); restore a backup before you go on.")
        mode = connection.execute(text("PRAGMA journal_mode")).scalar_one()
        found.append(f"no damage, SQLite {sqlite3.sqlite_version}, journal {mode}")
    probe = connection.begin_nested()
    connection.execute(insert(stops), {"account": "~probe", "reason": "probe", "at": 0.0})
    probe.rollback()
    return [*found, "can be written"]
