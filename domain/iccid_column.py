"""A column of ICCIDs checked at once: which of them are beyond doubt, and which need a closer look.

The digits at one place of all numbers are one byte string, and adding such strings as whole numbers adds them byte by
byte: the sum of 22 digits stays below 256, so nothing is carried over.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from domain.iccid import DOUBLED, is_float_step
from domain.supplier import SupplierProfile

_ZERO = ord("0")
_SINGLE = bytes(code - _ZERO if 48 <= code <= 57 else 0 for code in range(256))
_NO_TEN = bytes(value % 10 > 0 for value in range(256))
_NO_ZERO = bytes(code != _ZERO for code in range(256))
_BY_SIXTEEN = tuple(
    bytes((code - _ZERO) * weight % 16 if 48 <= code <= 57 else 0 for code in range(256))
    for weight in (1000, 100, 10, 1)
)
_IS_SIXTEEN = bytes(value % 16 == 0 for value in range(256))
_OTHER_THAN = {digit: bytes(code != ord(digit) for code in range(256)) for digit in "0123456789"}


class ColumnLook(NamedTuple):
    """What a look at a column found."""

    care: list[int]  # places of all texts that are not at once a canonical ICCID, in order
    float_steps: int  # how many of the others look as if they had been a floating-point number
    lengths: Collection[int]  # of the numbers looked at


def look_at(column: Sequence[str], profile: SupplierProfile) -> ColumnLook:
    """Look at a column of texts for what is not at once a canonical ICCID."""
    lengths = set(map(len, column))
    if len(lengths) == 1 and lengths <= profile.lengths and _all_digits(column):
        return _unsound(column, profile)
    care: list[int] = []
    float_steps = 0
    plain: dict[int, list[int]] = {length: [] for length in profile.lengths}
    for place, text in enumerate(column):
        if len(text) in plain and text.isascii() and text.isdigit():
            plain[len(text)].append(place)
        else:
            care.append(place)
    for places in plain.values():
        if places:
            found = _unsound([column[place] for place in places], profile)
            care += [places[nth] for nth in found.care]
            float_steps += found.float_steps
    return ColumnLook(sorted(care), float_steps, [length for length, places in plain.items() if places])


def _all_digits(column: Sequence[str]) -> bool:
    text = "".join(column)
    return text.isascii() and text.isdigit()


def _unsound(column: Sequence[str], profile: SupplierProfile) -> ColumnLook:
    """Look for numbers, all of one length, that fail the check digit or the prefix, or end in zeros."""
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
    care = _set_bytes(flags.to_bytes(size, "little"))
    return ColumnLook(care, _float_steps(column, places, care), (length,))


def _float_steps(column: Sequence[str], places: Sequence[bytes], care: Sequence[int]) -> int:
    """Count multiples of 1,024 and more: first those of 16, which the last four digits tell, then these one by one."""
    rest = sum(_number(digits, table) for digits, table in zip(places[-4:], _BY_SIXTEEN, strict=True))
    found = set(_set_bytes(rest.to_bytes(len(column), "little").translate(_IS_SIXTEEN))).difference(care)
    return sum(is_float_step(column[place]) for place in found)


def _number(digits: bytes, table: bytes) -> int:
    return int.from_bytes(digits.translate(table), "little")


def _set_bytes(flags: bytes) -> list[int]:
    found: list[int] = []
    place = flags.find(1)
    while place >= 0:
        found.append(place)
        place = flags.find(1, place + 1)
    return found
