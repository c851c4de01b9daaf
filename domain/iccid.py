"""ICCIDs are text from the first byte to the last: one normal form, and a reason for everything else.

Trimming that is documented and noted, in this order: white space around, one leading apostrophe, `="..."` (if allowed),
the prefix `SIM:`, blanks and hyphens between digits (if allowed), one filler F after an odd number of digits.
Nothing else is ever changed, and digits that are gone are never guessed. A check digit is added only for lengths of
which the supplier's settings say that they lack it.
"""

import re
from typing import NamedTuple

from domain.iccid_reasons import (
    EXCEL_QUOTE_REASON,
    ZEROS_REASON,
    explain_length,
    explain_luhn,
    explain_prefix,
    explain_text,
)
from domain.problems import RowCode
from domain.supplier import Severity, SupplierProfile

BLANKS = " \t\r\n\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\ufeff"
FIFTEEN_DIGITS = 15  # what a spreadsheet keeps of a number; every digit after them becomes zero

DOUBLED = bytes(sum(divmod(2 * (code - 48), 10)) if 48 <= code <= 57 else 0 for code in range(256))
# Fifteen digits are what is left of an ICCID that a spreadsheet took for a number.
_LONG_NUMBER = re.compile(r"[0-9](?:[ \-]?[0-9]){14,}|[0-9]\.[0-9]{10,}")
_GROUPS = re.compile(r"[0-9]+(?:[ \-\u00a0\u202f][0-9]+)+[Ff]?")


class IccidResult(NamedTuple):
    """The canonical ICCID with notes on what was trimmed, or the reason why there is none."""

    iccid: str | None
    code: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    digits: str = ""  # of a refused text: the bare digits, for comparing rows with each other


def check_iccid(text: str, profile: SupplierProfile) -> IccidResult:
    """Return the canonical ICCID of a cell's text, or why it has none."""
    if text.isascii() and text.isdigit():
        if (
            len(text) in profile.lengths
            and text.startswith(profile.prefix)
            and not text.endswith("000")
            and luhn_ok(text)
        ):
            return IccidResult(text)
        return _judge_digits(text, profile, ())
    return _check_decorated(text, profile)


def luhn_ok(digits: str) -> bool:
    """Tell whether the last digit is the right check digit."""
    code = digits.encode("ascii")
    plain = code[-1::-2]  # summing bytes is done in C, which matters for a hundred thousand rows
    return (sum(plain) - 48 * len(plain) + sum(code[-2::-2].translate(DOUBLED))) % 10 == 0


def luhn_digit(digits: str) -> str:
    """Return the check digit that belongs after these digits."""
    code = digits.encode("ascii")
    doubled = sum(code[-1::-2].translate(DOUBLED))
    plain = code[-2::-2]
    return str(-(doubled + sum(plain) - 48 * len(plain)) % 10)


def mask_iccid(iccid: str) -> str:
    """Return an ICCID for logs: the first six and the last four characters."""
    return f"{iccid[:6]}…{iccid[-4:]}" if len(iccid) > 12 else "…"


def mask_numbers(text: str) -> str:
    """Mask whatever in a text could be an ICCID or an EID, also one with a wrong digit or with blanks and hyphens."""
    return _LONG_NUMBER.sub(lambda found: mask_iccid(re.sub(r"[ -]", "", found[0])), text)


def _check_decorated(text: str, profile: SupplierProfile) -> IccidResult:
    bare, notes, refusal = _trim(text, profile)
    if refusal is not None:
        return refusal
    if not bare:
        return IccidResult(None, RowCode.MISSING, "The ICCID is missing.")
    if bare.isascii() and bare.isdigit():
        return _judge_digits(bare, profile, notes)
    return IccidResult(None, *explain_text(bare))


def _trim(text: str, profile: SupplierProfile) -> tuple[str, tuple[str, ...], IccidResult | None]:
    """Take off what the module's text lists, and note each thing taken."""
    notes: list[str] = []
    bare = _noting(text, text.strip(BLANKS), "white space around the number removed", notes)
    bare = _noting(bare, bare.removeprefix("'").strip(BLANKS), "leading apostrophe removed", notes)
    if bare.startswith('="') and bare.endswith('"') and len(bare) > 3:
        if not profile.allow_excel_quote:
            return bare, (), IccidResult(None, RowCode.EXCEL_QUOTE, EXCEL_QUOTE_REASON)
        bare = _noting(bare, bare[2:-1].strip(BLANKS), 'Excel quoting ="..." removed', notes)
    if profile.allow_sim_prefix and bare[:4].upper() == "SIM:":
        bare = _noting(bare, bare[4:].strip(BLANKS), "prefix SIM: removed", notes)
    if profile.allow_grouping and _GROUPS.fullmatch(bare):
        bare = _noting(bare, re.sub(r"[^0-9Ff]", "", bare), "blanks or hyphens between digits removed", notes)
    if bare[-1:] in {"F", "f"} and _is_filled(len(bare), profile):
        bare = _noting(bare, bare[:-1], "filler F removed", notes)
    return bare, tuple(notes), None


def _is_filled(length: int, profile: SupplierProfile) -> bool:
    """Tell whether the last of so many characters can be a filler, which makes an odd count even; some fill up 18."""
    return length - 1 in profile.lengths and (length % 2 == 0 or length == 19)


def _noting(before: str, after: str, note: str, notes: list[str]) -> str:
    if after != before:
        notes.append(note)
    return after


def _judge_digits(digits: str, profile: SupplierProfile, notes: tuple[str, ...]) -> IccidResult:
    """Apply the rules to a text that is digits only."""
    if len(digits) in profile.add_check_digit:
        digits += luhn_digit(digits)
        notes = (*notes, "check digit added, which this supplier leaves out")
    if len(digits) not in profile.lengths:
        return IccidResult(None, RowCode.LENGTH, explain_length(digits, profile), digits=digits)
    if not digits.startswith(profile.prefix) and profile.prefix_check != Severity.OFF:
        if profile.prefix_check == Severity.REJECT:
            return IccidResult(None, *explain_prefix(digits, profile), digits=digits)
        notes = (*notes, f"does not start with {profile.prefix}")
    if ends_in_zeros(digits) and profile.trailing_zeros != Severity.OFF:
        if profile.trailing_zeros == Severity.REJECT:
            return IccidResult(None, RowCode.TRAILING_ZEROS, ZEROS_REASON, digits=digits)
        notes = (*notes, "ends in four or more zeros")
    if profile.luhn != Severity.OFF and not luhn_ok(digits):
        if profile.luhn == Severity.REJECT:
            return IccidResult(None, RowCode.LUHN, explain_luhn(digits), digits=digits)
        notes = (*notes, "check digit is wrong")
    return IccidResult(digits, notes=notes)


def ends_in_zeros(digits: str) -> bool:
    """Tell whether a number ends as one does after a spreadsheet kept only its first 15 digits."""
    return digits.endswith("0000") or (len(digits) == 18 and digits.endswith("000"))


def is_float_step(digits: str) -> bool:
    """Tell whether a number is a multiple of 1,024 (19 digits) or 16,384 (20), the steps of a floating-point number."""
    mask = 1023 if len(digits) < 20 else 16383
    return not int(digits[-14:]) & mask  # 10^14 is a multiple of both, so the last digits decide
