"""Makes the pictures of the documents: a demo in a copy of the project, and Chromium without a screen.

    python docs/images/make.py

Needs Chromium and a minute. Nothing of the project's own data is touched.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "chromium"
LEFT_OUT = shutil.ignore_patterns(".*", "var", "reports", "__pycache__", "*.egg-info", "preactive.toml")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--virtual-time-budget=15000",
)


def main() -> None:
    """Run the demo, start everything, and take the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "preactive"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        server, simulator = free_port(), free_port()
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PREACTIVE_"))}
        env |= {"PREACTIVE_ACCOUNTS__DEMO__BASE_URL": f"http://127.0.0.1:{simulator}/api", "TZ": "UTC"}
        subprocess.run([sys.executable, "-m", "flows", "demo"], cwd=copy, env=env, check=True)
        with started(copy, env, server, simulator):
            take_all(f"http://127.0.0.1:{server}")


@contextmanager
def started(copy: Path, env: dict[str, str], server: int, simulator: int) -> Iterator[None]:
    """`preactive up` in the copy for the length of a with block."""
    ports = ["--port", str(server), "--simulator-port", str(simulator), "--orders-port", str(free_port())]
    command = [sys.executable, "-m", "flows", "up", *ports]
    process = subprocess.Popen(command, cwd=copy, env=env, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def take_all(root: str) -> None:
    """Take every picture."""
    deployment = wait(lambda: first(f"{root}/api/deployments/filter", {}, name="file"))["id"]
    run = first(f"{root}/api/flow_runs/filter", {}, name="provision demo · 240 rows · demo")["id"]
    of_run = {"artifacts": {"flow_run_id": {"any_": [run]}}}
    artifacts = ask(f"{root}/api/artifacts/filter", of_run)
    summary = next(one["id"] for one in artifacts if "confirmed" in (one["description"] or ""))
    take(f"{root}/v2/runs/flow-run/{run}?tab=Details", "run.png", "1280,872")
    take(f"{root}/v2/runs/flow-run/{run}?tab=Artifacts", "artifacts.png", "1280,975")
    take(f"{root}/v2/artifacts/artifact/{summary}", "summary.png", "1280,880")
    take(f"{root}/v2/deployments/deployment/{deployment}/run", "form.png", "1280,1020")


def take(url: str, name: str, size: str) -> None:
    """Save what a page looks like."""
    with tempfile.TemporaryDirectory() as profile:
        where = [f"--user-data-dir={profile}", f"--window-size={size}", f"--screenshot={HERE / name}"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([CHROMIUM, *FLAGS, *where, url], check=True, timeout=120, **quiet)
    print(name, (HERE / name).stat().st_size, "bytes")


def ask(url: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """What Prefect's API answers."""
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310 - our own server
    with urlopen(request, timeout=10) as answer:  # noqa: S310
        found: list[dict[str, Any]] = json.load(answer)
    return found


def first(url: str, body: dict[str, Any], *, name: str) -> dict[str, Any]:
    """The thing of that name."""
    return next(one for one in ask(url, body) if one["name"] == name)


def wait(look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Look until it is there."""
    until = time.monotonic() + 120
    while True:
        try:
            return look()
        except (OSError, StopIteration):
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
