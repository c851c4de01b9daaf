"""A sheet of an Excel workbook as text cells; whatever is not text is named, never converted."""

import json
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from adapters.files.book_job import END, ROW, ROWS
from adapters.files.book_parent import BookAnswer
from adapters.files.sheet_checks import check_hidden_columns, check_hidden_rows
from adapters.files.table import HEAD_ROWS, Columns, Piece, Row, batched, notes_on
from domain.errors import FileRefused
from domain.header import find_header
from domain.iccid import BLANKS
from domain.problems import FileCode, Oddity, RowCode
from domain.supplier import SupplierProfile


class WorkbookTable:
    """A table in an .xlsx workbook, as a child process told it."""

    kind = "an Excel workbook"

    def __init__(self, told: BookAnswer, *, name: str, profile: SupplierProfile) -> None:
        self.name = name
        self._lines_of_answer = told.lines
        head = self._head()
        if not any(head):
            raise FileRefused(FileCode.EMPTY, f"{name!r} is empty; hand in a sheet with a header and rows.")
        self.header = find_header(head, profile)
        self.notes = notes_on(self.header)
        if not profile.allow_hidden:
            check_hidden_columns(name, told.hidden_columns, max(map(len, head)))
            check_hidden_rows(name, told.hidden_rows)

    def pieces(self) -> Iterator[Piece]:
        """Yield the rows below the header; rows that the sheet leaves out are blank."""
        width, watched = len(self.header.columns), self.header.watched
        expected = self.header.row_index + 2
        for line in self._lines():
            first, rows = (line[1], line[2]) if line[0] == ROWS else (line[1], [line[2]])
            if first + len(rows) <= expected:
                continue
            rows, first = rows[max(0, expected - first) :], max(first, expected)
            yield from ((missing, [""] * width, None) for missing in range(expected, first))
            expected = first + len(rows)
            if line[0] == ROW:
                odd = {int(place): Oddity(RowCode(code), what) for place, (code, what) in line[3].items()}
                kept = {place: odd[place] for place in odd if place in watched}
                yield first, _fitted(rows[0], width), kept or None
            elif {*map(len, rows)} == {width}:
                yield Columns(first, tuple(zip(*rows, strict=True)))
            else:
                fitted: Iterator[Row] = ((nth, _fitted(cells, width), None) for nth, cells in enumerate(rows, first))
                yield from batched(fitted, width)

    def _head(self) -> list[list[str]]:
        """Return the first rows, without blank cells at their ends."""
        head: list[list[str]] = []
        for line in self._lines():
            for number, cells in enumerate(line[2] if line[0] == ROWS else [line[2]], line[1]):
                if number > HEAD_ROWS:
                    return head
                head.extend([] for _ in range(len(head) + 1, number))
                head.append(_fitted(cells, 0))
        return head

    def _lines(self) -> Iterator[list[Any]]:
        self._lines_of_answer.seek(0)
        return takewhile(lambda line: line[0] != END, map(json.loads, self._lines_of_answer))


def _fitted(cells: list[str], width: int) -> list[str]:
    """Return cells as many as the header has; more only if something stands beyond it."""
    while len(cells) > width and not cells[-1].strip(BLANKS):
        cells = cells[:-1]
    return cells + [""] * (width - len(cells))
