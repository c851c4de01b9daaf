"""openpyxl's own parser of a sheet, one level below its cells: values with their types, hidden rows counted."""

from collections.abc import Iterator
from typing import IO, Any

from openpyxl.worksheet._reader import COL_TAG, ROW_TAG, WorkSheetParser
from openpyxl.xml.functions import iterparse

_TRUE = frozenset({"1", "true"})
Cell = dict[str, Any]


class SheetParser(WorkSheetParser):
    """Parses one sheet as a stream and looks at nothing but columns and rows.

    The read-only worksheet of openpyxl builds an object for each cell to tell its type;
    the parser below it knows the type already, at about half the cost.
    """

    def __init__(self, sheet: Any, source: IO[bytes]) -> None:
        # Without date formats a date stays the number it is, and a wild one raises no warning.
        super().__init__(source, sheet._shared_strings, data_only=False)
        self.hidden_rows = 0
        self.hidden_columns: list[int] = []  # the first of each hidden range, counted from 1

    def numbered_rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """Yield row numbers and cells in the order of the sheet."""
        for _, element in iterparse(self.source):
            if element.tag == ROW_TAG:
                yield self._row(element)
                element.clear()
            elif element.tag == COL_TAG and (element.get("hidden") in _TRUE or element.get("width") == "0"):
                self.hidden_columns.append(int(element.get("min", "1")))

    def _row(self, row: Any) -> tuple[int, list[Cell]]:
        if (row.get("hidden") in _TRUE or row.get("ht") == "0") and len(row):
            self.hidden_rows += 1
        number = row.get("r")
        self.row_counter = int(number) if number is not None else self.row_counter + 1
        self.col_counter = 0
        return self.row_counter, [self.parse_cell(cell) for cell in row]
