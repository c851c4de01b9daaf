"""The rows of a sheet: by calamine where the sheet is plain, else by openpyxl's parser with the type of each cell."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from itertools import chain, islice
from typing import IO, Any, NamedTuple

from adapters.files.book_job import BookJob
from adapters.files.sheet_checks import check_column, check_row_order, check_used_range
from domain.problems import Oddity, RowCode

BATCH = 2048
_KEPT_DIGITS = 10**15  # a number from here on is written so that it can never pass as an ICCID
_NUMBER = Oddity(RowCode.NOT_TEXT, "a number")
_DATE = Oddity(RowCode.NOT_TEXT, "a date")


class BookRow(NamedTuple):
    """A row with its cells as text, and those that are no text."""

    number: int
    cells: list[str]
    odd: dict[int, Oddity]


class BookTexts(NamedTuple):
    """Neighbouring rows that hold nothing but text."""

    first: int
    rows: list[list[str]]


def open_plain(stream: IO[bytes], title: str) -> Any:
    """Return a sheet as calamine parsed it, or None if it could not."""
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - only the child needs it

    stream.seek(0)
    with suppress(CalamineError):
        return CalamineWorkbook.from_filelike(stream).get_sheet_by_name(title)
    return None


def plain_rows(sheet: Any) -> Iterator[list[BookRow] | BookTexts]:
    """Yield the rows of a plain sheet, many at once where they hold nothing but text."""
    left = [""] * (sheet.start[1] if sheet.start else 0)
    rows, first = sheet.iter_rows(), 1
    while batch := list(islice(rows, BATCH)):
        if left:
            batch = [left + row for row in batch]
        if {*map(type, chain.from_iterable(batch))} <= {str}:
            yield BookTexts(first, batch)
        else:
            yield [_row(number, cells) for number, cells in enumerate(batch, first)]
        first += len(batch)


def _row(number: int, cells: list[Any]) -> BookRow:
    odd: dict[int, Oddity] = {}
    for place, value in enumerate(cells):
        if not isinstance(value, str):
            is_number = isinstance(value, int | float)
            odd[place] = _NUMBER if is_number else _DATE
            cells[place] = number_text(value) if is_number else _date_text(value)
    return BookRow(number, cells, odd)


def _date_text(value: object) -> str:
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return f"{value} 00:00:00" if is_day else str(value)


def number_text(value: float) -> str:
    """Return about what a person sees of a number."""
    if abs(value) >= _KEPT_DIGITS:
        return format(float(value), ".14E")
    return str(int(value)) if float(value).is_integer() else str(value)


class CarefulSheet:
    """A sheet that openpyxl's parser reads cell by cell."""

    def __init__(self, stream: Any, part: str, job: BookJob) -> None:
        import openpyxl  # noqa: PLC0415 - plain sheets do without

        if not openpyxl.DEFUSEDXML:
            raise RuntimeError("openpyxl runs without defusedxml, so no workbook is read")
        self._job = job
        stream.seek(0)
        book = openpyxl.load_workbook(stream, read_only=True, keep_links=False)
        sheets: list[Any] = list(book.worksheets)
        self._sheet = next(found for found in sheets if found._worksheet_path == part)
        self._dates = self._sheet.parent._date_formats
        check_used_range(rows=self._sheet.max_row or 0, columns=self._sheet.max_column or 0, limits=job)
        self.hidden_rows = 0
        self.hidden_columns: list[int] = []

    def rows(self) -> Iterator[BookRow]:
        """Yield the rows that the sheet holds."""
        from adapters.files.sheet_parser import SheetParser  # noqa: PLC0415 - as above

        expected = 1
        with self._sheet._get_source() as source:
            parser = SheetParser(self._sheet, source)
            for number, cells in parser.numbered_rows():
                if number != expected:
                    check_row_order(number, expected, self._job)
                expected = number + 1
                yield self._row(number, cells)
            self.hidden_rows, self.hidden_columns = parser.hidden_rows, parser.hidden_columns

    def _row(self, number: int, cells: list[dict[str, Any]]) -> BookRow:
        from adapters.files.cells import TEXT, as_text, oddity_of  # noqa: PLC0415 - as above

        texts: list[str] = []
        odd: dict[int, Oddity] = {}
        last = 0
        for cell in cells:
            column: int = cell["column"]
            check_column(column, last, self._job)
            last = column
            text = as_text(cell, self._dates)
            if text.strip():
                texts.extend([""] * (column - len(texts)))
                texts[column - 1] = text
            if cell["data_type"] != TEXT and cell["value"] is not None:
                odd[column - 1] = oddity_of(cell, self._dates)
        return BookRow(number, texts, odd)
