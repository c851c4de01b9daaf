"""What every kind of file gives to the intake: a header and its rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from domain.header import Header
from domain.intake import Oddity

Row = tuple[int, Sequence[str], Mapping[int, Oddity] | None]
HEAD_ROWS = 64


class Table(Protocol):
    """A table that can be read more than once."""

    header: Header
    notes: tuple[str, ...]

    def rows(self) -> Iterator[Row]:
        """Yield row number, cells, and the cells that are no text, for each row below the header."""
        ...
