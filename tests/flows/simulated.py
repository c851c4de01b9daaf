"""The simulated platform as a process, and its admin door."""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.flows.processes import clean_env, end, fetch


class SimulatedPlatform:
    """The simulator in a process of its own, and its admin door."""

    def __init__(self, folder: Path, **knobs: Any) -> None:
        options = [str(part) for pair in knobs.items() for part in pair if part is not True]
        command = [sys.executable, "-m", "adapters.platforms.simulator", *options]
        self.log = (folder / "simulator.err").open("w")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True, env=clean_env())
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        bases = [word.partition("=")[2] for word in words if word.startswith("base_url=")]
        assert bases, (folder / "simulator.err").read_text()
        self.base_url = bases[0]
        self._door = self.base_url.partition("/api")[0] + "/_sim"

    def close(self) -> None:
        """End it."""
        end(self.process)
        self.log.close()

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
