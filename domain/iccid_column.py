"""A column of ICCIDs checked at once: which of them are beyond doubt, and which need a closer look.

The digits at one place of all numbers are one byte string, and adding such strings as whole numbers adds them byte by
byte: the sum of 22 digits stays below 256, so nothing is carried over.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from domain.float_damage import Form, float_form
from domain.iccid import DOUBLED
from domain.supplier import SupplierProfile

_ZERO = ord("0")
_SINGLE = bytes(code - _ZERO if 48 <= code <= 57 else 0 for code in range(256))
_NO_TEN = bytes(value % 10 > 0 for value in range(256))
_NO_ZERO = bytes(code != _ZERO for code in range(256))
_BY_32 = tuple(
    bytes((code - _ZERO) * weight % 32 if 48 <= code <= 57 else 0 for code in range(256))
    for weight in (10_000, 1000, 100, 10, 1)
)
_IS_32 = bytes(value % 32 == 0 for value in range(256))
_IS_EIGHT = bytes(value % 8 == 0 for value in range(256))
_EXTENDED = 20  # digits from which 64 bits do not hold a number
_OTHER_THAN = {digit: bytes(code != ord(digit) for code in range(256)) for digit in "0123456789"}


class SoundNumbers(NamedTuple):
    """What the numbers of one length show that are beyond doubt one by one."""

    length: int
    rows: int
    forms: Counter[Form]  # those that look as if they had been floating-point numbers
    eights: int  # multiples of 8


class ColumnLook(NamedTuple):
    """What a look at a column found."""

    care: list[int]  # places of all texts that are not at once a canonical ICCID, in order
    sound: list[SoundNumbers]  # the others, by their length


def look_at(column: Sequence[str], profile: SupplierProfile) -> ColumnLook:
    """Look at a column of texts for what is not at once a canonical ICCID."""
    lengths = set(map(len, column))
    if len(lengths) == 1 and lengths <= profile.lengths and _all_digits(column):
        return _unsound(column, profile)
    care: list[int] = []
    sound: list[SoundNumbers] = []
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
            sound += found.sound
    return ColumnLook(sorted(care), sound)


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
    all_ones = int.from_bytes(b"\1" * size, "little")
    round_numbers = (_number(places[-1], _NO_ZERO) | _number(places[-2], _NO_ZERO)) ^ all_ones
    flags |= round_numbers & (_number(places[-3], _NO_ZERO) ^ all_ones)
    care = _set_bytes(flags.to_bytes(size, "little"))
    return ColumnLook(care, [_sound(column, places, flags ^ all_ones, round_numbers)])


def _sound(column: Sequence[str], places: Sequence[bytes], sound: int, round_numbers: int) -> SoundNumbers:
    """Count what may have been a floating-point number: of the sound numbers those that end in two zeros and the
    multiples of 32, which the last five digits tell, are looked at one by one."""
    size = len(column)
    rests = sum(_number(digits, table) for digits, table in zip(places[-5:], _BY_32, strict=True))
    rest = rests.to_bytes(size, "little")
    likely = (_number(rest, _IS_32) | round_numbers) & sound
    forms = [float_form(column[place]) for place in _set_bytes(likely.to_bytes(size, "little"))]
    eights = _number(rest, _IS_EIGHT) & sound if len(column[0]) == _EXTENDED else 0
    return SoundNumbers(len(column[0]), sound.bit_count(), Counter(filter(None, forms)), eights.bit_count())


def _number(digits: bytes, table: bytes) -> int:
    return int.from_bytes(digits.translate(table), "little")


def _set_bytes(flags: bytes) -> list[int]:
    found: list[int] = []
    place = flags.find(1)
    while place >= 0:
        found.append(place)
        place = flags.find(1, place + 1)
    return found
