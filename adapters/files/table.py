"""What every kind of file gives to the intake: a header and its rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from domain.header import Header
from domain.problems import Oddity
from domain.words import plural

Row = tuple[int, Sequence[str], Mapping[int, Oddity] | None]
HEAD_ROWS = 64  # among which the header is looked for
BATCH = 4096  # rows that are checked together


class Columns(NamedTuple):
    """Rows of text that are all as wide as the header, as columns."""

    first: int  # number of the first row
    columns: Sequence[Sequence[str]]

    def rows(self) -> Iterator[Row]:
        """The same row by row."""
        return ((row_no, cells, None) for row_no, cells in enumerate(zip(*self.columns, strict=True), self.first))


Piece = Columns | Row


class Table(Protocol):
    """A table that can be read more than once."""

    @property
    def header(self) -> Header: ...
    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the file; complete once its rows were read."""
        ...

    @property
    def kind(self) -> str:
        """For people."""
        ...

    def pieces(self) -> Iterator[Piece]:
        """Yield the rows below the header, many at once where they are plain text."""
        ...


def rows_of(table: Table) -> Iterator[Row]:
    """Yield row number, cells, and the cells that are no text, for each row below the header."""
    for piece in table.pieces():
        if isinstance(piece, Columns):
            yield from piece.rows()
        else:
            yield piece


def batched(rows: Iterable[Row], width: int) -> Iterator[Piece]:
    """Join neighbouring rows of this width that hold nothing but text."""
    first = 0
    waiting: list[Sequence[str]] = []
    for row_no, cells, odd in rows:
        if odd or len(cells) != width:
            yield from _joined(first, waiting)
            waiting = []
            yield row_no, cells, odd
            continue
        if len(waiting) == BATCH:
            yield from _joined(first, waiting)
            waiting = []
        if not waiting:
            first = row_no
        waiting.append(cells)
    yield from _joined(first, waiting)


def _joined(first: int, rows: Sequence[Sequence[str]]) -> Iterator[Columns]:
    if rows:
        yield Columns(first, tuple(zip(*rows, strict=True)))


def notes_on(header: Header) -> tuple[str, ...]:
    """Say what was skipped above the header."""
    above = header.row_index - header.lines + 1
    return (f"{plural(above, 'row')} above the header skipped",) if above > 0 else ()
