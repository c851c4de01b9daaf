"""A SIM vendor's output file as a table."""

from collections.abc import Iterator
from itertools import islice

from adapters.files.table import Piece, Row, batched
from adapters.files.text_source import TextSource
from domain.errors import FileRefused
from domain.header import find_header
from domain.problems import FileCode
from domain.supplier import SupplierProfile
from domain.trailer import is_trailer, total_of
from domain.vendor import VendorHead, check_first, check_quantity, separator_of, split_row

_SAMPLE = 200
_HEAD_LINES = 1_000


class VendorTable:
    """The rows below the list of variables."""

    def __init__(self, source: TextSource, profile: SupplierProfile) -> None:
        self._source = source
        self._limits = profile.limits
        self._head = VendorHead()
        self._totals: list[int] = []  # of the lines that end the file, once they were read
        with source.open() as text:
            for line in islice(_lines(text), _HEAD_LINES):
                if self._head.read(line):
                    break
        self.header = find_header([self._head.variables], profile)
        width = len(self.header.columns)
        self._separator = separator_of([line for _, line in islice(self._data(), _SAMPLE)], width)
        self.notes = self._checked(width)
        self.kind = f"a vendor's output file, fields split by {self._separator or 'blanks'!r}"

    def pieces(self) -> Iterator[Piece]:
        """Yield the rows below the list of variables."""
        rows: Iterator[Row] = ((number, split_row(line, self._separator), None) for number, line in self._data())
        return batched(rows, len(self.header.columns))

    def _checked(self, width: int) -> tuple[str, ...]:
        """Compare the head with the rows."""
        first = next((split_row(line, self._separator) for _, line in self._data()), [])
        rows = sum(1 for _ in self._data())
        if self._head.quantity is None and self._totals:
            self._head.quantity = self._totals[0]
        check_quantity(self._head, rows)
        return check_first(self._head, first[self.header.iccid]) if len(first) == width else ()

    def _data(self) -> Iterator[tuple[int, str]]:
        """Yield the lines below the head, without those that end the file."""
        waiting: list[tuple[int, str]] = []
        for number, line in self._lines_below():
            waiting.append((number, line))
            if not is_trailer(line.split()):
                yield from waiting
                waiting = []
        self._totals = [total for _, line in waiting if (total := total_of(line.split())) is not None]

    def _lines_below(self) -> Iterator[tuple[int, str]]:
        with self._source.open() as text:
            for number, line in enumerate(_lines(text), 1):
                if len(line) > self._limits.max_field_chars:
                    raise FileRefused(
                        FileCode.TOO_LARGE, f"{self._source.name!r} has a very long line, number {number}; check it."
                    )
                if number > self._head.lines and line.strip() and not line.lstrip().startswith("*"):
                    yield number, line


def _lines(text: Iterator[str]) -> Iterator[str]:
    return (line.rstrip("\r\n") for line in text)
