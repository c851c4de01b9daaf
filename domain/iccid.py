"""ICCIDs are text from the first byte to the last: one normal form, and a reason for everything else.

Trimming that is documented and noted, in this order: white space around, one leading apostrophe, `="..."` (if
allowed), a prefix such as `SIM:`, `ICCID:` or `+CCID:`, blanks and hyphens between digits (if allowed), one filler F
after an odd number of digits.
Nothing else is ever changed, and digits that are gone are never guessed. A check digit is added only for lengths of
which the supplier's settings say that they lack it.
"""

import re
from typing import NamedTuple

from domain.iccid_reasons import (
    EXCEL_QUOTE_REASON,
    LIMIT_REASON,
    LIMITS_OF_PROGRAMS,
    RANGE_REASON,
    ZEROS_REASON,
    explain_length,
    explain_luhn,
    explain_prefix,
    explain_text,
)
from domain.problems import RowCode
from domain.supplier import Severity, SupplierProfile

BLANKS = " \t\r\n\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\ufeff"
DOUBLED = bytes(sum(divmod(2 * (code - 48), 10)) if 48 <= code <= 57 else 0 for code in range(256))
# Fifteen digits are what is left of an ICCID that a spreadsheet took for a number.
_LONG_NUMBER = re.compile(r"[0-9](?:[ \-]?[0-9]){14,}|[0-9]\.[0-9]{10,}")
_PREFIX = re.compile(r"(?:SIM|[+^#*$%]?Q?I?CCID)\s*[:=]\s*", re.IGNORECASE)  # as operators and modems write it
_RANGE = re.compile(
    r"([0-9]{18,22})[Ff]?\s*(?:-|\u2013|\u2014|\.{2,}|/|to|bis|,|;|\s)\s*([0-9]{1,22})[Ff]?", re.IGNORECASE
)
_LONGEST_RANGE = 80
_GROUPS = re.compile(r"[0-9]+(?:[ \-\u00a0\u202f][0-9]+)+[Ff]?")


class IccidResult(NamedTuple):
    """The canonical ICCID with notes on what was trimmed, or the reason why there is none."""

    iccid: str | None
    code: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    digits: str = ""  # as they stood in the file, for comparing rows with each other


def check_iccid(text: str, profile: SupplierProfile) -> IccidResult:
    """Return the canonical ICCID of a cell's text, or why it has none."""
    if text.isascii() and text.isdigit():
        if (
            len(text) in profile.lengths
            and text.startswith(profile.prefix)
            and not text.endswith("000")
            and luhn_ok(text)
        ):
            return IccidResult(text, digits=text)
        return _judge_digits(text, profile, ())
    return _check_decorated(text, profile)


def split_range(text: str) -> tuple[str, str] | None:
    """Return the two numbers of a text such as `8944…-8944…`; the second may be cut to its last digits."""
    bare = text.strip(BLANKS)
    found = _RANGE.fullmatch(bare) if len(bare) <= _LONGEST_RANGE else None
    if found is None:
        return None
    first, last = found[1], found[2]
    return first, first[: max(0, len(first) - len(last))] + last


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
    if split_range(bare) is not None:
        return IccidResult(None, RowCode.ICCID_RANGE, RANGE_REASON)
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
    if profile.allow_sim_prefix and (prefix := _PREFIX.match(bare)):
        number = bare[prefix.end() :].strip(BLANKS)
        number = number[1:-1] if number[:1] == number[-1:] == '"' else number
        bare = _noting(bare, number, f"prefix {prefix[0].strip().upper()} removed", notes)
    if profile.allow_grouping and _GROUPS.fullmatch(bare) and split_range(bare) is None:
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
    stood = digits
    if digits in LIMITS_OF_PROGRAMS:
        return IccidResult(None, RowCode.DAMAGED, LIMIT_REASON)
    if len(digits) in profile.add_check_digit:
        digits += luhn_digit(digits)
        notes = (*notes, "check digit added, which this supplier leaves out")
    if len(digits) not in profile.lengths:
        return IccidResult(None, RowCode.LENGTH, explain_length(digits, profile), digits=stood)
    if not digits.startswith(profile.prefix) and profile.prefix_check != Severity.OFF:
        if profile.prefix_check == Severity.REJECT:
            return IccidResult(None, *explain_prefix(digits, profile), digits=stood)
        notes = (*notes, f"does not start with {profile.prefix}")
    if ends_in_zeros(stood, is_whole=stood == digits) and profile.trailing_zeros != Severity.OFF:
        if profile.trailing_zeros == Severity.REJECT:
            return IccidResult(None, RowCode.TRAILING_ZEROS, ZEROS_REASON, digits=stood)
        notes = (*notes, "ends in four or more zeros")
    if profile.luhn != Severity.OFF and not luhn_ok(digits):
        if profile.luhn == Severity.REJECT:
            return IccidResult(None, RowCode.LUHN, explain_luhn(digits), digits=stood)
        notes = (*notes, "check digit is wrong")
    return IccidResult(digits, notes=notes, digits=stood)


def ends_in_zeros(digits: str, *, is_whole: bool) -> bool:
    """Tell whether a number ends as one does after a spreadsheet kept only its first 15 digits.

    Numbers without a check digit (not `is_whole`) are often handed over in thousands, so that three zeros say nothing.
    """
    return digits.endswith("0000") or (is_whole and len(digits) == 18 and digits.endswith("000"))
