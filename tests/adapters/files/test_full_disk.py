"""A disk that is full at any byte ends a writer with one error, and nothing is said behind its back."""

import gc
import io
import sys

import pytest

from adapters.files import durable
from adapters.files.qr import write_qr_zip
from adapters.files.report import write_reports
from adapters.files.sheets_out import write_table
from domain.report import MappingRow, ReportData

MAPPING = [MappingRow(f"name {n}", str(n), f"ep-{n}", "pre_active", "eu", ("x",), "confirmed") for n in range(400)]
REPORT = ReportData("Provisioning", "july", "demo", "run-1", {"rows": 400}, MAPPING, ("ICCID",), ())
ROWS = [{"iccid": str(number), "name": f"name {number * 7919}"} for number in range(400)]
WRITERS = {
    "report": lambda folder: write_reports(folder, REPORT),
    "workbook": lambda folder: write_table(folder / "rows.xlsx", ("iccid", "name"), ROWS),
    "codes": lambda folder: write_qr_zip(folder / "codes.zip", [(str(n), f"LPA:1$host${n}") for n in range(20)]),
}


class SmallDisk(io.FileIO):
    """A file on a disk with room for so many bytes."""

    room = 0

    def write(self, data):
        if self.tell() + len(data) > SmallDisk.room:
            raise OSError(28, "No space left on device")
        return super().write(data)


@pytest.fixture
def unseen(monkeypatch):
    """What the collector would print as an exception that it ignored."""
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda one: told.append(repr(one.exc_value)))
    gc.collect()
    gc.freeze()  # the collector goes through what this test makes, and not through a million objects each time
    yield told
    gc.unfreeze()


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_ends_a_writer_with_one_error_and_no_traceback(tmp_path, monkeypatch, unseen, writer):
    WRITERS[writer](tmp_path)
    size = max(one.stat().st_size for one in tmp_path.iterdir())
    monkeypatch.setattr(durable.os, "fdopen", lambda fd, _mode: io.BufferedWriter(SmallDisk(fd, "wb")))

    for room in [
        0,
        30,
        size // 4,
        size // 2,
        size * 3 // 4,
        size - 500,
    ]:  # the size of a workbook differs a little by its time
        SmallDisk.room = room
        with pytest.raises(OSError, match="No space left"):
            WRITERS[writer](tmp_path)
        gc.collect()

    assert unseen == []
    assert not list(tmp_path.glob(".*")), "a half-written file is left"
