"""`preactive up` as an operator starts it, and the death of the whole machine under it."""

import os
import shutil
import signal
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import yaml

from tests.flows.processes import children, clean_env, fetch, free_port, lives, until
from tests.flows.world import ROOT

_DEPLOYMENTS = len(yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"])
OPEN = ("PENDING", "RUNNING", "CANCELLING")


class Up:
    """The command in a folder of its own, on free ports, with the databases it had before."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self.inbox = folder / "data" / "inbox"
        shutil.copy(ROOT / "prefect.yaml", folder)
        shutil.copytree(ROOT / "data" / "samples", folder / "data" / "samples")
        self._ports = {f"--{name}port": free_port() for name in ("", "simulator-", "orders-", "reports-")}
        self._env = clean_env(**env)
        self.has_database = "PREFECT_API_DATABASE_CONNECTION_URL" in env
        self._process: subprocess.Popen[bytes] | None = None
        self._headers: dict[str, str] = {}

    @property
    def url(self) -> str:
        """The address of the Prefect API."""
        return f"http://127.0.0.1:{self._ports['--port']}/api"

    def start(self) -> None:
        """Start everything, and wait until the deployments are served."""
        words = [str(word) for pair in self._ports.items() for word in pair]
        with (self.folder / "up.log").open("ab") as log:
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", "flows", "up", *words],
                cwd=self.folder,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        until(lambda: process.poll() is not None or self._answers(), 120, "up")
        assert process.poll() is None, (self.folder / "up.log").read_text()

    def _answers(self) -> bool:
        try:
            login = (self.folder / "data/var/prefect-keys/login").read_text().strip()
            self._headers = {"Authorization": f"Basic {b64encode(login.encode()).decode()}"}
            self._headers |= {"Prefect-Csrf-Client": "tests"}
            token = fetch(f"{self.url}/csrf-token?client=tests", headers=self._headers)["token"]
            self._headers |= {"Prefect-Csrf-Token": token}
            return len(fetch(f"{self.url}/deployments/filter", {}, headers=self._headers)) >= _DEPLOYMENTS
        except (OSError, HTTPError, URLError):
            return False

    def ask(self, path: str, body: Any = None, *, method: str | None = None) -> Any:
        """What the API answers; on SQLite it is sometimes busy."""
        return until(lambda: self._try(path, body, method), 30, path)[0]

    def _try(self, path: str, body: Any, method: str | None) -> list[Any]:
        try:
            return [fetch(f"{self.url}{path}", body, method=method, headers=self._headers)]
        except HTTPError as error:
            if error.code != 503:
                raise
            return []

    def deployment(self, name: str) -> dict[str, Any]:
        """A deployment by its flow's name and its own."""
        found: dict[str, Any] = self.ask(f"/deployments/name/{name}")
        return found

    def submit(self, name: str) -> str:
        """Start a deployment now, as its button does, and give the run's id."""
        path = f"/deployments/{self.deployment(name)['id']}/create_flow_run"
        return str(self.ask(path, {"state": {"type": "SCHEDULED"}})["id"])

    def state(self, run: str) -> dict[str, Any]:
        """Where a run stands."""
        found: dict[str, Any] = self.ask(f"/flow_runs/{run}")["state"]
        return found

    def cut_power(self) -> None:
        """Kill all of it at once, as when the machine dies."""
        assert self._process is not None
        pids = descendants(self._process.pid)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)  # or those that live a moment longer would write down the death of the others
        for pid in [*pids, *descendants(self._process.pid)]:
            kill(pid)
        self._process.wait(20)
        until(lambda: not any(lives(pid) for pid in pids), 20, "the end of all processes")
        self._process = None

    def close(self) -> None:
        """End it, however it stands."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self.cut_power()
        self._process = None


def descendants(pid: int) -> list[int]:
    """A process with its children, their children and so on."""
    return [pid, *(one for child in children(pid) for one in descendants(child))]


def kill(pid: int) -> None:
    """End a process at once, if it lives."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
