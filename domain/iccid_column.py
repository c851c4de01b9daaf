"""A column of ICCIDs checked at once: which of them are beyond doubt, and which need a closer look.

The digits at one place of all numbers are one byte string, and adding such strings as whole numbers adds them byte by
byte: the sum of 22 digits stays below 256, so nothing is carried over.
"""

from collections.abc import Sequence

from domain.iccid import DOUBLED
from domain.supplier import SupplierProfile

_ZERO = ord("0")
_SINGLE = bytes(code - _ZERO if 48 <= code <= 57 else 0 for code in range(256))
_NO_TEN = bytes(value % 10 > 0 for value in range(256))
_NO_ZERO = bytes(code != _ZERO for code in range(256))
_OTHER_THAN = {digit: bytes(code != ord(digit) for code in range(256)) for digit in "0123456789"}


def needing_care(column: Sequence[str], profile: SupplierProfile) -> list[int]:
    """Return the places of all texts that are not at once a canonical ICCID, in order."""
    lengths = set(map(len, column))
    if len(lengths) == 1 and lengths <= profile.lengths and _all_digits(column):
        return _unsound(column, profile)
    found: list[int] = []
    plain: dict[int, list[int]] = {length: [] for length in profile.lengths}
    for place, text in enumerate(column):
        if len(text) in plain and text.isascii() and text.isdigit():
            plain[len(text)].append(place)
        else:
            found.append(place)
    for places in plain.values():
        if places:
            found += [places[nth] for nth in _unsound([column[place] for place in places], profile)]
    return sorted(found)


def _all_digits(column: Sequence[str]) -> bool:
    text = "".join(column)
    return text.isascii() and text.isdigit()


def _unsound(column: Sequence[str], profile: SupplierProfile) -> list[int]:
    """Return the places of numbers, all of one length, that fail the check digit or the prefix, or end in zeros."""
    size, length = len(column), len(column[0])
    code = "".join(column).encode("ascii")
    places = [code[place::length] for place in range(length)]
    total = sum(_number(digits, DOUBLED if (length - nth) % 2 == 0 else _SINGLE) for nth, digits in enumerate(places))
    flags = _number(total.to_bytes(size, "little"), _NO_TEN)
    for nth, digit in enumerate(profile.prefix):
        flags |= _number(places[nth], _OTHER_THAN[digit])
    not_zero = 0
    for digits in places[-3:]:
        not_zero |= _number(digits, _NO_ZERO)
    flags |= not_zero ^ int.from_bytes(b"\1" * size, "little")
    return _set_bytes(flags.to_bytes(size, "little"))


def _number(digits: bytes, table: bytes) -> int:
    return int.from_bytes(digits.translate(table), "little")


def _set_bytes(flags: bytes) -> list[int]:
    found: list[int] = []
    place = flags.find(1)
    while place >= 0:
        found.append(place)
        place = flags.find(1, place + 1)
    return found
