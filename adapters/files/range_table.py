"""A table of ranges as one with a row for each SIM, numbered as if the file had held them so."""

from collections.abc import Iterator, Mapping, Sequence

from adapters.files.table import Piece, Row, Table, batched, rows_of
from domain.header import Header
from domain.iccid_range import RangeCells, expand
from domain.problems import Oddity
from domain.supplier import SupplierProfile
from domain.words import plural


def expanded(table: Table, profile: SupplierProfile) -> Table:
    """The table itself, or one that expands its ranges if the supplier hands over ranges."""
    return RangeTable(table, profile) if profile.expand_ranges else table


class RangeTable:
    """The rows of a table, each range of them expanded."""

    def __init__(self, table: Table, profile: SupplierProfile) -> None:
        self._table = table
        self._profile = profile
        self._ranges = self._sims = 0
        self.header: Header = table.header
        self.kind = f"{table.kind}, ranges expanded"

    @property
    def notes(self) -> tuple[str, ...]:
        """What the table notes, and how many ranges became how many SIMs."""
        said = f"{plural(self._ranges, 'range')} expanded to {self._sims:,} SIMs; row numbers count the SIMs"
        return (*self._table.notes, *((said,) if self._ranges else ()))

    def pieces(self) -> Iterator[Piece]:
        """Yield a row for each SIM."""
        return batched(self._rows(), len(self.header.columns))

    def _rows(self) -> Iterator[Row]:
        self._ranges = self._sims = 0
        number = self.header.row_index + 2
        for row_no, cells, odd in rows_of(self._table):
            for copy in self._expanded(row_no, cells, odd):
                yield number, copy, odd
                number += 1

    def _expanded(self, row_no: int, cells: Sequence[str], odd: Mapping[int, Oddity] | None) -> Iterator[Sequence[str]]:
        ends = {place for place in (self.header.iccid, self.header.last) if place is not None}
        is_whole = len(cells) == len(self.header.columns)
        iccids = (
            expand(row_no, self._range_of(cells), self._profile) if is_whole and not ends & {*(odd or ())} else None
        )
        if iccids is None:
            yield cells
            return
        self._ranges += 1
        for iccid in iccids:
            self._sims += 1
            yield self._with(cells, iccid)

    def _range_of(self, cells: Sequence[str]) -> RangeCells:
        last, quantity = self.header.last, self.header.quantity
        return RangeCells(
            cells[self.header.iccid],
            "" if last is None else cells[last],
            "" if quantity is None else cells[quantity],
        )

    def _with(self, cells: Sequence[str], iccid: str) -> list[str]:
        copy = list(cells)
        copy[self.header.iccid] = iccid
        for place in (self.header.last, self.header.quantity):
            if place is not None:
                copy[place] = ""
        return copy
