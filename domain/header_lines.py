"""Headers that stand in two lines: a group above its columns, or a name that goes on below."""

import re
from collections.abc import Sequence
from typing import NamedTuple

_DIGITS = re.compile(r"[0-9]{6,}")
_NUMBER = re.compile(r"[0-9]{15,}|[0-9][.,][0-9]+E\+?[0-9]+")


class HeaderName(NamedTuple):
    """The name of a column as it is shown, and every reading of it that could be that of a secret."""

    own: str
    shown: str
    readings: frozenset[str]


def continues(rows: Sequence[Sequence[str]], index: int, at: int) -> bool:
    """Tell whether the row below the header is its second line; `at` is the column of the ICCID.

    It has no number, its ICCID cell is empty or in brackets, and a row with a number stands below.
    """
    header, *below = rows[index : index + 10]
    if len(below) < 2 or any(_DIGITS.search(cell) for cell in below[0]):
        return False
    own, next_own = _cell(below[0], at), _cell(below[1], at)
    nameless = any(cell.strip() and not _cell(header, place) for place, cell in enumerate(below[0]))
    fits = len(below[0]) <= max(len(header), *map(len, below[1:]))
    return _NUMBER.search(next_own) is not None and fits and (own.startswith("(") or (not own and nameless))


def header_names(above: Sequence[str], row: Sequence[str], below: Sequence[str]) -> list[HeaderName]:
    """The names of the columns, from the row above the header, the header, and its second line."""
    group = upper = ""
    names: list[HeaderName] = []
    for place in range(max(len(row), len(below))):
        own, second = _cell(row, place), _cell(below, place)
        group = _cell(above, place) or group
        upper = own or upper
        name = f"{own or _cell(above, place)} {second}".strip()
        readings = {own, second, name, f"{group} {own}", f"{upper} {second}" if second else ""}
        names.append(HeaderName(own, name, frozenset(readings - {"", " "})))
    return names


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""
