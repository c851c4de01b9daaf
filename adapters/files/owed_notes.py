"""Notes of reports that are owed: one lies beside the reports from a change's first look until its report is written.

The process that is to write the report has the note locked. One that dies leaves it, and whoever finds it unlocked
writes the report.
"""

import json
from contextlib import ExitStack, suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from adapters.file_lock import hold, is_held
from domain.unfinished import OwedReport

_FOLDER = ".owed"
_held: dict[Path, ExitStack] = {}


class OwedNotes:
    """The notes in a folder of reports, of one store: several may keep their reports in one folder."""

    def __init__(self, reports: Path, store_url: str) -> None:
        self._folder = reports / _FOLDER
        self._store = sha256(store_url.encode()).hexdigest()[:16]

    def owe(self, owed: OwedReport) -> bool:
        """Note that this process is to write a report, and say whether it is the only one.

        A note that cannot be made is no reason to end a run.
        """
        path = self._note(owed.change)
        if path in _held:
            return True
        with suppress(OSError), ExitStack() as stack:
            if not stack.enter_context(hold(path)):
                return False
            path.write_text(json.dumps(asdict(owed)))
            _held[path] = stack.pop_all()
        return True

    def forget(self, change: int) -> None:
        """Take the note of a change away."""
        path = self._note(change)
        with suppress(OSError):
            path.unlink(missing_ok=True)
            self._folder.rmdir()  # only when no other is there
        if (stack := _held.pop(path, None)) is not None:
            stack.close()

    def left(self) -> list[OwedReport]:
        """The reports that no living process is to write, oldest first."""
        notes = (path for path in self._folder.glob(f"{self._store}-*.json") if not is_held(path))
        return sorted((one for path in notes if (one := _read(path)) is not None), key=lambda one: one.change)

    def _note(self, change: int) -> Path:
        return self._folder / f"{self._store}-{change}.json"


def _read(path: Path) -> OwedReport | None:
    """What a note says; None where it is gone by now, or its writer died over it."""
    try:
        return OwedReport(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
