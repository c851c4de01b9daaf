"""A text whose columns are kept apart by blanks, under a header."""

import io
from collections.abc import Iterator, Sequence
from itertools import islice

from adapters.files.table import HEAD_ROWS, Piece, Row, batched, notes_on
from adapters.files.text_source import TextSource
from domain.errors import FileRefused
from domain.header import Header, find_header
from domain.supplier import SupplierProfile

_DELIMITERS = (",", ";", "\t", "|", '"')
_LEAST_COLUMNS = 2


def blank_table(source: TextSource, profile: SupplierProfile) -> "BlankTable | None":
    """Return the table of a text without any delimiter whose header and rows have one number of fields."""
    head = [line.split() for line in io.StringIO(source.head(64 * 1024)).read().splitlines()[:HEAD_ROWS]]
    if not head or any(mark in cell for row in head for cell in row for mark in _DELIMITERS):
        return None
    try:
        header = find_header(head, profile)
    except FileRefused:
        return None
    rows = [row for row in head[header.row_index + 1 :] if row]
    width = len(header.columns)
    if header.row_index < 0 or width < _LEAST_COLUMNS or 2 * sum(len(row) == width for row in rows) <= len(rows):
        return None
    return BlankTable(source, header)


class BlankTable:
    """The rows of such a text."""

    kind = "text with columns kept apart by blanks"

    def __init__(self, source: TextSource, header: Header) -> None:
        self._source = source
        self.header = header
        self.notes = notes_on(header)

    def pieces(self) -> Iterator[Piece]:
        """Yield the rows below the header."""
        return batched(self._rows(), len(self.header.columns))

    def _rows(self) -> Iterator[Row]:
        with self._source.open() as text:
            below = self.header.row_index + 1
            for number, line in enumerate(islice(text, below, None), below + 1):
                fields: Sequence[str] = line.split()
                yield number, fields, None
