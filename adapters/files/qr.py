"""QR codes of eSIMs: what a phone scans to fetch its profile."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import segno

from adapters.files.durable import packed, written

_SCALE, _BORDER = 8, 4  # the standard asks for a border of four modules


def qr_png(lpa: str) -> bytes:
    """The QR code of an LPA string as PNG."""
    image = io.BytesIO()
    # SGP.22 leaves the level open; M survives a printed page and stays small enough for a phone's screen.
    segno.make_qr(lpa, error="m").save(image, kind="png", scale=_SCALE, border=_BORDER)
    return image.getvalue()


def write_qr(path: Path, lpa: str) -> Path:
    """Write the QR code of an LPA string."""
    with written(path) as stream:
        stream.write(qr_png(lpa))
    return path


def write_qr_zip(path: Path, lpas: Iterable[tuple[str, str]]) -> int:
    """Write a ZIP with one QR code for each ICCID, and return how many."""
    count = 0
    with written(path) as stream, packed(stream, zipfile.ZIP_STORED) as archive:
        for iccid, lpa in lpas:
            # A fixed date, so that the same batch gives the same bytes.
            archive.writestr(zipfile.ZipInfo(f"{iccid}.png", (1980, 1, 1, 0, 0, 0)), qr_png(lpa))
            count += 1
    return count
