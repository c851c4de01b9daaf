"""openpyxl's own parser of a sheet, one level below its cells: values with their types, hidden rows counted."""

from collections.abc import Iterator
from typing import IO, Any

from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet._reader import COL_TAG, INLINE_STRING, ROW_TAG, VALUE_TAG, WorkSheetParser
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

_TEXT_TAG = f"{{{SHEET_MAIN_NS}}}t"
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

    def parse_cell(self, element: Any) -> Cell:
        """Return a cell as a dict; the two plain forms of text are taken the short way."""
        coordinate = element.get("r")
        if coordinate is not None:
            row, column = coordinate_to_tuple(coordinate)
            if row != self.row_counter:
                raise ValueError("a cell stands in the wrong row")
        else:
            column = self.col_counter + 1
        text = self._plain_text(element)
        if text is None:
            return dict(super().parse_cell(element))
        self.col_counter = column
        return {"column": column, "value": text, "data_type": "s", "style_id": 0}

    def _plain_text(self, element: Any) -> str | None:
        """Return the text of a cell that holds a shared or an unformatted string and nothing else."""
        if len(element) != 1:
            return None
        kind, child = element.get("t"), element[0]
        if kind == "s" and child.tag == VALUE_TAG and child.text:
            index = int(child.text)
            if index < 0:
                raise ValueError("a cell points before the first shared string")
            return str(self.shared_strings[index])
        if kind == "inlineStr" and child.tag == INLINE_STRING and len(child) == 1 and child[0].tag == _TEXT_TAG:
            return child[0].text or ""
        return None
