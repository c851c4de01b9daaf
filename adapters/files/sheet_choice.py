"""Which sheet of a workbook is read."""

from typing import Any

from domain.errors import FileRefused
from domain.problems import FileCode, shown
from domain.supplier import SupplierProfile

PEEK = 64 * 1024


def choose_sheet(book: Any, *, name: str, profile: SupplierProfile, sheet: str | None) -> Any:
    """Return the sheet to read; more than one candidate is refused unless one is named."""
    sheets = list(book.worksheets)
    if not sheets:
        raise FileRefused(FileCode.SHEETS, f"{name!r} has no sheet with a table.")
    if len(sheets) > profile.limits.max_sheets:
        raise FileRefused(FileCode.TOO_LARGE, f"{name!r} has {len(sheets)} sheets; keep the one with the SIMs.")
    usual = profile.sheet if len(sheets) > 1 else None  # a single sheet is the one, whatever it is called
    if sheet or usual:
        return _named(sheets, sheet or usual or "", name, profile)
    hidden = [found for found in sheets if found.sheet_state != "visible" and has_cells(found)]
    if hidden and not profile.allow_hidden:
        raise FileRefused(
            FileCode.HIDDEN, f"{name!r} has hidden sheets with data ({_titles(hidden)}); show or delete them."
        )
    visible = [found for found in sheets if found.sheet_state == "visible"]
    if len(visible) != 1:
        raise FileRefused(
            FileCode.SHEETS,
            f"{name!r} has {len(visible)} visible sheets ({_titles(visible)}); name one of them or delete the others.",
        )
    return visible[0]


def _named(sheets: list[Any], sheet: str, name: str, profile: SupplierProfile) -> Any:
    found = next((candidate for candidate in sheets if candidate.title == sheet), None)
    if found is None:
        raise FileRefused(FileCode.SHEETS, f"{name!r} has no sheet {shown(sheet)!r}; it has {_titles(sheets)}.")
    if found.sheet_state != "visible" and not profile.allow_hidden:
        raise FileRefused(FileCode.HIDDEN, f"The sheet {shown(sheet)!r} of {name!r} is hidden; show it first.")
    return found


def has_cells(sheet: Any) -> bool:
    """Tell by the first bytes of a sheet whether it holds any cell."""
    with sheet._get_source() as source:
        return b"<c " in source.read(PEEK)


def _titles(sheets: list[Any]) -> str:
    return ", ".join(repr(shown(found.title)) for found in sheets[:10])
