"""A range of ICCIDs as one row hands it over: first, last, quantity; step 1 on the account number."""

from collections.abc import Iterator
from typing import NamedTuple

from domain.errors import FileRefused
from domain.iccid import check_iccid, luhn_digit, split_range
from domain.problems import FileCode, shown_masked
from domain.supplier import SupplierProfile


class RangeCells(NamedTuple):
    """The cells of a row that tell of a range, empty where the file has no such column."""

    first: str
    last: str
    quantity: str


def expand(row_no: int, cells: RangeCells, profile: SupplierProfile) -> Iterator[str] | None:
    """Yield the ICCIDs of a row's range as they would stand in a file, or return None for a row of one SIM.

    Raises FileRefused when its ends or its quantity contradict each other.
    """
    both = split_range(cells.first)
    first, last = both or (cells.first.strip(), cells.last.strip())
    quantity = _quantity(row_no, cells.quantity)
    if not first or (not last and quantity in {None, 1}):
        return None
    start, adds_digit = _account(row_no, first, profile)
    end = _account(row_no, last, profile)[0] if last else f"{int(start) + (quantity or 1) - 1:0{len(start)}d}"
    count = int(end) - int(start) + 1
    if len(end) != len(start) or count < 1:
        raise _contradiction(row_no, "its last ICCID is not behind its first, or has another length")
    if quantity is not None and quantity != count:
        raise _contradiction(
            row_no, f"from its first to its last ICCID it has {count:,} SIMs, its quantity is {quantity:,}"
        )
    if count > profile.limits.max_rows:
        raise FileRefused(
            FileCode.TOO_LARGE, f"Row {row_no} is a range of {count:,} SIMs, more than max_rows; split it."
        )
    accounts = (f"{number:0{len(start)}d}" for number in range(int(start), int(end) + 1))
    return (account + luhn_digit(account) for account in accounts) if adds_digit else accounts


def _account(row_no: int, text: str, profile: SupplierProfile) -> tuple[str, bool]:
    """Return the digits that a range counts, and whether a check digit follows them in the file."""
    found = check_iccid(text, profile)
    if found.iccid is None:
        raise _contradiction(
            row_no, f"{shown_masked(text)!r} is no ICCID: {found.reason[:1].lower()}{found.reason[1:-1]}"
        )
    lacks_digit = len(found.digits) in profile.add_check_digit
    return found.iccid[:-1], not lacks_digit


def _quantity(row_no: int, text: str) -> int | None:
    bare = text.strip().replace(",", "")
    if not bare:
        return None
    if not (bare.isascii() and bare.isdigit() and int(bare) > 0):
        raise _contradiction(row_no, f"its quantity {shown_masked(text)!r} is no number of SIMs")
    return int(bare)


def _contradiction(row_no: int, words: str) -> FileRefused:
    return FileRefused(
        FileCode.QUANTITY,
        f"Row {row_no} cannot be expanded: {words}; ask the supplier, correct it and hand it in again.",
    )
