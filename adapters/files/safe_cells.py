"""Text for reports: nothing in it can run as a formula, break a line of a table or steer a terminal."""

import re

from domain.labels import FORMULA_STARTS

CELL_LIMIT = 32_767  # characters that a cell of a workbook can hold
LOST = "\ufffd"
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def safe_csv(text: str) -> str:
    """Return text that a spreadsheet opening the CSV takes for text."""
    clean = plain(text)
    return f"'{clean}" if clean[:1] and clean[0] in FORMULA_STARTS else clean


def plain(text: str) -> str:
    """Return text without what no table can hold; the reader refuses the mark that stands in its place."""
    if text.isascii() and text.isprintable() and len(text) < CELL_LIMIT:
        return text
    return _CONTROLS.sub(LOST, text)[:CELL_LIMIT]


def unquoted(text: str) -> str:
    """Return text as it was before `safe_csv`."""
    return text[1:] if text[:1] == "'" and text[1:2] and text[1] in FORMULA_STARTS else text
