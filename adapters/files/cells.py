"""Cells of a sheet: what is text, what is not, and how the rest is shown."""

from collections.abc import Collection
from typing import Any

from openpyxl.utils.datetime import from_excel

from adapters.files.book_rows import number_text
from adapters.files.sheet_parser import Cell
from domain.problems import Oddity, RowCode

TEXT = "s"
_DATE = Oddity(RowCode.NOT_TEXT, "a date")
_UNKNOWN = Oddity(RowCode.NOT_TEXT, "an unknown kind of value")
_ODDITIES = {
    "n": Oddity(RowCode.NOT_TEXT, "a number"),
    "d": _DATE,
    "b": Oddity(RowCode.NOT_TEXT, "true or false"),
    "e": Oddity(RowCode.NOT_TEXT, "an error value"),
    "f": Oddity(RowCode.FORMULA, "a formula"),
}


def oddity_of(cell: Cell, dates: Collection[int]) -> Oddity:
    """Say what a cell that is no text holds."""
    if cell["data_type"] == "n" and cell["style_id"] in dates:
        return _DATE
    return _ODDITIES.get(cell["data_type"], _UNKNOWN)


def as_text(cell: Cell, dates: Collection[int]) -> str:
    """Return about what a person sees in a cell."""
    value, kind = cell["value"], cell["data_type"]
    if value is None:
        return ""
    if kind == "n":
        return _number(value, is_date=cell["style_id"] in dates)
    if kind == "b":
        return "TRUE" if value else "FALSE"
    if kind == "f" and not isinstance(value, str):
        return str(getattr(value, "text", None) or "={formula}")
    return str(value)


def _number(value: Any, *, is_date: bool) -> str:
    if is_date and 0 <= value < 2_958_465:  # the last day that Excel knows
        return str(from_excel(value))
    return number_text(value)
