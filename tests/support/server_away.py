"""A run whose Prefect server goes away under it and comes back."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from flows.embedded import QUIET, is_healthy
from tests.flows.processes import clean_env, end, fetch, free_port, until

ENTRYPOINT = "flows.provision.provision"


class Server:
    """A Prefect API that is killed and started again at the same address, with the database it had."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}/api"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        kind = {"PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1", "PREFECT_UI_ENABLED": "0"}
        process = self._process = subprocess.Popen(
            [sys.executable, "-m", "flows.embedded", str(self._port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=clean_env(PREFECT_HOME=str(self.home), **QUIET, **kind),
            cwd=self.home,
        )
        until(lambda: process.poll() is not None or is_healthy(self.url), 110, "the Prefect API")
        assert process.poll() is None

    def kill(self) -> None:
        """End it at once."""
        assert self._process is not None
        self._process.kill()
        end(self._process)

    def begin(self, **request: Any) -> str:
        """A run of a deployment of provision, which nothing executes yet; its id."""
        flow = fetch(f"{self.url}/flows/", {"name": "provision"})["id"]
        wanted = {"name": "away", "flow_id": flow, "entrypoint": ENTRYPOINT}
        deployment = fetch(f"{self.url}/deployments/", wanted)["id"]
        path = f"{self.url}/deployments/{deployment}/create_flow_run"
        return str(fetch(path, {"parameters": {"request": request}, "state": {"type": "PENDING"}})["id"])


def provision_with_the_server_away(here: Any, server: Server, *, seconds: float) -> tuple[dict[str, Any], int]:
    """Kill the server under a provision, start it again so much later, and wait for the end of the run.

    Returns the run's last state, and the writes that were made while the server was away.
    """
    run = server.begin(file=str(here.file), dry_run=False)
    here.env |= {"PREFECT_API_URL": server.url, "PREFECT_HOME": str(server.home)}
    process = here.execute(run, ENTRYPOINT)
    until(lambda: here.platform.writes >= 5 or process.is_over, 100, "the first writes")
    server.kill()
    before = here.platform.writes
    time.sleep(seconds)
    made = int(here.platform.writes) - before
    assert not process.is_over, process.said
    server.start()
    process.end(600)
    return fetch(f"{server.url}/flow_runs/{run}")["state"], made
