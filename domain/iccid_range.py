"""A range of ICCIDs as one row hands it over: first, last, quantity; step 1 on the account number."""

from collections.abc import Iterator
from typing import NamedTuple

from domain.errors import FileRefused
from domain.float_damage import Form, float_form
from domain.iccid import check_iccid, luhn_digit, split_range
from domain.problems import FileCode, shown_masked
from domain.supplier import SupplierProfile

_LONGEST = 10  # characters of a quantity


class RangeCells(NamedTuple):
    """The cells of a row that tell of a range, empty where the file has no such column."""

    first: str
    last: str
    quantity: str


class _End(NamedTuple):
    """One end of a range: the digits that it counts, whether a check digit follows them, and how the number looks."""

    account: str
    has_check_digit: bool
    form: Form


def expand(row_no: int, cells: RangeCells, profile: SupplierProfile) -> Iterator[str] | None:
    """Yield the ICCIDs of a row's range as they would stand in a file, or return None for a row of one SIM.

    Raises FileRefused when its ends or its quantity contradict each other.
    """
    first, last = split_range(cells.first) or (cells.first.strip(), cells.last.strip())
    quantity = _quantity(row_no, cells.quantity)
    if not first or (not last and quantity in {None, 1}):
        return None
    start = _end(row_no, first, profile)
    length, number = len(start.account), int(start.account)
    count = _count(row_no, start, _end(row_no, last, profile), quantity) if last else quantity or 1
    if count > profile.limits.max_rows:
        raise FileRefused(
            FileCode.TOO_LARGE, f"Row {row_no} is a range of {count:,} SIMs, more than max_rows; split it."
        )
    accounts = (f"{account:0{length}d}" for account in range(number, number + count))
    return (account + luhn_digit(account) for account in accounts) if start.has_check_digit else accounts


def _count(row_no: int, start: _End, end: _End, quantity: int | None) -> int:
    """Return how many SIMs a range has; its quantity must say the same."""
    count = int(end.account) - int(start.account) + 1
    if len(end.account) != len(start.account) or count < 1:
        raise _contradiction(row_no, "its last ICCID is not behind its first, or has another length")
    if quantity is not None and quantity != count:
        words = f"from its first to its last ICCID it has {count:,} SIMs, its quantity is {quantity:,}"
        raise _contradiction(row_no, words)
    if quantity is None and count > 1 and start.form and end.form:
        raise _contradiction(row_no, "both its ends look as after a spreadsheet, and no quantity confirms them")
    return count


def _end(row_no: int, text: str, profile: SupplierProfile) -> _End:
    found = check_iccid(text, profile.for_rows())
    if found.iccid is None:
        why = f"{found.reason[:1].lower()}{found.reason[1:-1]}"
        raise _contradiction(row_no, f"{shown_masked(text)!r} is no ICCID: {why}")
    return _End(found.iccid[:-1], len(found.digits) not in profile.add_check_digit, float_form(found.digits))


def _quantity(row_no: int, text: str) -> int | None:
    bare = text.strip().replace(",", "")
    if not bare:
        return None
    if not (bare.isascii() and bare.isdigit() and len(bare) < _LONGEST and int(bare) > 0):
        raise _contradiction(row_no, f"its quantity {shown_masked(text)!r} is no number of SIMs")
    return int(bare)


def _contradiction(row_no: int, words: str) -> FileRefused:
    return FileRefused(
        FileCode.QUANTITY,
        f"Row {row_no} cannot be expanded: {words}; ask the supplier, correct it and hand it in again.",
    )
