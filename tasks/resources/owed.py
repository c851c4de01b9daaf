"""Reports that are owed: a note lies beside the reports from a change's first look until its report is written.

The process that is to write the report has the note locked. One that dies leaves it, and whoever finds it unlocked
writes the report.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from adapters import settings
from adapters.file_lock import hold, is_held

_NOTES = ".owed"
_held: dict[Path, ExitStack] = {}


@dataclass(frozen=True, slots=True)
class Owed:
    """The report of a change that nobody has written."""

    account: str
    change: int
    title: str

    def sentence(self) -> str:
        """One line on what is missing."""
        return f"the report of {self.title} was not written"


def owe_report(owed: Owed) -> bool:
    """Note that this process is to write a report, and say whether it is the only one.

    A note that cannot be made is no reason to end a run.
    """
    path = _note(owed.change)
    if path in _held:
        return True
    with suppress(OSError), ExitStack() as stack:
        if not stack.enter_context(hold(path)):
            return False
        path.write_text(json.dumps(asdict(owed)))
        _held[path] = stack.pop_all()
    return True


def report_is_written(change: int) -> None:
    """Take the note of a change away."""
    path = _note(change)
    with suppress(OSError):
        path.unlink(missing_ok=True)
        path.parent.rmdir()  # only when no other is there
    if (stack := _held.pop(path, None)) is not None:
        stack.close()


def owed_reports(account: str) -> list[Owed]:
    """The reports that no living process is to write, of one account or of all in the settings, oldest first."""
    found = [one for path in _notes() if not is_held(path) and (one := _read(path)) is not None]
    wanted = [account] if account else list(settings.load().accounts)
    return sorted((one for one in found if one.account in wanted), key=lambda one: one.change)


def _note(change: int) -> Path:
    """Where the note of a change lies; several stores may keep their reports in one folder."""
    return settings.load().reports_dir / _NOTES / f"{_store()}-{change}.json"


def _notes() -> Iterator[Path]:
    return (settings.load().reports_dir / _NOTES).glob(f"{_store()}-*.json")


def _store() -> str:
    return sha256(settings.load().store_url.encode()).hexdigest()[:16]


def _read(path: Path) -> Owed | None:
    """What a note says; None where it is gone by now, or its writer died over it."""
    try:
        return Owed(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
