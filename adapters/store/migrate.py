"""Brings the store to the program's version, and refuses a store that is newer than the program."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text

from adapters.store.engine import alone_on
from adapters.store.living import at_work
from adapters.store.schema import HEAD, KNOWN
from domain.errors import Refused, StoreDamaged, StoreNewer, StoreUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"


def version(connection: Connection) -> str | None:
    """The store's version, or None for an empty store."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return str(found) if found else None


def check_version(found: str | None) -> bool:
    """Whether the store is at the program's version.

    Raises StoreNewer when another, newer program wrote it.
    """
    if found is not None and found not in KNOWN:
        raise StoreNewer(
            f"The store has version {found} and this program knows versions up to {HEAD}; "
            "install the newer program, nothing was changed."
        )
    return found == HEAD


def still_ours(connection: Connection) -> None:
    """See in a transaction that the store still has this program's version; an upgrade waits for its end.

    Raises StoreNewer.
    """
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if found != HEAD:
        raise StoreNewer(
            f"The store was brought to version {found} while this program, of version {HEAD}, was running; "
            "nothing more was written, restart the program."
        )


def prepare(engine: Engine) -> None:
    """Create the tables of an empty store.

    Raises StoreNewer, and StoreUnavailable for an older store, which `preactive db upgrade` brings up to date.
    """
    with engine.connect() as connection:
        found = version(connection)
        connection.rollback()
    if check_version(found):
        return
    if found is not None:
        raise StoreUnavailable(f"The store has the older version {found}; run `preactive db upgrade` first.")
    upgrade(engine)


def upgrade(engine: Engine, *, force: bool = False) -> str:
    """Run the migrations that are missing, all in one transaction, and return the version reached.

    Raises Refused while processes work with an older store, unless forced: then they can write nothing more.
    """
    from alembic import command  # noqa: PLC0415 - slow to import and needed once
    from alembic.config import Config  # noqa: PLC0415

    with engine.connect() as connection, _unchecked(connection), connection.begin():
        alone_on(connection, "~schema")  # several processes may meet an empty store
        found = version(connection)
        if check_version(found):
            return HEAD
        if found is not None:
            _keep_others_out(connection, force=force)
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        _check_references(connection)
    return HEAD


def _keep_others_out(connection: Connection, *, force: bool) -> None:
    """Wait for the transactions under way, let none begin, and end every lease.

    A process of an older version goes on writing its heartbeat; without its row nobody takes it for living.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"))
    working = at_work(connection)
    if working and not force:
        raise Refused(
            f"The store is in use, so nothing was upgraded: {'; '.join(working)}. End them and run `preactive db "
            "upgrade` again, or add --force: then they can write nothing more, and the next run looks up their calls."
        )
    connection.execute(text("DELETE FROM workers"))


@contextmanager
def _unchecked(connection: Connection) -> Iterator[None]:
    """Let SQLite rebuild a table that others refer to; it can only be asked for outside of a transaction."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).first():
        raise StoreDamaged("The store has rows that refer to nothing; nothing was changed, restore a backup.")
