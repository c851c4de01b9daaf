"""Looks through the XML of a sheet for anything but plain cells in plain order, before a fast parser may have it.

calamine reads a sheet ten times as fast as openpyxl, but it takes a formula's cached text for text, sees no hidden row,
and reserves memory for the whole range that a stray cell spans. What this scan does not know is left to openpyxl.
"""

import re
from collections.abc import Iterator
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZipFile

from adapters.files.book_job import BookJob
from adapters.files.sheet_checks import column_letters, column_number

CHUNK = 1024 * 1024
_SPARE_CELLS = 1_000_000  # calamine takes 32 bytes for each cell of the range
_REFERENCE = re.compile(rb'<(?:row|c) r="([A-Z]{0,3})([0-9]{1,7})"')
_ROW_OR_CELL = re.compile(rb"<(?:row|c)[ />]")
_PLAIN_CELL = re.compile(rb'<c r="[A-Z]{1,3}[0-9]{1,7}"(?: s="[0-9]+")?(?: t="(?:s|inlineStr|n)")?/?>')
_CELL = re.compile(rb"<c[ />]")
# Formulas, comments and the like, readings of Japanese, rich text, another encoding, line ends that parsers read
# differently, flat rows and columns: searched one by one, which is ten times as fast as one pattern for all.
_UNUSUAL = (b"<f", b"<!", b"<?", b"<rPh", b"<r>", b"\0", b"\r", b"&#", b' ht="0', b' width="0"', b' width="0.')
_IF_AT_ALL = (
    (b":", re.compile(rb"<\w+:")),  # elements of another name space
    (b"_x", re.compile(rb"_x[0-9A-Fa-f]{4}_")),  # a character as Excel escapes it
    (b"hidden=", re.compile(rb"\shidden=\"(?!0\"|false\")")),
)
# Of a text with an element inside, one parser takes all and another what comes first.
_NOTHING_INSIDE = (
    (b"</t>", re.compile(rb"<t(?: xml:space=\"preserve\")?>[^<]*</t>")),
    (b"</v>", re.compile(rb"<v>[^<]*</v>")),
)
_STRINGS = "xl/sharedStrings.xml"
_ENDS = (b"</row>", b"</si>", b">")  # behind which a part may be cut, the best first
_DECLARATION = re.compile(
    rb"^(?:\xef\xbb\xbf)?<\?xml version=\"1\.0\"(?: encoding=\"(?i:utf-8)\")?(?: standalone=\"(?:yes|no)\")?\s*\?>\s*"
)


def is_plain(archive: ZipFile, part: str, job: BookJob) -> bool:
    """Tell whether a sheet, and the strings it shares with others, can be read by calamine with the same result."""
    order = _Order(job)
    sheet_data = 0
    is_shared = False
    try:
        for piece in _pieces(archive, part):
            if _is_unusual(piece) or not order.takes(piece):
                return False
            sheet_data += piece.count(b"<sheetData")
            is_shared = is_shared or b't="s"' in piece
        if sheet_data != 1 or not order.is_dense:
            return False
        if _STRINGS not in archive.namelist():
            return not is_shared  # they stand in a part of another name
        return not any(map(_is_unusual, _pieces(archive, _STRINGS)))
    except ExpatError:
        return False


def _is_unusual(piece: bytes) -> bool:
    return (
        any(token in piece for token in _UNUSUAL)
        or any(token in piece and pattern.search(piece) for token, pattern in _IF_AT_ALL)
        or any(len(pattern.findall(piece)) != piece.count(end) for end, pattern in _NOTHING_INSIDE)
    )


class _Order:
    """Checks that rows and cells have references that only grow, without large holes."""

    def __init__(self, job: BookJob) -> None:
        self._job = job
        self._row = 0
        self._digits = b""
        self._column = (0, b"")
        self._wide = (0, b"")
        self._widest = self._cells = 0
        last = column_letters(job.max_columns).encode()
        self._last_column = (len(last), last)

    @property
    def is_dense(self) -> bool:
        """Tell whether the range from the first cell to the last is not much larger than what is in it."""
        return self._row * self._widest <= _SPARE_CELLS + 16 * self._cells

    def takes(self, piece: bytes) -> bool:
        """Tell whether the next piece of a sheet goes on in good order."""
        found = _REFERENCE.findall(piece)
        if len(found) != len(_ROW_OR_CELL.findall(piece)):
            return False
        if len(_PLAIN_CELL.findall(piece)) != len(_CELL.findall(piece)):
            return False
        return all(self._follows(letters, digits) for letters, digits in found)

    def _follows(self, letters: bytes, digits: bytes) -> bool:
        if letters:
            column = (len(letters), letters)
            in_order = digits == self._digits and self._column < column <= self._last_column
            self._column = column
            self._cells += 1
            if column > self._wide:
                self._wide, self._widest = column, column_number(letters.decode())
            return in_order
        row = int(digits)
        in_order = 0 < row - self._row <= self._job.max_blank_gap and row <= self._job.max_rows + 100
        self._row, self._digits, self._column = row, digits, (0, b"")
        return in_order


def _pieces(archive: ZipFile, part: str) -> Iterator[bytes]:
    """Yield the XML of a part without its declaration, cut behind rows or texts.

    Raises ExpatError if it is not well-formed, which calamine does not mind.
    """
    parser = ParserCreate()
    with archive.open(part) as stream:
        chunk = stream.read(CHUNK)
        parser.Parse(chunk)
        chunk, rest = _DECLARATION.sub(b"", chunk, count=1), b""
        while chunk:
            chunk = rest + chunk
            end = next((place + len(token) for token in _ENDS if (place := chunk.rfind(token)) >= 0), len(chunk))
            yield chunk[:end]
            rest = chunk[end:]
            chunk = stream.read(CHUNK)
            parser.Parse(chunk)
    parser.Parse(b"", True)
    if rest.strip():
        yield rest
