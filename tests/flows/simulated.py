"""The simulated platform as a process, and its admin door."""

import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.flows.processes import Process, clean_env, fetch, until
from tests.flows.warm import Warm

PROGRAM = "adapters.platforms.simulator"


class SimulatedPlatform:
    """The simulator in a process of its own, and its admin door."""

    def __init__(self, folder: Path, warm: Warm | None = None, **knobs: Any) -> None:
        options = [str(part) for pair in knobs.items() for part in pair if part is not True]
        out, err = folder / "simulator.out", folder / "simulator.err"
        with out.open("w") as stdout, err.open("w") as stderr:
            if warm is not None:
                run = ["-c", f"import runpy; runpy.run_module('{PROGRAM}', run_name='__main__', alter_sys=True)"]
                self.process: Process = warm.start([*run, *options], env=clean_env(), cwd=Path.cwd(), out=out, err=err)
            else:
                command = [sys.executable, "-m", PROGRAM, *options]
                self.process = subprocess.Popen(command, stdout=stdout, stderr=stderr, env=clean_env())
        until(lambda: "\n" in out.read_text() or self.process.poll() is not None, what="the simulator")
        bases = [word.partition("=")[2] for word in out.read_text().split() if word.startswith("base_url=")]
        assert bases, err.read_text()
        self.base_url = bases[0]
        self._door = self.base_url.partition("/api")[0] + "/_sim"

    def close(self) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)

    def ask(self, path: str, body: Any = None) -> Any:
        """Look behind the door, or change something."""
        return fetch(self._door + path, body)

    @property
    def stats(self) -> dict[str, Any]:
        """Counts of what reached the platform."""
        found: dict[str, Any] = self.ask("/stats")
        return found

    @property
    def writes(self) -> int:
        """Writing requests so far, whatever came of them."""
        return int(self.stats["write_requests"])

    @property
    def endpoints(self) -> dict[str, dict[str, Any]]:
        """The truth, by ICCID."""
        return {endpoint["iccid"]: endpoint for endpoint in self.ask("/endpoints")}

    @property
    def ledger(self) -> list[dict[str, Any]]:
        """Every true commit, in order."""
        found: list[dict[str, Any]] = self.ask("/ledger")
        return found

    def created(self) -> dict[str, list[str]]:
        """The endpoints ever created for each ICCID."""
        made: dict[str, list[str]] = defaultdict(list)
        for entry in self.ledger:
            if entry["kind"] == "create":
                made[entry["iccid"]].append(entry["endPointId"])
        return dict(made)

    def received(self, *routes: str) -> list[dict[str, Any]]:
        """The requests of these routes, oldest first."""
        return [entry for entry in self.ask("/journal") if entry["path"].rpartition("/")[2] in routes]

    def asked_to_create(self) -> dict[str, list[dict[str, Any]]]:
        """The create requests for each ICCID, oldest first."""
        asked: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for entry in self.received("CreateEndPoint"):
            asked[entry["body"]["Request"]["requestParam"]["iccid"]].append(entry)
        return dict(asked)
