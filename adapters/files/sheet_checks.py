"""What is refused of a sheet: too wide, too long, out of order, or partly hidden."""

from collections.abc import Sequence

from openpyxl.utils import get_column_letter

from domain.errors import FileRefused
from domain.problems import FileCode
from domain.supplier import FileLimits

LAST_COLUMN = 16_384


def check_used_range(name: str, *, rows: int, columns: int, limits: FileLimits) -> None:
    """Refuse a sheet by the range it says it uses, before its cells are read."""
    if columns > limits.max_columns or rows > limits.max_rows + limits.max_title_rows + 1:
        raise FileRefused(
            FileCode.RANGE,
            f"The sheet of {name!r} reaches to cell {_letter(columns)}{rows}; delete all beside and below the table.",
        )


def check_row_order(name: str, row_no: int, expected: int, limits: FileLimits) -> None:
    """Refuse rows that come twice, and a large hole, which is how a stray cell far below looks."""
    if row_no < expected:
        raise FileRefused(FileCode.BROKEN, f"{name!r} holds row {row_no} twice; save it again in Excel.")
    gap = row_no - expected
    if gap > limits.max_blank_gap:
        raise FileRefused(
            FileCode.RANGE, f"{name!r} leaves {gap:,} rows empty before row {row_no}; delete what is below the table."
        )


def check_column(name: str, column: int, last: int, limits: FileLimits) -> None:
    """Refuse cells that come twice or stand far to the right."""
    if column <= last:
        raise FileRefused(FileCode.BROKEN, f"{name!r} holds a cell twice; save it again in Excel.")
    if column > limits.max_columns:
        raise FileRefused(
            FileCode.RANGE, f"{name!r} has a cell in column {_letter(column)}; delete everything beside the table."
        )


def check_hidden_rows(name: str, count: int) -> None:
    """Refuse rows that the person who sent the file may not have seen."""
    if count:
        raise FileRefused(FileCode.HIDDEN, f"{name!r} hides {count} rows by a filter or by hand; show all and save it.")


def check_hidden_columns(name: str, columns: Sequence[int], width: int) -> None:
    """Refuse hidden columns inside the table; those beside it hide nothing."""
    hidden = [_letter(column) for column in columns if column <= width]
    if hidden:
        raise FileRefused(FileCode.HIDDEN, f"{name!r} hides columns from {', '.join(hidden)}; show all and save it.")


def _letter(column: int) -> str:
    return str(get_column_letter(min(max(column, 1), LAST_COLUMN)))
