"""Why a text is not an ICCID, in one sentence that says what it looks like instead."""

import re

from domain.esim import is_eid
from domain.problems import RowCode
from domain.supplier import SupplierProfile

EXCEL_QUOTE_REASON = 'The number is wrapped as ="…"; write it as plain text, or allow Excel quoting for this supplier.'
ZEROS_REASON = (
    "The number ends in four or more zeros, as after a spreadsheet kept only 15 digits; "
    "check it against the printed SIM, then allow it for this supplier."
)

RANGE_REASON = (
    "The cell holds a range or two numbers; one line for each SIM is needed, "
    "or set expand_ranges = true for a supplier who hands over ranges."
)
LIMIT_REASON = (
    "This is a number that a program writes where the true one did not fit its type; "
    "export the file again with the ICCID column as text."
)
LIMITS_OF_PROGRAMS = frozenset(
    {
        *("-1", "2147483647", "2147483648", "-2147483648", "4294967295"),
        *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615"),
    }
)
_LOST = (
    "This is what a program writes for a value that it could not read as a number; "
    "export the file again with the ICCID column as text."
)
_THOUSANDS = (
    "A spreadsheet wrote the number with a separator every three digits and zeros after digit 15: "
    "the digits are lost, export the file again with the ICCID column as text."
)
_OTHER_FORM = "A spreadsheet or a program wrote the number in another form; export it as text again."
_SWAPPED = "This is the card's own byte order, which starts with 98; swap the digits of each pair."
_GROUPED = "The digits are written in groups; join them, or set allow_grouping = true for this supplier."
_OTHER_GROUPS = "The digits are written in groups; join them, or let the supplier write the number without separators."
_BY_THREE = r"[0-9]{1,3}(?:([.,'])[0-9]{3})(?:\1[0-9]{3}){4,}"
_BLANKS_BY_THREE = r"[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3}){5,}"
_NO_NUMBERS = r"(?i:nan|nat|<na>|[+-]?inf(?:inity)?|\(error\)|\(null\))"
_NO_VALUES = r"(?i:n/a|none|null|nil|-+|not ?applicable)"
# What a whole column of such cells is, in the words of the file's refusal.
COLUMN_WORDS = {
    _OTHER_FORM: "are numbers in another form, such as with an exponent, as a spreadsheet or a program writes them",
    _LOST: "hold what a program writes for a value that it could not read as a number",
    LIMIT_REASON: "hold the number that a program writes where the true one did not fit its type",
    _THOUSANDS: "are numbers with a separator every three digits and zeros after digit 15",
}
_LOOKS = tuple(
    (re.compile(pattern), code, reason)
    for pattern, code, reason in (
        (r"[+-]?[0-9]+([.,][0-9]*)?[eE][+-]?[0-9]+|[+-]?[0-9]+[.,][0-9]+", RowCode.DAMAGED, _OTHER_FORM),
        (r"[+-]?0[xX][0-9a-fA-F]+|[+-]?[0-9]+(_[0-9]+)+|[+-][0-9]{16,}", RowCode.DAMAGED, _OTHER_FORM),
        (r"\+[0-9]{4,15}", RowCode.LENGTH, "This looks like a phone number, not an ICCID."),
        (_NO_NUMBERS, RowCode.DAMAGED, _LOST),
        (_NO_VALUES, RowCode.MISSING, "The ICCID is missing; the cell says that there is none."),
        (r"98(?:[ \-:]?[0-9a-fA-F]{2}){8,10}", RowCode.NIBBLE_SWAPPED, _SWAPPED),
        (r"[0-9]+(?:[ \-]+[0-9]+)+[Ff]?", RowCode.GROUPED, _GROUPED),
        (r"[0-9]+(?:[ \-.,:']+[0-9]+)+[Ff]?", RowCode.GROUPED, _OTHER_GROUPS),
        (r"[0-9]+[0-9a-fA-F]*", RowCode.HEX_LETTERS, "The number holds letters A to F where only digits are expected."),
        (r"=.*", RowCode.FORMULA, "This is the text of a formula, not a number; write the number itself."),
        (r"#[A-Z0-9/]+[!?]?", RowCode.NOT_TEXT, "This is the error value of a spreadsheet, not a number."),
    )
)


def explain_text(text: str) -> tuple[RowCode, str]:
    """Say what a text that is not digits only looks like."""
    if text in LIMITS_OF_PROGRAMS:
        return RowCode.DAMAGED, LIMIT_REASON
    if _has_lost_tail(text):
        return RowCode.DAMAGED, _THOUSANDS
    if not text.isascii():
        return RowCode.NOT_DIGITS, _explain_foreign(text)
    for pattern, code, reason in _LOOKS:
        if pattern.fullmatch(text):
            return code, reason
    return RowCode.NOT_DIGITS, "This is not a number of digits 0 to 9."


def _has_lost_tail(text: str) -> bool:
    """Tell a long number with separators of thousands, of which a spreadsheet kept 15 digits."""
    if not re.fullmatch(_BY_THREE, text) and not re.fullmatch(_BLANKS_BY_THREE, text):
        return False
    return not re.sub("[^0-9]", "", text)[15:].strip("0")


def _explain_foreign(text: str) -> str:
    if any(character.isdigit() and not character.isascii() for character in text):
        return "The number holds digits of another script (for example full-width); only 0 to 9 are accepted."
    hidden = next((character for character in text if not character.isprintable()), "")
    if hidden:
        return f"The number holds the invisible character U+{ord(hidden):04X}; type it again."
    return "This is not a number of digits 0 to 9."


def explain_length(digits: str, profile: SupplierProfile) -> str:
    """Say how long the number is, how long it should be, and what it looks like."""
    wanted = " or ".join(str(length) for length in sorted(profile.lengths))
    return f"The number has {len(digits)} digits, expected {wanted}{_resembles(digits)}."


def _resembles(digits: str) -> str:
    if is_eid(digits):
        return "; it looks like an EID, which names the eUICC and not the profile"
    if len(digits) == 32:
        return "; it is as long as an EID"
    if len(digits) == 15:
        return "; it looks like an IMSI or an IMEI"
    if 8 <= len(digits) <= 14:
        return "; it looks like a phone number"
    if len(digits) in {17, 18}:
        return "; a digit may be missing at the end"
    return ""


def explain_prefix(digits: str, profile: SupplierProfile) -> tuple[RowCode, str]:
    """Say that the number starts wrongly, and whether it looks like the card's byte order."""
    if digits.startswith("98"):
        return (
            RowCode.NIBBLE_SWAPPED,
            _SWAPPED,
        )
    return RowCode.PREFIX, f"The number starts with {digits[:2]}, expected {profile.prefix}."


def explain_luhn(digits: str) -> str:
    """Say that the check digit is wrong."""
    if len(digits) == 19:
        return "The check digit is wrong: a digit was mistyped, or this is a 20-digit number without its last digit."
    return "The check digit is wrong: a digit was mistyped, left out or swapped."
