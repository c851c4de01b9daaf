"""What every kind of file gives to the intake: a header and its rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from domain.header import Header
from domain.intake import Oddity

Row = tuple[int, Sequence[str], Mapping[int, Oddity] | None]
HEAD_ROWS = 64  # among which the header is looked for


class Table(Protocol):
    """A table that can be read more than once."""

    header: Header
    notes: tuple[str, ...]

    def rows(self) -> Iterator[Row]:
        """Yield row number, cells, and the cells that are no text, for each row below the header."""
        ...


def notes_on(header: Header) -> tuple[str, ...]:
    """Say what was skipped above the header."""
    return (f"{header.row_index} rows above the header skipped",) if header.row_index > 0 else ()
