"""The PostgreSQL that is installed on the machine, with its extensions: Prefect's own server needs `pg_trgm`."""

import os
import shutil
import signal
import subprocess
from itertools import count
from pathlib import Path

from tests.flows.processes import end, free_port, until
from tests.support.folders import quick_folder

_ROOT = 0


def programs() -> Path | None:
    """The folder of its programs, of the newest version; None where none with `pg_trgm` is installed."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name)):
        if Path(f"/usr/share/postgresql/{folder.parent.name}/extension/pg_trgm.control").exists():
            return folder
    return None


class InstalledPostgres:
    """A server of our own, of the installed programs. Nothing it holds outlives the tests."""

    def __init__(self, programs: Path) -> None:
        self._user = "postgres" if os.getuid() == _ROOT else None  # it refuses to run as root
        self._folder = quick_folder("ipg-")
        if self._user:
            shutil.chown(self._folder, self._user)
        data, port = self._folder / "data", free_port()
        self._run([programs / "initdb", "-D", data, "-A", "trust", "-U", "prefect", "--no-sync"])
        here = [f"unix_socket_directories={self._folder}"]
        settings = [f"port={port}", "listen_addresses=127.0.0.1", "fsync=off", *here]
        words = [word for one in settings for word in ("-c", one)]
        self._server = subprocess.Popen(
            [programs / "postgres", "-D", data, *words],
            user=self._user,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ready = [programs / "pg_isready", "-h", "127.0.0.1", "-p", str(port)]
        until(lambda: subprocess.run(ready, check=False, capture_output=True).returncode == 0, 30, "PostgreSQL")
        self._psql = [programs / "psql", "-h", "127.0.0.1", "-p", str(port), "-U", "prefect", "-d", "postgres", "-c"]
        self._place = f"127.0.0.1:{port}"
        self._numbers = count(1)

    def database(self) -> str:
        """The address of a new database, for Prefect, which takes no driver but asyncpg."""
        name = f"prefect_{next(self._numbers)}"
        self._run([*self._psql, f"CREATE DATABASE {name}"])
        return f"postgresql+asyncpg://prefect@{self._place}/{name}"

    def _run(self, command: list[str | Path]) -> None:
        subprocess.run(command, check=True, capture_output=True, user=self._user, cwd=self._folder)

    def close(self) -> None:
        """End it, with whoever is still connected."""
        self._server.send_signal(signal.SIGINT)  # those who are still connected are sent away
        end(self._server)
        shutil.rmtree(self._folder, ignore_errors=True)
