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
    ICCID_RANGE = "iccid_range"
    CONTRADICTION = "contradiction"
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
    EID = "eid"
    SMDP_ADDRESS = "smdp_address"
    MATCHING_ID = "matching_id"
    ACTIVATION_CODE = "activation_code"
    ESIM_CONFLICT = "esim_conflict"
    ESIM_REPEATED = "esim_repeated"


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
    CHECK_DIGIT = "check_digit"
    ICCID_RANGE = "iccid_range"
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
    NAMES = "names"
    QUANTITY = "quantity"
    BATCHES = "batches"


class Problem(NamedTuple):
    """One thing that is wrong with one cell of a row."""

    column: str
    value: str
    code: str
    reason: str


class Oddity(NamedTuple):
    """A cell of a workbook that is not text: what it is, in words."""

    code: RowCode
    what: str


SHOWN_LENGTH = 60
WITHHELD = "(withheld)"
_ICCID_LIKE = re.compile(r"89[0-9]{13,}")
# Keys are written as 16 bytes or more in hexadecimal. An EID, of 32 digits, has no letter.
_KEY = re.compile(r"(?:[0-9A-Fa-f]{2}[ :]?){15,}[0-9A-Fa-f]{2}[ :]?[0-9A-Fa-f]?")
_LETTER, _DIGIT = re.compile(r"[A-Fa-f]"), re.compile(r"[0-9]")
_ANY_CODE = re.compile(r"[0-9]{4,}|(?=[A-Fa-f]*[0-9])[0-9A-Fa-f]{8,}")


def looks_secret(text: str) -> bool:
    """Tell whether a text looks like a key, whatever its column is called."""
    return len(text) >= 32 and any(_LETTER.search(run) and _DIGIT.search(run) for run in _KEY.findall(text))


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
    """Return foreign text for a message, with every long number masked and every other code left out."""
    return _ANY_CODE.sub(_masked, shown(WITHHELD if looks_secret(text) else text))


def _masked(match: re.Match[str]) -> str:
    code = match[0]
    return f"{code[:6]}…{code[-4:]}" if _ICCID_LIKE.fullmatch(code) else "…"
