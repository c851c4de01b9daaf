"""Which sheet of a workbook is read."""

from collections.abc import Callable, Sequence

from adapters.files.book_job import BookJob
from adapters.files.book_outline import SheetPart
from domain.errors import FileRefused
from domain.problems import FileCode, shown

VISIBLE = "visible"


def choose_sheet(sheets: Sequence[SheetPart], *, job: BookJob, has_cells: Callable[[SheetPart], bool]) -> SheetPart:
    """Return the sheet to read; more than one candidate is refused unless one is named."""
    if not sheets:
        raise FileRefused(FileCode.SHEETS, f"{job.name!r} has no sheet with a table.")
    if len(sheets) > job.max_sheets:
        raise FileRefused(FileCode.TOO_LARGE, f"{job.name!r} has {len(sheets)} sheets; keep the one with the SIMs.")
    usual = job.usual_sheet if len(sheets) > 1 else None  # a single sheet is the one, whatever it is called
    if job.sheet or usual:
        return _named(sheets, job.sheet or usual or "", job)
    hidden = [found for found in sheets if found.state != VISIBLE and has_cells(found)]
    if hidden and not job.allow_hidden:
        raise FileRefused(
            FileCode.HIDDEN, f"{job.name!r} has hidden sheets with data ({_titles(hidden)}); show or delete them."
        )
    visible = [found for found in sheets if found.state == VISIBLE]
    if len(visible) != 1:
        raise FileRefused(
            FileCode.SHEETS,
            f"{job.name!r} has {len(visible)} visible sheets ({_titles(visible)}); name one or delete the others.",
        )
    return visible[0]


def _named(sheets: Sequence[SheetPart], sheet: str, job: BookJob) -> SheetPart:
    found = next((candidate for candidate in sheets if candidate.title == sheet), None)
    if found is None:
        raise FileRefused(FileCode.SHEETS, f"{job.name!r} has no sheet {shown(sheet)!r}; it has {_titles(sheets)}.")
    if found.state != VISIBLE and not job.allow_hidden:
        raise FileRefused(FileCode.HIDDEN, f"The sheet {shown(sheet)!r} of {job.name!r} is hidden; show it first.")
    return found


def _titles(sheets: Sequence[SheetPart]) -> str:
    return ", ".join(repr(shown(found.title)) for found in sheets[:10])
