"""Workbooks that Excel saved as "Strict Open XML Spreadsheet": the usual parts under other names of their XML."""

from tempfile import TemporaryFile
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

_WORKBOOK = "xl/workbook.xml"
_STRICT = b"http://purl.oclc.org/ooxml/"
_NAMES = (
    (b"http://purl.oclc.org/ooxml/spreadsheetml/main", b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
)
_HEAD = 64 * 1024
_XML = (".xml", ".rels")


def as_transitional(archive: ZipFile) -> IO[bytes] | None:
    """Return a strict workbook with the usual names, or None if it has them already."""
    with archive.open(_WORKBOOK) as stream:
        if _STRICT not in stream.read(_HEAD):
            return None
    copy = TemporaryFile()  # noqa: SIM115 - lives as long as the process that parses it
    with ZipFile(copy, "w", ZIP_DEFLATED, compresslevel=1) as target:
        for name in archive.namelist():
            target.writestr(name, _renamed(archive.read(name)) if name.lower().endswith(_XML) else b"")
    return copy


def _renamed(content: bytes) -> bytes:
    for strict, usual in _NAMES:
        content = content.replace(strict, usual)
    return content
