"""A sheet of an Excel workbook as text cells; whatever is not text is named, never converted."""

import json
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from adapters.files.book_job import END, ROW, ROWS
from adapters.files.book_parent import BookAnswer
from adapters.files.sheet_checks import check_hidden_columns, check_hidden_rows, column_letters
from adapters.files.table import HEAD_ROWS, Columns, Piece, Row, batched, notes_on
from domain.errors import FileRefused
from domain.header import find_header
from domain.header_missing import looks_like_iccid
from domain.iccid import BLANKS
from domain.problems import FileCode, Oddity, RowCode
from domain.supplier import SupplierProfile
from domain.words import plural


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
        self._nameless = self._nameless_columns(head)
        self._remarks: list[str] = []  # the first cell beside the table, of each row that has one
        if not profile.allow_hidden:
            check_hidden_columns(name, told.hidden_columns, max(map(len, head)))
            check_hidden_rows(name, told.hidden_rows)

    @property
    def notes(self) -> tuple[str, ...]:
        """What stands above the header, and which cells have none."""
        count = plural(len(self._remarks), "row")
        said = [f"{count} with cells beside the table, which are not read; first {cell}" for cell in self._remarks[:1]]
        return (*notes_on(self.header), *self._nameless, *said)

    def _nameless_columns(self, head: list[list[str]]) -> list[str]:
        """Say which columns with values have no name."""
        header, below = self.header, head[self.header.row_index + 1 :]
        return [
            f"cell {column_letters(at + 1)}{header.row_index + 1} has no header; what stands below it is not used"
            for at, name in enumerate(header.columns)
            if not name and any(at < len(row) and row[at].strip(BLANKS) for row in below)
        ]

    def pieces(self) -> Iterator[Piece]:
        """Yield the rows below the header; rows that the sheet leaves out are blank."""
        self._remarks.clear()
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
                yield first, self._within(rows[0], width, first), kept or None
            elif {*map(len, rows)} == {width}:
                yield Columns(first, tuple(zip(*rows, strict=True)))
            else:
                fitted: Iterator[Row] = (
                    (nth, self._within(cells, width, nth), None) for nth, cells in enumerate(rows, first)
                )
                yield from batched(fitted, width)

    def _within(self, cells: list[str], width: int, row_no: int) -> list[str]:
        """Return the cells below the header, and remember a remark beside them; an ICCID there is no remark."""
        fitted = _fitted(cells, width)
        beside = [at for at in range(width, len(fitted)) if fitted[at].strip(BLANKS)]
        if not beside or any(looks_like_iccid(fitted[at]) for at in beside):
            return fitted
        self._remarks.append(f"{column_letters(beside[0] + 1)}{row_no}")
        return fitted[:width]

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
