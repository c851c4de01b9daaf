"""Lets a child process parse a workbook, and says in one sentence what became of a child that did not come through."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

from adapters.files.book_job import END, REFUSED, BookJob
from adapters.files.snapshot import Snapshot
from domain.errors import FileRefused
from domain.problems import FileCode
from domain.supplier import SupplierProfile

_COMMAND = (sys.executable, "-I", "-m", "adapters.files.book_child")
_GRACE_SECONDS = 5  # beyond the limit of processor time, for a machine that is busy
_LAST_LINE = 64 * 1024
# The child gets nothing of ours: no password, no path. One thread is enough for it, and each reserves memory.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}


class BookAnswer(NamedTuple):
    """What a child told of a workbook: lines as in book_job, and what the sheet hides."""

    lines: IO[bytes]
    hidden_columns: list[int]
    hidden_rows: int


@contextmanager
def ask_child(file: Snapshot, profile: SupplierProfile, sheet: str | None) -> Iterator[BookAnswer]:
    """Parse a workbook in a child with limits; its answer is there for the length of a with block."""
    job = _job(file, profile, sheet)
    with tempfile.TemporaryFile() as lines:
        code = _run(file, job, lines)
        end = _end_of(lines)
        if end is not None and end[0] == REFUSED:
            raise FileRefused(FileCode(end[1]), str(end[2]))
        if code or end is None or end[0] != END:
            raise _refusal(code, job)
        yield BookAnswer(lines, [int(column) for column in end[1]], int(end[2]))


def _job(file: Snapshot, profile: SupplierProfile, sheet: str | None) -> BookJob:
    limits = profile.limits
    return BookJob(
        name=file.name,
        size=file.size,
        sheet=sheet,
        usual_sheet=profile.sheet,
        allow_hidden=profile.allow_hidden,
        allow_macros=profile.allow_macros,
        max_rows=limits.max_rows,
        max_columns=limits.max_columns,
        max_title_rows=limits.max_title_rows,
        max_sheets=limits.max_sheets,
        max_blank_gap=limits.max_blank_gap,
        max_field_chars=limits.max_field_chars,
        max_seconds=limits.max_seconds,
        max_megabytes=limits.max_megabytes,
        max_output_bytes=2 * limits.max_bytes,
    )


def _run(file: Snapshot, job: BookJob, lines: IO[bytes]) -> int:
    file.content.seek(0)
    child = subprocess.Popen(
        [*_COMMAND, job.text()],
        stdin=file.content.fileno(),  # makes a real file of it
        stdout=lines,
        stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT,
        cwd=os.sep,
        start_new_session=True,
    )
    try:
        return child.wait(job.max_seconds + _GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        return -signal.SIGXCPU
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def _end_of(lines: IO[bytes]) -> list[str] | None:
    """Return the last line if it is whole and short enough to be one that ends an answer."""
    size = lines.seek(0, os.SEEK_END)
    lines.seek(max(0, size - _LAST_LINE))
    last = lines.read().rpartition(b"\n")[0].rpartition(b"\n")[2]
    try:
        end: list[str] = json.loads(last)
    except ValueError:
        return None
    return end


def _refusal(code: int, job: BookJob) -> FileRefused:
    if code == -signal.SIGXCPU:
        words = f"takes more than {job.max_seconds} s to read"
    elif code == -signal.SIGXFSZ:
        words = "holds more text than any batch needs"
    elif code in {-signal.SIGABRT, -signal.SIGKILL}:
        words = f"needs more than {job.max_megabytes} MB of memory to read"
    else:
        return FileRefused(FileCode.BROKEN, f"{job.name!r} made the reader of workbooks fail; save it again in Excel.")
    return FileRefused(FileCode.TOO_LARGE, f"{job.name!r} {words}; delete all beside the table, or hand it in as CSV.")
