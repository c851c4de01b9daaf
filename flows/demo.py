"""The demonstration behind `make run`: the whole main job on the local simulator, in one process."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from domain.errors import PreactiveError
from domain.requests import ActivateRequest, ProvisionRequest
from domain.summary import Summary
from domain.words import plural
from flows.commands.running import run_flow
from tasks import resources

SAMPLE = "data/samples/demo.xlsx"
STOCK = "data/samples/stock.txt"
GROUP, COUNT = "eu-10gb", 100
_VAR = Path("data/var")


def run_demo() -> None:
    """Provision the sample, activate a hundred of it into a group, and print what happened."""
    with simulator() as root:
        before = _writes(root)
        first = _provision()
        if not first.is_complete:
            raise PreactiveError(f"The demonstration did not finish ({first.sentence()}); run it again.")
        second = _activate(first.batch)
        writes = _writes(root) - before
    _tell(first, second, writes)


@contextmanager
def simulator() -> Iterator[str]:
    """The simulator of the demo account: the one that runs already, or one of our own."""
    _, options = resources.account("demo")
    url = urlsplit(options.base_url)
    root = f"{url.scheme}://{url.netloc}"
    if _answers(root):
        yield root
        return
    command = [sys.executable, *simulator_arguments(url.port or 80)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait(root, process)
        yield root
    finally:
        process.terminate()
        process.wait(10)


def simulator_arguments(port: int) -> list[str]:
    """How Python is told to be the simulator that the demo account points at. It keeps its state between runs."""
    resources.private_folder(_VAR)
    knobs = [
        "--port",
        port,
        "--iccids",
        STOCK,
        "--stock",
        2000,
        "--rate",
        110,
        "--latency",
        "0.02-0.06",
        "--read-lag",
        0.1,
    ]
    files = ["--state", _VAR / "simulator.json", "--ledger", _VAR / "simulator-ledger.jsonl"]
    return ["-m", "flows", "simulator", *map(str, [*knobs, *files])]


def _wait(root: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while not _answers(root):
        if process.poll() is not None or time.monotonic() > until:
            raise PreactiveError(f"The simulator did not start at {root}; see the message above.")
        time.sleep(0.05)


def _answers(root: str) -> bool:
    try:
        return "requests" in json.dumps(_stats(root))
    except (OSError, ValueError):
        return False


def _stats(root: str) -> dict[str, Any]:
    with urlopen(f"{root}/_sim/stats", timeout=5) as answer:  # noqa: S310 - the demo account's own address
        stats: dict[str, Any] = json.load(answer)
    return stats


def _writes(root: str) -> int:
    return int(_stats(root)["write_requests"])


def _provision() -> Summary:
    return run_flow("provision", ProvisionRequest(file=SAMPLE, account="demo", dry_run=False))


def _activate(batch: str) -> Summary:
    request = ActivateRequest(account="demo", tag=batch, group=GROUP, count=COUNT, dry_run=False)
    return run_flow("activate", request)


def _tell(first: Summary, second: Summary, writes: int) -> None:
    print(f"Provisioned {SAMPLE}: {first.sentence()} ({plural(first.calls, 'call')}, {first.seconds} s)")
    calls = plural(second.calls, "call")
    print(f"Activated {COUNT} of them into {GROUP}: {second.sentence()} ({calls}, {second.seconds} s)")
    print(
        f"Write calls that reached the simulator in this run: {writes} "
        f"(every change it ever made: {_VAR}/simulator-ledger.jsonl)"
    )
    print("Reports:")
    for path in [*first.reports, *second.reports]:
        print(f"  {path}")
    print("See the runs in the Prefect UI: make up")
    if not second.is_complete:
        raise PreactiveError("The demonstration did not finish; run it again.")
