"""The ledger of true commits: what really happened on the platform, whatever the client was told."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO


@dataclass(frozen=True, slots=True)
class Entry:
    """One change that was made."""

    seq: int
    time: float
    kind: str
    endpoint_id: str | None
    iccid: str | None
    details: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the entry as the admin door and the ledger file show it."""
        return {
            "seq": self.seq,
            "time": round(self.time, 6),
            "kind": self.kind,
            "endPointId": self.endpoint_id,
            "iccid": self.iccid,
            "details": self.details,
        }


class Ledger:
    """All true commits in order, also appended to a file when one is given."""

    def __init__(self, path: Path | None = None, *, seq: int = 0, clock: Callable[[], float] = time.time) -> None:
        self.entries: list[Entry] = []
        self.seq = seq
        self._clock = clock
        self._file: TextIO | None = _appending(path) if path else None

    def record(self, kind: str, endpoint_id: str | None, iccid: str | None, **details: Any) -> None:
        """Note one change; the line is on its way to the disk before the client hears of it."""
        self.seq += 1
        entry = Entry(self.seq, self._clock(), kind, endpoint_id, iccid, details)
        self.entries.append(entry)
        if self._file:
            self._file.write(json.dumps(entry.as_json()) + "\n")
            self._file.flush()

    def of_kind(self, kind: str) -> list[Entry]:
        """Return the entries of one kind."""
        return [entry for entry in self.entries if entry.kind == kind]

    def clear(self) -> None:
        """Forget the entries in memory; the file keeps them."""
        self.entries.clear()

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
            self._file = None


def _appending(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("a", encoding="utf-8")
