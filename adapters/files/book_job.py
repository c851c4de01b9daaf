"""What the child that parses a workbook is asked for, and how its answer is written."""

import json
from typing import Any, NamedTuple, Self


class BookJob(NamedTuple):
    """One workbook to read: which sheet, what is allowed, and the limits of size, time and memory."""

    name: str
    size: int
    sheet: str | None  # asked for by name
    usual_sheet: str | None  # taken if there are several
    allow_hidden: bool
    allow_macros: bool
    max_rows: int
    max_columns: int
    max_title_rows: int
    max_sheets: int
    max_blank_gap: int
    max_field_chars: int
    max_seconds: int
    max_megabytes: int
    max_output_bytes: int

    def text(self) -> str:
        """The job as one argument of a command."""
        return json.dumps(self._asdict())

    @classmethod
    def of_text(cls, text: str) -> Self:
        """The job that such an argument holds."""
        values: dict[str, Any] = json.loads(text)
        return cls(**values)


# The answer is a line of JSON each, so that nothing a hostile workbook makes of the child can run in the parent:
# ["refused", code, message]   nothing else follows
# ["rows", first, [[cell, ...], ...]]   rows of text, one below the other
# ["row", number, [cell, ...], {"column from 0": [code, what]}]   a row with cells that are no text
# ["end", [hidden column, ...], hidden rows]   the last line of a whole answer
REFUSED, ROWS, ROW, END = "refused", "rows", "row", "end"
