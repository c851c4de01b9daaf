"""A sheet of an Excel workbook as text cells; whatever is not text is named, never converted."""

from collections.abc import Iterator
from typing import Any
from zipfile import ZipFile

import openpyxl
from openpyxl.utils import get_column_letter

from adapters.files.cells import TEXT, as_text, oddity_of
from adapters.files.guard import quiet, workbook_errors
from adapters.files.sheet_choice import choose_sheet
from adapters.files.sheet_parser import Cell, SheetParser
from adapters.files.snapshot import Snapshot
from adapters.files.table import HEAD_ROWS, Row
from adapters.files.zip_checks import check_archive
from domain.errors import FileRefused
from domain.header import find_header
from domain.intake import Oddity
from domain.problems import FileCode
from domain.supplier import SupplierProfile


class WorkbookTable:
    """A table in an .xlsx workbook."""

    def __init__(self, file: Snapshot, profile: SupplierProfile, sheet: str | None) -> None:
        if not openpyxl.DEFUSEDXML:
            raise RuntimeError("openpyxl runs without defusedxml, so no workbook is read")
        self.name = file.name
        self._limits = profile.limits
        self._allow_hidden = profile.allow_hidden
        with workbook_errors(file.name), quiet():
            stream: Any = file.content
            with ZipFile(stream) as archive:
                check_archive(archive, name=file.name, size=file.size)
            self._book = openpyxl.load_workbook(stream, read_only=True, keep_links=False)
            self._sheet = choose_sheet(self._book, name=file.name, profile=profile, sheet=sheet)
            self._dates: set[int] = self._book._date_formats  # type: ignore[attr-defined]
            self._check_used_range()
            self.header = find_header(self._head(), profile)
        self.notes = (f"{self.header.row_index} rows above the header skipped",) if self.header.row_index > 0 else ()
        self._watched = {self.header.iccid, self.header.name, self.header.tags}

    def rows(self) -> Iterator[Row]:
        """Yield the rows below the header; rows that the sheet leaves out are blank."""
        width = len(self.header.columns)
        columns = list(range(1, width + 1))
        expected = self.header.row_index + 2
        with workbook_errors(self.name), self._sheet._get_source() as source:
            parser = SheetParser(self._sheet, source)
            for row_no, cells in parser.numbered_rows():
                if row_no != expected:
                    if row_no < self.header.row_index + 2:
                        continue
                    self._check_order(row_no, expected)
                    yield from ((missing, [""] * width, None) for missing in range(expected, row_no))
                expected = row_no + 1
                texts = [cell["value"] for cell in cells if cell["data_type"] == TEXT]
                if len(texts) == width and None not in texts and [cell["column"] for cell in cells] == columns:
                    yield row_no, texts, None
                else:
                    yield row_no, *self._with_care(cells, width)
            self._check_hidden_rows(parser.hidden_rows)

    def _with_care(self, cells: list[Cell], width: int) -> tuple[list[str], dict[int, Oddity] | None]:
        """Return the cells of a row at their places, and those that should be text but are not."""
        texts = [""] * width
        odd: dict[int, Oddity] = {}
        last = 0
        for cell in cells:
            column: int = cell["column"]
            self._check_column(column, last)
            last = column
            text = as_text(cell, self._dates)
            if column > width and text.strip():
                texts.extend([""] * (column - len(texts)))
            if column <= len(texts):
                texts[column - 1] = text
            if cell["value"] is not None and cell["data_type"] != TEXT and column - 1 in self._watched:
                odd[column - 1] = oddity_of(cell, self._dates)
        return texts, odd or None

    def _head(self) -> list[list[str]]:
        """Return the first rows as text, without blank cells at their ends."""
        head: list[list[str]] = []
        self._watched: set[int | None] = set()
        with self._sheet._get_source() as source:
            parser = SheetParser(self._sheet, source)
            for row_no, cells in parser.numbered_rows():
                if row_no > HEAD_ROWS:
                    break
                head.extend([] for _ in range(len(head) + 1, row_no))
                head.append(self._with_care(cells, 0)[0])
        self._check_hidden_columns(parser.hidden_columns, max(map(len, head), default=0))
        if not any(head):
            raise FileRefused(FileCode.EMPTY, f"{self.name!r} is empty; hand in a sheet with a header and rows.")
        return head

    def _check_used_range(self) -> None:
        rows, columns = self._sheet.max_row or 0, self._sheet.max_column or 0
        if columns > self._limits.max_columns or rows > self._limits.max_rows + self._limits.max_title_rows + 1:
            raise FileRefused(
                FileCode.RANGE,
                f"The sheet of {self.name!r} reaches to {get_column_letter(min(columns, 16384))}{rows}; "
                "delete everything beside and below the table.",
            )

    def _check_order(self, row_no: int, expected: int) -> None:
        if row_no < expected:
            raise FileRefused(FileCode.BROKEN, f"{self.name!r} holds row {row_no} twice; save it again in Excel.")
        if row_no - expected > self._limits.max_blank_gap:
            raise FileRefused(
                FileCode.RANGE,
                f"{self.name!r} leaves {row_no - expected:,} rows empty before row {row_no}; delete what is below the table.",
            )

    def _check_column(self, column: int, last: int) -> None:
        if column <= last:
            raise FileRefused(FileCode.BROKEN, f"{self.name!r} holds a cell twice; save it again in Excel.")
        if column > self._limits.max_columns:
            raise FileRefused(
                FileCode.RANGE,
                f"{self.name!r} has a cell in column {get_column_letter(min(column, 16384))}; "
                "delete everything beside the table.",
            )

    def _check_hidden_rows(self, count: int) -> None:
        if count and not self._allow_hidden:
            raise FileRefused(
                FileCode.HIDDEN,
                f"{self.name!r} hides {count} rows by a filter or by hand; show all rows and save it again.",
            )

    def _check_hidden_columns(self, columns: list[int], width: int) -> None:
        hidden = [get_column_letter(column) for column in columns if column <= width]
        if hidden and not self._allow_hidden:
            raise FileRefused(
                FileCode.HIDDEN,
                f"{self.name!r} hides columns from {', '.join(hidden)}; show all columns and save it again.",
            )
