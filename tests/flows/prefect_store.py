"""Prefect's own database with its tables, made once for all processes of a test run: its migrations take seconds."""

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

from flows.embedded import QUIET
from tests.flows.processes import clean_env

_FILE = "prefect.db"
_MAKE = """
import asyncio
from prefect.server.database import provide_database_interface

asyncio.run(provide_database_interface().create_db())
"""


def prepared(folder: Path) -> Path:
    """The database in this folder, made by whoever comes first."""
    made = folder / _FILE
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            making = folder / "making"
            making.mkdir()
            env = clean_env(**QUIET, PREFECT_HOME=str(making))
            subprocess.run([sys.executable, "-c", _MAKE], check=True, env=env, cwd=folder, timeout=100)
            (making / _FILE).rename(made)
    return made


def fill(home: Path, store: Path | None) -> None:
    """Give a Prefect home a copy of it; without one the server makes its own."""
    if store is not None:
        shutil.copy(store, home / _FILE)
