"""A Prefect API for many commands."""

import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from flows.embedded import QUIET, is_healthy
from tests.flows.prefect_store import fill
from tests.flows.processes import clean_env, end, fetch, free_port, until
from tests.flows.warm import Warm


class PrefectApi:
    """A Prefect API in a process of its own, as the program starts it, for many commands."""

    def __init__(self, home: Path, store: Path | None = None) -> None:
        self.home = home
        fill(home, store)
        self.url = ""
        self._warm: Warm | None = None
        for _ in range(3):  # somebody else may take the port before the server does
            if self._start(free_port()):
                return
        raise AssertionError("the Prefect API did not start")

    def _start(self, port: int) -> bool:
        of_server = {"PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1", "PREFECT_UI_ENABLED": "0"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flows.embedded", str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=clean_env(PREFECT_HOME=str(self.home), **QUIET, **of_server),
            cwd=self.home,
        )
        url = f"http://127.0.0.1:{port}/api"
        until(lambda: self.process.poll() is not None or is_healthy(url), 110, "the Prefect API")
        if self.process.poll() is not None:
            end(self.process)
            return False
        self.url = url
        return True

    @property
    def warm(self) -> Warm:
        """Starts commands that use it."""
        if self._warm is None:
            self._warm = Warm(self.url, self.home)
        return self._warm

    def close(self) -> None:
        """End it the way its parent's death would."""
        if self._warm is not None:
            self._warm.close()
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def deploy(self, entrypoint: str, **more: Any) -> str:
        """Make a deployment of a flow; its id."""
        flow = fetch(f"{self.url}/flows/", {"name": entrypoint.rpartition(".")[2]})
        wanted = {"name": uuid4().hex[:8], "flow_id": flow["id"], "entrypoint": entrypoint} | more
        return str(fetch(f"{self.url}/deployments/", wanted)["id"])

    def begin(self, deployment: str, **request: Any) -> str:
        """A run of a deployment, which nothing executes yet; its id."""
        path = f"{self.url}/deployments/{deployment}/create_flow_run"
        return str(fetch(path, {"parameters": {"request": request}, "state": {"type": "PENDING"}})["id"])

    def running(self, part_of_name: str) -> dict[str, Any] | None:
        """The running flow run whose name holds this text."""
        wanted = {"name": {"like_": part_of_name}, "state": {"type": {"any_": ["RUNNING"]}}}
        found = fetch(f"{self.url}/flow_runs/filter", {"flow_runs": wanted})
        return found[0] if found else None

    def named(self, name: str) -> list[dict[str, Any]]:
        """The flow runs of exactly this name."""
        found: list[dict[str, Any]] = fetch(f"{self.url}/flow_runs/filter", {"flow_runs": {"name": {"any_": [name]}}})
        return found

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of this name that were told so far."""
        found: dict[str, Any] = fetch(f"{self.url}/events/filter", {"filter": {"event": {"name": [name]}}})
        return list(found["events"])

    def within(self, run_id: str) -> list[dict[str, Any]]:
        """The flow runs that this one called."""
        called = {"parent_flow_run_id": {"any_": [run_id]}}
        found: list[dict[str, Any]] = fetch(f"{self.url}/flow_runs/filter", {"flow_runs": called})
        return found

    def run(self, run_id: str) -> dict[str, Any]:
        """One flow run."""
        found: dict[str, Any] = fetch(f"{self.url}/flow_runs/{run_id}")
        return found

    def cancel(self, run_id: str) -> None:
        """What the Cancel button of the UI does."""
        state = {"type": "CANCELLING", "name": "Cancelling"}
        fetch(f"{self.url}/flow_runs/{run_id}/set_state", {"state": state, "force": False})

    def artifacts(self, run_id: str) -> list[dict[str, Any]]:
        """Every artifact of a flow run and its tasks."""
        of_run = {"flow_run_id": {"any_": [run_id]}}
        found: list[dict[str, Any]] = fetch(f"{self.url}/artifacts/filter", {"artifacts": of_run, "limit": 200})
        return found
