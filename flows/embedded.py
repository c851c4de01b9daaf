"""A Prefect API of our own for one command, when no server is named.

Prefect would start one by itself, but that one outlives a killed command. This one ends when its parent does.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

from domain.errors import PreactiveError, UsageError
from flows.login import CLIENT_LOGIN, client_env, is_let_in, server_env
from tasks.resources import REPORTS_URL, private_folder

_START_SECONDS = 120.0
_LIVES = 4  # one that dies as often as that will not do better the next time
_MANY_LIVES, _PAUSE_SECONDS = 1_000_000, 5.0  # of a service, which goes on for months
HOME = Path("data/var/prefect")
SERVER_NOTE = "server.json"

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
    "PREFECT_CLI_PROMPT": "false",
}


def home() -> Path:
    """The project's own Prefect home, so that every command's runs are found in one place."""
    path = Path(os.environ.setdefault("PREFECT_HOME", str(HOME.resolve())))
    return private_folder(path)


def runs_folder() -> Path:
    """Where each run of a deployment that has a living process on this machine holds a lock."""
    return home() / "runs"


class EmbeddedApi:
    """Starts the API in a child process, and again where it dies; `ready` waits for it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._changing = threading.Lock()
        self._is_over = False
        self._port = 0
        self.url = ""

    def start(self) -> None:
        """Use the server that the environment or `make up` names, or begin to start one."""
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        path = home()
        self.url = os.environ["PREFECT_API_URL"] if find_server() else ""
        if not self.url:
            self._port = _free_port()
            self.url = f"http://127.0.0.1:{self._port}/api"
            os.environ.update(server_env(path, self._port))
            self._process = self._spawn()
        os.environ["PREFECT_API_URL"] = self.url

    def _spawn(self) -> subprocess.Popen[bytes]:
        kind = {"PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1", "PREFECT_UI_ENABLED": "0"}
        return subprocess.Popen(
            [sys.executable, "-m", "flows.embedded", str(self._port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | kind,
            start_new_session=True,  # a Ctrl-C at the terminal is for the command, which still needs the API
        )

    def ready(self) -> None:
        """Wait until the API answers, and to us.

        Raises PreactiveError, and UsageError when it asks for a login that we do not have.
        """
        until = time.monotonic() + _START_SECONDS
        while not is_healthy(self.url):
            if self._process is None:
                raise PreactiveError(
                    f"The Prefect API at {self.url} does not answer; start it, or unset PREFECT_API_URL."
                )
            if self._process.poll() is not None or time.monotonic() > until:
                raise PreactiveError(
                    f"The embedded Prefect API did not start in {_START_SECONDS:g} s; run `preactive doctor`."
                )
            time.sleep(0.05)
        if not is_let_in(self.url, os.environ.get(CLIENT_LOGIN, "")):
            raise UsageError(
                f"The Prefect API at {self.url} refuses our login; set {CLIENT_LOGIN} to its user:password."
            )
        self._watch(lives=_LIVES)

    def watch(self) -> None:
        """Start the child again whenever it dies, for a service that does not wait until the API answers."""
        self._watch(lives=_MANY_LIVES, pause=_PAUSE_SECONDS)

    def _watch(self, *, lives: int, pause: float = 0.0) -> None:
        if self._process is not None:
            threading.Thread(target=self._revive, args=(self._process, lives, pause), daemon=True).start()

    def _revive(self, process: subprocess.Popen[bytes], lives: int, pause: float) -> None:
        """Start the child again when it dies under way: Prefect's calls ask for minutes before they give up."""
        for _ in range(lives - 1):
            process.wait()
            time.sleep(pause)
            with self._changing:
                if self._is_over:
                    return
                process = self._process = self._spawn()

    def stop(self) -> None:
        """End the child and wait for it, so that it has written down what it was told."""
        with self._changing:
            self._is_over = True
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def find_server() -> bool:
    """Use the server that the environment or `make up` names, if there is one; nothing is started."""
    path = home()
    ours = running_server(path)
    url = os.environ.get("PREFECT_API_URL") or ours
    if not url:
        return False
    os.environ["PREFECT_API_URL"] = url
    if url == ours:
        os.environ.update(client_env(path))
        os.environ.setdefault(REPORTS_URL, _noted(path, "reports"))
    return True


def use_server() -> None:
    """Use the server that the environment or `make up` names, for what is of no use to one that ends with the command.

    Raises UsageError when there is none, PreactiveError when it does not answer.
    """
    if not find_server():
        raise UsageError("There is no Prefect server: start one with `preactive up`, or set PREFECT_API_URL.")
    api = EmbeddedApi()
    api.start()
    api.ready()


def is_healthy(url: str) -> bool:
    """Whether a Prefect API answers there."""
    if not url.startswith(("http://", "https://")):
        return False
    try:
        with urlopen(f"{url}/health", timeout=2) as answer:  # noqa: S310 - the scheme is checked above
            return bool(answer.status == 200)
    except (HTTPException, OSError, ValueError):  # something else may answer at that port
        return False


def running_server(path: Path) -> str:
    """The address of the server that `preactive up` left word of, if it answers."""
    url = _noted(path, "url")
    return url if is_healthy(url) else ""


def _noted(path: Path, what: str) -> str:
    try:
        return str(json.loads((path / SERVER_NOTE).read_text())[what])
    except (OSError, ValueError, KeyError):
        return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(port: int) -> None:
    """Serve until the parent closes our standard input, which it also does by dying."""
    import uvicorn

    threading.Thread(target=_end_with_parent, daemon=True).start()
    uvicorn.run(
        "prefect.server.api.server:create_app",
        factory=True,
        host="127.0.0.1",
        port=port,
        log_level="error",
        lifespan="on",
    )


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)
    os._exit(1)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
