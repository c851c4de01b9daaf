"""Lines below the last SIM that end a file: `END`, a total, an end-of-file mark."""

import re
from collections.abc import Sequence

_LONGEST = 80  # characters of a line that ends a file
END_MARK = "\x1a"  # Ctrl-Z, which DOS wrote behind the last line of a text

_END = re.compile(
    r"\W*(?:end|eof|ende|fin)(?:\W+(?:of|du|der)?\W*(?:file|data|list|report|fichier|datei))?\W*", re.IGNORECASE
)
_WORDS = (
    r"(?:number|no|sims?|iccids?|cards?|rows?|records?|lines?|count|quantity|qty|of|pcs|units?|st(?:ue|ü)ck|karten)"
)
_TOTAL = re.compile(
    rf"\W*(?:grand\W+)?(?:total|sum|summe|gesamt|anzahl|count|record\W*count|trailer)(?:\W+{_WORDS})*"
    rf"\W*([0-9]{{1,3}}(?:[., ][0-9]{{3}})+|[0-9]{{0,9}})(?:\W*{_WORDS})*\W*",
    re.IGNORECASE,
)


def is_trailer(cells: Sequence[str]) -> bool:
    """Tell whether a row is a line that ends a file."""
    text = _joined(cells)
    return bool(text) and (_END.fullmatch(text) is not None or _TOTAL.fullmatch(text) is not None)


def total_of(cells: Sequence[str]) -> int | None:
    """The number of SIMs that a total line names, or None if it names none."""
    found = _TOTAL.fullmatch(_joined(cells))
    digits = re.sub("[^0-9]", "", found[1]) if found else ""
    return int(digits) if digits else None


def _joined(cells: Sequence[str]) -> str:
    """Return the text of a row; a row of many filled cells is no line that ends a file."""
    filled = [cell.strip(f" \t{END_MARK}") for cell in cells if cell.strip(f" \t{END_MARK}")]
    if not filled and any(END_MARK in cell for cell in cells):
        return "END"
    text = " ".join(filled[:2])
    return text if len(filled) <= 2 and len(text) <= _LONGEST else ""
