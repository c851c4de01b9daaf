"""The Prefect server of the locked set, started as `preactive up` starts it, and what a person may ask of it."""

import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import yaml

from flows.embedded import QUIET
from flows.login import CLIENT_LOGIN, server_env
from tests.flows.prefect_store import fill
from tests.flows.processes import answers, clean_env, end, fetch, free_port, until
from tests.flows.world import ROOT

DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]


@dataclass
class Server:
    """A Prefect server and the environment of its clients."""

    url: str
    env: dict[str, str]
    folder: Path
    headers: dict[str, str] = field(default_factory=dict)

    def sign_in(self) -> None:
        """Bring the login, and the word against forged requests that pages of the UI bring too."""
        login = b64encode(self.env[CLIENT_LOGIN].encode()).decode()
        self.headers = {"Authorization": f"Basic {login}", "Prefect-Csrf-Client": "tests"}
        self.headers["Prefect-Csrf-Token"] = self.ask("/csrf-token?client=tests")["token"]

    def ask(self, path: str, body: Any = None, *, method: str | None = None) -> Any:
        """What the API answers to somebody who is signed in. On SQLite it is sometimes busy, and done nothing then."""
        return until(lambda: self._try(path, body, method), 30, path)[0]

    def _try(self, path: str, body: Any, method: str | None) -> list[Any]:
        try:
            return [fetch(f"{self.url}{path}", body, method=method, headers=self.headers)]
        except HTTPError as error:
            if error.code != 503:
                raise
            return []

    def prefect(self, *arguments: str) -> str:
        """Run Prefect's own command line."""
        command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
        options = {"capture_output": True, "text": True, "timeout": 100}
        ended = subprocess.run(command, check=False, env=self.env, cwd=self.folder, **options)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        """Start a program that uses the server."""
        return subprocess.Popen(
            [sys.executable, *arguments],
            env=self.env | env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def deployments(self) -> dict[str, dict[str, Any]]:
        """Every deployment by its entrypoint."""
        return {found["entrypoint"]: found for found in self.ask("/deployments/filter", {})}

    @contextmanager
    def serving(self, **env: str) -> Iterator[None]:
        """Serve the deployments of the file, and only those."""
        for deployed in self.deployments().values():  # those of a work pool would wait for its workers
            self.ask(f"/deployments/{deployed['id']}", method="DELETE")
        process = self.start("-m", "flows.serving", **env)
        try:
            until(lambda: len(self.deployments()) == len(DEPLOYMENTS), 60, "the serving")
            yield
        finally:
            end(process)

    def submit(self, entrypoint: str, **request: Any) -> str:
        """Start a deployment as its form does, and give the run's id."""
        deployment = self.deployments()[entrypoint]
        path = f"/deployments/{deployment['id']}/create_flow_run"
        run = self.ask(path, {"parameters": {"request": request}, "state": {"type": "SCHEDULED"}})
        return str(run["id"])

    def waiting(self, run_id: str, key: str = "") -> str:
        """The key of the question that a suspended run asks, once it is another one than this."""
        state: dict[str, Any] = self.ask(f"/flow_runs/{run_id}")["state"]
        asked = str(state["state_details"]["pause_key"] or "") if state["name"] == "Suspended" else ""
        return asked if asked != key else ""

    def answer(self, run_id: str, **said: str) -> str:
        """Answer a suspended run as its form does; what became of that."""
        return str(self.ask(f"/flow_runs/{run_id}/resume", {"run_input": said})["status"])

    def ended(self, run_id: str) -> dict[str, Any] | None:
        """The final state of a run, once it has one."""
        state: dict[str, Any] = self.ask(f"/flow_runs/{run_id}")["state"]
        return state if state["type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") else None


@contextmanager
def started(folder: Path, store: Path | None = None) -> Iterator[Server]:
    """A server for the length of a with block; `store`: Prefect's database with its tables."""
    shutil.copy(ROOT / "prefect.yaml", folder)
    home = folder / "home"
    home.mkdir(mode=0o700)
    fill(home, store)
    for _ in range(3):  # somebody else may take the port before the server does
        port = free_port()
        url = f"http://127.0.0.1:{port}/api"
        env = clean_env(**QUIET, **server_env(home, port), PREFECT_HOME=str(home), PREFECT_API_URL=url)
        env |= {"PREACTIVE_STORE_URL": f"sqlite:///{folder / 'store.db'}"}
        env |= {"PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false"}
        made = Server(url, env, folder)
        process = made.start("-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
        until(lambda: process.poll() is not None or answers(f"{url}/health"), 110, "the Prefect server")  # noqa: B023
        if process.poll() is None:
            break
    assert process.poll() is None, "the Prefect server did not start"
    made.sign_in()
    try:
        yield made
    finally:
        end(process)
