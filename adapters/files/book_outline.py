"""The sheets of a workbook and the parts that hold them, read with defusedxml before anything else looks inside."""

import posixpath
import re
from collections.abc import Callable
from typing import Any, NamedTuple
from zipfile import ZipFile

from defusedxml.ElementTree import fromstring

from domain.errors import FileRefused
from domain.problems import FileCode

HEAD = 64 * 1024
_MAX_PART = 4 * 1024 * 1024
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ENTITIES = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


class SheetPart(NamedTuple):
    """A sheet: its title, whether it is seen, and its part of the archive."""

    title: str
    state: str
    part: str


def read_outline(archive: ZipFile, *, name: str) -> list[SheetPart]:
    """Return the worksheets in their order; refuses parts that define entities."""
    _refuse_entities(archive, name)
    workbook = _parsed(archive, "xl/workbook.xml")
    targets = {
        relation.get("Id"): relation.get("Target", "")
        for relation in _parsed(archive, "xl/_rels/workbook.xml.rels")
        if relation.get("Type", "").endswith("/worksheet")
    }
    found: list[SheetPart] = []
    for sheet in workbook.iter():
        target = targets.get(sheet.get(_RELATION))
        if sheet.tag.endswith("}sheet") and target:
            part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
            found.append(SheetPart(sheet.get("name", ""), sheet.get("state", "visible"), part))
    return found


def has_cells(archive: ZipFile) -> Callable[[SheetPart], bool]:
    """Return a test that tells by the first bytes of a sheet whether it holds any cell."""
    return lambda sheet: re.search(rb"<(\w+:)?c[ >]", head_of(archive, sheet.part)) is not None


def head_of(archive: ZipFile, part: str) -> bytes:
    """Return the first bytes of a part."""
    with archive.open(part) as stream:
        return stream.read(HEAD)


def _parsed(archive: ZipFile, part: str) -> Any:
    with archive.open(part) as stream:
        content = stream.read(_MAX_PART + 1)
    if len(content) > _MAX_PART:
        raise FileRefused(FileCode.TOO_LARGE, "The list of sheets is larger than that of any workbook.")
    return fromstring(content, forbid_dtd=True)


def _refuse_entities(archive: ZipFile, name: str) -> None:
    for part in archive.namelist():
        if part.lower().endswith((".xml", ".rels")) and _ENTITIES.search(head_of(archive, part).replace(b"\0", b"")):
            raise FileRefused(
                FileCode.ACTIVE_CONTENT, f"{name!r} defines XML entities, which no spreadsheet writes; it was not read."
            )
