"""Sheets of a report: text stays text, whatever it begins with."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import ExcelWriter

from adapters.files.durable import packed, written
from adapters.files.safe_cells import plain

Value = str | int | float | None
AS_TEXT = "@"
WIDTH = 24


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, title: str = "Rows") -> Path:
    """Write rows as a workbook of one sheet."""
    with written(path) as stream, write_only_book() as book:
        add_table(book, title, columns, ([_plain_value(row.get(column)) for column in columns] for row in rows))
        save(book, stream)
    return path


def save(book: Workbook, stream: IO[bytes]) -> None:
    """Write a workbook to a file."""
    with packed(stream) as archive:
        ExcelWriter(book, archive).write_data()


@contextmanager
def write_only_book() -> Iterator[Workbook]:
    """Give a workbook whose rows go to the disk at once; after an error its half-written sheets are closed."""
    book = Workbook(write_only=True)
    try:
        yield book
    finally:
        for sheet in book.worksheets:
            with suppress(Exception):  # a sheet that was saved refuses to be closed again
                sheet.close()


def text_cell(sheet: Any, text: str, *, bold: bool = False) -> Any:
    """Return a cell that holds text and is formatted as text."""
    cell: Any = WriteOnlyCell(sheet)
    cell.number_format = AS_TEXT
    if bold:
        cell.font = Font(bold=True)
    return put(cell, text)


def put(cell: Any, text: str) -> Any:
    """Put text into a cell past its setter, which would turn text that begins with = into a formula."""
    cell._value = plain(text)
    cell.data_type = "s"
    return cell


def add_table(book: Workbook, title: str, header: Sequence[Value], rows: Iterable[Sequence[Value]]) -> None:
    """Add a sheet with a frozen, bold header over rows of text."""
    sheet: Any = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for index in range(1, len(header) + 1):
        sheet.column_dimensions[get_column_letter(index)].width = WIDTH
    sheet.append([text_cell(sheet, str(name), bold=True) for name in header])
    cells = [text_cell(sheet, "") for _ in header]  # each is written before it is filled again
    for row in rows:
        sheet.append([_value(cell, value) for cell, value in zip(cells, row, strict=True)])


def _plain_value(value: Any) -> Value:
    if value is None or (isinstance(value, (str, int, float)) and not isinstance(value, bool)):
        return value
    return ",".join(map(str, value)) if isinstance(value, (list, tuple, set, frozenset)) else str(value)


def _value(cell: Any, value: Value) -> Any:
    if isinstance(value, str):
        return put(cell, value) if value else None
    return value
