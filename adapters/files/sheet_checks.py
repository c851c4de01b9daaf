"""What is refused of a sheet: too wide, too long, out of order, or partly hidden."""

import re
from collections.abc import Sequence
from typing import Protocol

from domain.errors import FileRefused
from domain.problems import FileCode

LAST_COLUMN = 16_384
_DIMENSION = re.compile(rb'<dimension ref="(?:[A-Z]{1,3}[0-9]{1,7}:)?([A-Z]{1,3})([0-9]{1,7})"')


class SheetLimits(Protocol):
    """How far a sheet may reach."""

    @property
    def name(self) -> str:
        """Of the file, for display."""
        ...

    @property
    def max_rows(self) -> int: ...
    @property
    def max_columns(self) -> int: ...
    @property
    def max_title_rows(self) -> int: ...
    @property
    def max_blank_gap(self) -> int: ...


def check_dimension(head: bytes, limits: SheetLimits) -> None:
    """Refuse a sheet by the range that its first bytes say it uses, before its cells are read."""
    if found := _DIMENSION.search(head):
        check_used_range(rows=int(found[2]), columns=column_number(found[1].decode()), limits=limits)


def check_used_range(*, rows: int, columns: int, limits: SheetLimits) -> None:
    """Refuse a sheet by the range it says it uses."""
    if columns > limits.max_columns or rows > limits.max_rows + limits.max_title_rows + 1:
        raise FileRefused(
            FileCode.RANGE,
            f"The sheet of {limits.name!r} reaches to cell {column_letters(columns)}{rows}; "
            "delete all beside and below the table.",
        )


def check_row_order(row_no: int, expected: int, limits: SheetLimits) -> None:
    """Refuse rows that come twice, and a large hole, which is how a stray cell far below looks."""
    if row_no < expected:
        raise FileRefused(FileCode.BROKEN, f"{limits.name!r} holds row {row_no} twice; save it again in Excel.")
    gap = row_no - expected
    if gap > limits.max_blank_gap:
        raise FileRefused(
            FileCode.RANGE,
            f"{limits.name!r} leaves {gap:,} rows empty before row {row_no}; delete what is below the table.",
        )


def check_column(column: int, last: int, limits: SheetLimits) -> None:
    """Refuse cells that come twice or stand far to the right."""
    if column <= last:
        raise FileRefused(FileCode.BROKEN, f"{limits.name!r} holds a cell twice; save it again in Excel.")
    if column > limits.max_columns:
        raise FileRefused(
            FileCode.RANGE,
            f"{limits.name!r} has a cell in column {column_letters(column)}; delete everything beside the table.",
        )


def check_hidden_rows(name: str, count: int) -> None:
    """Refuse rows that the person who sent the file may not have seen."""
    if count:
        raise FileRefused(FileCode.HIDDEN, f"{name!r} hides {count} rows by a filter or by hand; show all and save it.")


def check_hidden_columns(name: str, columns: Sequence[int], width: int) -> None:
    """Refuse hidden columns inside the table; those beside it hide nothing."""
    hidden = [column_letters(column) for column in columns if column <= width]
    if hidden:
        raise FileRefused(FileCode.HIDDEN, f"{name!r} hides columns from {', '.join(hidden)}; show all and save it.")


def column_letters(column: int) -> str:
    """Return the letters of a column, counted from 1."""
    letters = ""
    column = min(max(column, 1), LAST_COLUMN)
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """Return the number of a column, counted from 1."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
