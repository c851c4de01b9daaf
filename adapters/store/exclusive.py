"""A lock for a job that one process at a time does; it ends with its holder, however that ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from adapters.file_lock import hold
from adapters.store.engine import open_engine, parse_url, translated


@contextmanager
def exclusive(url: str, job: str) -> Iterator[bool]:
    """Hold the lock of a job on a store for the length of a with block; False when a living process holds it.

    Raises StoreUnavailable.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "postgresql":
        with _in_database(url, job) as is_ours:
            yield is_ours
    elif parsed.database and parsed.database != ":memory:":
        with hold(Path(f"{parsed.database}.{job}.lock")) as is_ours:
            yield is_ours
    else:
        yield True


@contextmanager
def _in_database(url: str, job: str) -> Iterator[bool]:
    engine = open_engine(url)
    try:
        with translated(url):
            # No transaction stays open, or the server would end it as an idle one.
            connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        with connection:
            with translated(url):
                lock = text("SELECT pg_try_advisory_lock(hashtext(:job))")
                is_ours = bool(connection.execute(lock, {"job": f"preactive job {job}"}).scalar_one())
            yield is_ours
    finally:
        engine.dispose()  # closing the connection gives the lock back
