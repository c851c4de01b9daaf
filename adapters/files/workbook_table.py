"""A sheet of an Excel workbook as text cells; whatever is not text is named, never converted."""

from collections.abc import Collection, Iterator
from typing import Any
from zipfile import ZipFile

import openpyxl

from adapters.files.cells import TEXT, as_text, oddity_of
from adapters.files.guard import quiet, workbook_errors
from adapters.files.sheet_checks import (
    check_column,
    check_hidden_columns,
    check_hidden_rows,
    check_row_order,
    check_used_range,
)
from adapters.files.sheet_choice import choose_sheet
from adapters.files.sheet_parser import Cell, SheetParser
from adapters.files.snapshot import Snapshot
from adapters.files.table import HEAD_ROWS, Row, notes_on
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
        self._show_hidden = profile.allow_hidden
        with workbook_errors(file.name), quiet():
            self._sheet = self._open(file, profile, sheet)
            self._dates: Collection[int] = self._sheet.parent._date_formats
            self.header = find_header(self._head(), profile)
        self.notes = notes_on(self.header)

    def rows(self) -> Iterator[Row]:
        """Yield the rows below the header; rows that the sheet leaves out are blank."""
        width = len(self.header.columns)
        columns = list(range(1, width + 1))
        first = expected = self.header.row_index + 2
        with workbook_errors(self.name), self._sheet._get_source() as source:
            parser = SheetParser(self._sheet, source)
            for row_no, cells in parser.numbered_rows():
                if row_no != expected:
                    if row_no < first and expected == first:
                        continue
                    check_row_order(self.name, row_no, expected, self._limits)
                    yield from ((missing, [""] * width, None) for missing in range(expected, row_no))
                expected = row_no + 1
                texts = [cell["value"] for cell in cells if cell["data_type"] == TEXT]
                if len(texts) == width and None not in texts and [cell["column"] for cell in cells] == columns:
                    yield row_no, texts, None
                else:
                    yield row_no, *self._with_care(cells, width)
            if not self._show_hidden:
                check_hidden_rows(self.name, parser.hidden_rows)

    def _open(self, file: Snapshot, profile: SupplierProfile, sheet: str | None) -> Any:
        stream: Any = file.content  # a spooled file has all that the libraries call
        with ZipFile(stream) as archive:
            check_archive(archive, name=file.name, size=file.size)
        book = openpyxl.load_workbook(stream, read_only=True, keep_links=False)
        found = choose_sheet(book, name=file.name, profile=profile, sheet=sheet)
        check_used_range(file.name, rows=found.max_row or 0, columns=found.max_column or 0, limits=profile.limits)
        return found

    def _head(self) -> list[list[str]]:
        """Return the first rows as text, without blank cells at their ends."""
        head: list[list[str]] = []
        with self._sheet._get_source() as source:
            parser = SheetParser(self._sheet, source)
            for row_no, cells in parser.numbered_rows():
                if row_no > HEAD_ROWS:
                    break
                head.extend([] for _ in range(len(head) + 1, row_no))
                head.append(self._placed(cells, 0))
        if not any(head):
            raise FileRefused(FileCode.EMPTY, f"{self.name!r} is empty; hand in a sheet with a header and rows.")
        if not self._show_hidden:
            check_hidden_columns(self.name, parser.hidden_columns, max(map(len, head)))
        return head

    def _with_care(self, cells: list[Cell], width: int) -> tuple[list[str], dict[int, Oddity] | None]:
        """Return the cells of a row at their places, and those that should be text but are not."""
        watched = {self.header.iccid, self.header.name, self.header.tags}
        odd = {
            cell["column"] - 1: oddity_of(cell, self._dates)
            for cell in cells
            if cell["column"] - 1 in watched and cell["data_type"] != TEXT and cell["value"] is not None
        }
        return self._placed(cells, width), odd or None

    def _placed(self, cells: list[Cell], width: int) -> list[str]:
        """Return the cells of a row at their places, longer than `width` only if something stands beyond it."""
        texts = [""] * width
        last = 0
        for cell in cells:
            column: int = cell["column"]
            check_column(self.name, column, last, self._limits)
            last = column
            text = as_text(cell, self._dates)
            if text.strip():
                texts.extend([""] * (column - len(texts)))
            if column <= len(texts):
                texts[column - 1] = text
        return texts
