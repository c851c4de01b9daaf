"""What can be wrong with one row of a file, and how foreign text is shown safely."""

import re
import unicodedata
from enum import StrEnum
from typing import NamedTuple


class RowCode(StrEnum):
    """The reasons for which one row is rejected while the others go on."""

    MISSING = "missing"
    NOT_TEXT = "not_text"
    FORMULA = "formula"
    DAMAGED = "damaged"
    TRAILING_ZEROS = "trailing_zeros"
    NOT_DIGITS = "not_digits"
    HEX_LETTERS = "hex_letters"
    GROUPED = "grouped"
    EXCEL_QUOTE = "excel_quote"
    NIBBLE_SWAPPED = "nibble_swapped"
    LENGTH = "length"
    PREFIX = "prefix"
    LUHN = "luhn"
    CONFLICT = "conflict"
    COLLISION = "collision"
    ROW_LENGTH = "row_length"
    NAME_MISSING = "name_missing"
    NAME_LENGTH = "name_length"
    NAME_CHARACTERS = "name_characters"
    NAME_REPEATED = "name_repeated"
    TAG_LENGTH = "tag_length"
    TAG_CHARACTERS = "tag_characters"
    TAG_EMPTY = "tag_empty"
    TAG_REPEATED = "tag_repeated"
    TAG_COUNT = "tag_count"
    TAG_RESERVED = "tag_reserved"


class FileCode(StrEnum):
    """The reasons for which a whole file is refused."""

    EMPTY = "empty"
    NO_ROWS = "no_rows"
    TYPE = "type"
    PROTECTED = "protected"
    MACROS = "macros"
    ACTIVE_CONTENT = "active_content"
    BROKEN = "broken"
    DAMAGED = "damaged"
    ENCODING = "encoding"
    NUL = "nul"
    QUOTES = "quotes"
    HEADER_MISSING = "header_missing"
    HEADER_AMBIGUOUS = "header_ambiguous"
    COLUMN_REPEATED = "column_repeated"
    SHEETS = "sheets"
    HIDDEN = "hidden"
    RANGE = "range"
    TOO_LARGE = "too_large"
    NOT_A_FILE = "not_a_file"
    LINK = "link"
    UNREADABLE = "unreadable"
    CHANGED = "changed"


class Problem(NamedTuple):
    """One thing that is wrong with one cell of a row."""

    column: str
    value: str
    code: str
    reason: str


SHOWN_LENGTH = 60
_LONG_NUMBER = re.compile(r"\d{10,}")


def shown(text: str, *, limit: int = SHOWN_LENGTH) -> str:
    """Return foreign text cut short and with everything a terminal could obey spelled out."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(_shown_character(character) for character in cut)


def _shown_character(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode("ascii")


def shown_masked(text: str) -> str:
    """Return foreign text for a message, with every long number masked."""
    return _LONG_NUMBER.sub(lambda match: f"{match[0][:6]}…{match[0][-4:]}", shown(text))
