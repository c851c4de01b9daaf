"""Real processes of the command line that start soon, since they are forked from one that has imported everything."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import TimeoutExpired

from flows.embedded import QUIET
from tests.flows.processes import clean_env

ROOT = Path(__file__).parents[2]


class Warm:
    """Starts commands that use one Prefect API."""

    def __init__(self, api_url: str, home: Path) -> None:
        self.env = {"PREFECT_API_URL": api_url, "PREFECT_HOME": str(home)}
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.flows.warm_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=clean_env(**self.env, **QUIET),
            cwd=ROOT,
            start_new_session=True,
            text=True,
        )
        self._started: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self.changed = threading.Condition()
        self.codes: dict[int, int] = {}
        self._reader = threading.Thread(target=self._read, daemon=True, name="warm")
        self._reader.start()

    def start(self, arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, out: Path, err: Path) -> "Forked":
        """Start a command, as `python -m flows` would."""
        command = {"arguments": list(arguments), "env": dict(env), "cwd": str(cwd), "out": str(out), "err": str(err)}
        assert self._server.stdin is not None
        with self._lock:
            self._server.stdin.write(json.dumps(command) + "\n")
            self._server.stdin.flush()
            return Forked(self, self._started.get(timeout=100))

    def send(self, pid: int, number: int) -> None:
        """Send a process of ours a signal, unless it has ended."""
        with self.changed:
            if pid not in self.codes:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)

    def close(self) -> None:
        """End it; commands that still run are not waited for."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(20)
        self._reader.join(20)
        self._server.stdout.close()

    def _read(self) -> None:
        assert self._server.stdout is not None
        for line in self._server.stdout:
            word, pid, *code = line.split()
            if word == "started":
                self._started.put(int(pid))
                continue
            with self.changed:
                self.codes[int(pid)] = int(code[0])
                self.changed.notify_all()


class Forked:
    """One command that was started warm."""

    def __init__(self, warm: Warm, pid: int) -> None:
        self._warm = warm
        self.pid = pid

    def poll(self) -> int | None:
        """See Process."""
        return self._warm.codes.get(self.pid)

    def wait(self, timeout: float | None = None) -> int:
        """See Process."""
        with self._warm.changed:
            if not self._warm.changed.wait_for(lambda: self.pid in self._warm.codes, timeout):
                raise TimeoutExpired("preactive", timeout or 0.0)
        return self._warm.codes[self.pid]

    def send_signal(self, number: int, /) -> None:
        """See Process."""
        self._warm.send(self.pid, number)

    def kill(self) -> None:
        """See Process."""
        self.send_signal(signal.SIGKILL)
