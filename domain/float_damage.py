"""Numbers that went through floating point, told by the digits as they stood in the file.

A double has 53 bits, so a number of 18, 19 or 20 digits comes back as a multiple of 128, 1,024 or 16,384, or, from
tools that write the shortest decimal, with zeros behind its 15th to 17th digit. One number in 51 (18 digits), 410 (19)
or 6,554 (20) looks so by chance: how many of a column do decides. The extended precision of 64 bits moves numbers of 20
digits to multiples of 8.
"""

from collections import Counter
from decimal import Decimal
from enum import Flag, auto
from math import lgamma, log

from domain.errors import FileRefused
from domain.problems import FileCode

ADVICE = (
    "the digits are lost and cannot be repaired; export the file again with the ICCID column as text "
    "(in Excel or LibreOffice: import with column type Text, never open a CSV by double click; "
    "in a program: read and write the column as strings)"
)
_DOUBLE_BITS = 53
_FIFTEEN = 15  # digits that every program gives back of a double
_BY_CHANCE = 2.5  # multiples and shortest decimals among as many numbers as lie between two doubles
_RARE = 11.0  # minus the logarithm of the chance from which a file is damaged: one in 60,000
_LEAST_EIGHTS, _SURE_EIGHTS = 5, 10
_EIGHT = 8


class Form(Flag):
    """How a number looks that may have been a double."""

    STEP = auto()  # it lies on a double
    SHORTEST = auto()  # it is the shortest decimal of its double
    FIFTEEN = auto()  # it has zeros behind digit 15


_WORDS = {
    Form.FIFTEEN: "end in zeros after digit 15, as after a spreadsheet",
    Form.SHORTEST: "end in zeros after digit 16, as after JavaScript, jq, or a program that writes workbook numbers",
    Form.STEP: "are multiples of 128 (18 digits), 1,024 (19) or 16,384 (20), as after a floating-point column",
}
_MIXED = "end in zeros or are multiples of 128, 1,024 or 16,384, as after a floating-point column"
_NOTHING = Form(0)


def float_form(digits: str) -> Form:
    """Tell how a number looks like one that was a double; no form if it does not."""
    number = int(digits)
    lost_bits = number.bit_length() - _DOUBLE_BITS
    if lost_bits <= 0:
        return _NOTHING
    form = _NOTHING if number & ((1 << lost_bits) - 1) else Form.STEP
    if digits.endswith("00") and int(Decimal(repr(float(number)))) == number:
        return form | (Form.SHORTEST if digits[_FIFTEEN:].strip("0") else Form.SHORTEST | Form.FIFTEEN)
    return form


class FloatCounts:
    """What a column of numbers shows, row by row or many rows at once."""

    def __init__(self) -> None:
        self._lengths: Counter[int] = Counter()
        self._forms: Counter[Form] = Counter()
        self._heads: dict[str, str] = {}  # first 15 digits of numbers with zeros behind them, and one such number
        self._shares_head = False
        self._eights = self._wrong_eights = 0

    def add(self, digits: str, *, is_refused: bool, is_wrong: bool) -> None:
        """Count one number; `is_wrong` tells that its check digit is."""
        self._lengths[len(digits)] += 1
        form = float_form(digits)
        if form:
            self._forms[form] += 1
        if Form.FIFTEEN in form:
            other = self._heads.get(digits[:_FIFTEEN])
            self._shares_head |= other is not None and (is_refused or other != digits)
            self._heads[digits[:_FIFTEEN]] = digits
        if len(digits) == 20 and not int(digits[-3:]) % _EIGHT:
            self._eights += 1
            self._wrong_eights += is_wrong

    def add_sound(self, length: int, rows: int, forms: Counter[Form], eights: int) -> None:
        """Count numbers of one length with right check digits, none of which ends in three zeros."""
        self._lengths[length] += rows
        self._forms += forms
        self._eights += eights if length == 20 else 0

    def check(self) -> None:
        """Refuse a column of which more numbers look like doubles than chance allows."""
        found, total = self._forms.total(), self._lengths.total()
        if self._shares_head or (_is_much(found, total) and self._is_beyond_chance(found)):
            words = next((words for form, words in _WORDS.items() if all(form in each for each in self._forms)), _MIXED)
            raise FileRefused(FileCode.DAMAGED, f"{found:,} of {total:,} ICCIDs {words}: {ADVICE}.")
        twenty = self._lengths[20]
        is_sure = twenty >= _SURE_EIGHTS or (twenty >= _LEAST_EIGHTS and 2 * self._wrong_eights >= twenty)
        if is_sure and self._eights == twenty:
            words = "are multiples of 8, as after Gnumeric or another program that keeps 64 bits of a number"
            raise FileRefused(FileCode.DAMAGED, f"{twenty:,} of {twenty:,} ICCIDs of 20 digits {words}: {ADVICE}.")

    def _is_beyond_chance(self, found: int) -> bool:
        expected = sum(rows * _chance(length) for length, rows in self._lengths.items())
        return found > expected and lgamma(found + 1) - found * log(expected) + expected > _RARE


def _chance(length: int) -> float:
    """The share of true numbers of this length, starting with 89, that look like doubles."""
    lost_bits = (9 * 10 ** (length - 1)).bit_length() - _DOUBLE_BITS
    return min(1.0, _BY_CHANCE / float(1 << max(lost_bits, 0)))


def _is_much(found: int, of: int) -> bool:
    """Tell a share that a damaged column has from a few numbers of a series that are round."""
    return found >= 2 and (found * 10 >= of or (found >= 10 and found * 100 >= of))
