"""Why no header was found: what the first row says, and which columns hold ICCIDs by their values."""

import re
from collections.abc import Sequence

from domain.problems import shown_masked

LONG_NUMBER = re.compile(r"[0-9]{17,}")
_ICCID = re.compile(r"[\s'\"]*(?:[A-Z+]{3,6}:\s*)?89[0-9]{15,18}[0-9Ff]?[\s\"]*|[\s]*8[.,]9[0-9]+E\+?0?1[89]\s*")


def looks_like_iccid(cell: str) -> bool:
    """Tell whether a cell could be an ICCID, also one that a spreadsheet damaged."""
    return _ICCID.fullmatch(cell) is not None


def explain_missing(rows: Sequence[Sequence[str]], most_titles: int) -> str:
    """Say what was looked at, and how the header can be named or added."""
    data = next((nth for nth, row in enumerate(rows) if any(map(LONG_NUMBER.search, row))), None)
    if data is None:
        return _nothing_found(rows, most_titles)
    above = next((nth for nth in range(data - 1, -1, -1) if any(cell.strip() for cell in rows[nth])), None)
    columns = iccid_columns(rows[data:])
    if above is not None and data <= most_titles + 1 and _is_header_of(rows[above], rows[data]):
        return _unknown_header(above, rows[above], columns)
    return _no_header(data, rows[data], columns)


def iccid_columns(rows: Sequence[Sequence[str]]) -> list[int]:
    """The columns that hold ICCIDs by their values."""
    width = max(map(len, rows), default=0)
    cells = [[row[at] for row in rows if at < len(row) and row[at].strip()] for at in range(width)]
    return [at for at, found in enumerate(cells) if found and 2 * sum(map(looks_like_iccid, found)) > len(found)]


def listed(columns: Sequence[str]) -> str:
    """The cells of a row for a message, masked and cut short."""
    found = ", ".join(repr(shown_masked(column)) for column in columns[:20])
    return found + (f" and {len(columns) - 20} more" if len(columns) > 20 else "")


def _is_header_of(row: Sequence[str], data: Sequence[str]) -> bool:
    """Tell a row of names from a title, which fills fewer cells than the data below."""
    filled = [sum(bool(cell.strip()) for cell in cells) for cells in (row, data)]
    return 2 * filled[0] >= filled[1]


def _unknown_header(index: int, row: Sequence[str], columns: Sequence[int]) -> str:
    said = f"No column of row {index + 1} is known as the ICCID; it reads {listed(row)}"
    if not columns:
        return f"{said}; rename the column with the ICCIDs to iccid, or name it in iccid_headers for this supplier."
    at = columns[0]
    name = shown_masked(row[at].strip()) if at < len(row) else ""
    if not name:
        return f"{said}; by its values column {at + 1} holds the ICCIDs and has no name: write iccid above it."
    more = "" if len(columns) == 1 else f" (so do {len(columns) - 1} more: name the right one)"
    return (
        f"{said}; by its values column {at + 1} ({name!r}) holds the ICCIDs{more}: rename it to iccid, "
        f'or set iccid_headers = ["{name}"] for this supplier.'
    )


def _no_header(index: int, row: Sequence[str], columns: Sequence[int]) -> str:
    where = f"column {columns[0] + 1}" if columns else "the column that holds the ICCIDs"
    by_place = " (the first column is the ICCID, the second the name, the third the tags)"
    return (
        f"Row {index + 1} already holds data ({listed(row)}) and no header was seen before it; add a first row that "
        f"names each column, with iccid above {where}, or set headerless = true for this supplier{by_place}."
    )


def _nothing_found(rows: Sequence[Sequence[str]], most_titles: int) -> str:
    first = next((row for row in rows if any(cell.strip() for cell in row)), ())
    columns = iccid_columns(rows[1:])
    hint = f"; by its values column {columns[0] + 1} holds the ICCIDs" if columns else ""
    return (
        f"No column is known as the ICCID in the first {most_titles + 1} rows; the first row reads {listed(first)}"
        f"{hint}; "
        "rename the right column to iccid, or name it in iccid_headers for this supplier."
    )
