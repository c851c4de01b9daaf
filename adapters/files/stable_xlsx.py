"""Small workbooks whose bytes depend on nothing but their cells."""

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import openpyxl

EPOCH = datetime(2026, 1, 1)


def save_stable(path: Path, rows: Iterable[Sequence[str | float | None]]) -> None:
    """Write rows as one sheet; text stays text, numbers become numeric cells."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("SIMs")
    for row in rows:
        sheet.append(list(row))
    book.properties.created = EPOCH
    with io.BytesIO() as first:
        book.save(first)
        path.write_bytes(_settled(first))


def _settled(source: io.BytesIO) -> bytes:
    """Pack the parts again with fixed times, and unpressed, since two versions of zlib press differently."""
    target = io.BytesIO()
    stamp = EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with ZipFile(source) as old, ZipFile(target, "w", ZIP_STORED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml":
                start = content.index(b"<dcterms:modified")
                begin, end = content.index(b">", start) + 1, content.index(b"</dcterms:modified>")
                content = content[:begin] + stamp + content[end:]
            new.writestr(ZipInfo(entry.filename, EPOCH.timetuple()[:6]), content, ZIP_STORED)
    return target.getvalue()
