"""The output files of SIM vendors (`.out`): what stands above their rows, and how the rows are split."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.errors import FileRefused
from domain.header import header_key
from domain.header_names import ALIASES
from domain.problems import FileCode

_VARIABLES = re.compile(r"\*?\s*var_?out(?:_?list)?\s*:\s*(.*\S)", re.IGNORECASE)
_KEY = re.compile(r"\s*([A-Za-z][\w .,/+-]{0,60}?)\s*:\s*(.*?)\s*")
_QUANTITY = re.compile(r"qua[a-z]*t[a-z]*y")  # it is often misspelt
_SEPARATORS = (None, ",", ";", "\t", "|", "/")  # None: runs of blanks


def is_vendor_file(head: str) -> bool:
    """Tell by its first characters whether a text is a vendor's output file."""
    return any(_VARIABLES.fullmatch(line.strip()) for line in head.splitlines())


@dataclass
class VendorHead:
    """What was read above the rows. Values of other keys, transport keys among them, are not kept."""

    variables: tuple[str, ...] = ()
    quantity: int | None = None
    iccid: str | None = None
    lines: int = 0
    keys: list[str] = field(default_factory=list)

    def read(self, line: str) -> bool:
        """Take the next line; tell whether it was the last one above the rows."""
        self.lines += 1
        if found := _VARIABLES.fullmatch(line.strip()):
            self.variables = tuple(name.strip() for name in found[1].split("/"))
            return True
        pair = _KEY.fullmatch(line)
        if pair is not None:
            self._keep(header_key(pair[1]), pair[2])
        return False

    def _keep(self, key: str, value: str) -> None:
        if _QUANTITY.fullmatch(key) and value.isascii() and value.isdigit():
            self.quantity = int(value)
        elif key in ALIASES["iccid"]:
            self.iccid = value.rstrip("Ff")


def separator_of(rows: Sequence[str], width: int) -> str | None:
    """Return the separator that splits most of these rows into so many fields; None stands for runs of blanks."""
    return max(_SEPARATORS, key=lambda separator: sum(len(split_row(row, separator)) == width for row in rows))


def split_row(row: str, separator: str | None) -> list[str]:
    """Split a row; a separator behind the last field counts for nothing."""
    fields = row.strip(" \r\n").split(separator)
    return fields[:-1] if separator is not None and len(fields) > 1 and not fields[-1].strip() else fields


def check_quantity(head: VendorHead, rows: int) -> None:
    """Refuse a file that was cut off or added to, by the number of rows it says it has."""
    if head.quantity is not None and head.quantity != rows:
        raise FileRefused(
            FileCode.QUANTITY,
            f"The file says that it has {head.quantity:,} SIMs and holds {rows:,}; ask the vendor for a whole file.",
        )


def check_first(head: VendorHead, first: str) -> tuple[str, ...]:
    """Refuse a file whose head names another first ICCID than its first row; return a note if only check digits differ.

    Heads are seen with a wrong check digit or without one.
    """
    row = first.strip().rstrip("Ff")
    if head.iccid is None or head.iccid == row or not head.iccid:
        return ()
    if len(head.iccid) >= 18 and len(row) >= 18 and head.iccid[:18] == row[:18]:
        return ("the head of the file names the first ICCID with another check digit",)
    raise FileRefused(
        FileCode.QUANTITY,
        "The head of the file names another ICCID than its first row; head and rows may be of two deliveries.",
    )
