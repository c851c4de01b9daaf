"""Parses one workbook in a process of its own: `python -m adapters.files.book_child JOB`, workbook in, lines out.

A hostile workbook can make a parser run away or abort, so it happens here, with limits of time, memory and output,
without the parent's environment, and with nothing else to lose.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO, Any
from zipfile import ZipFile

from adapters.files.book_job import END, REFUSED, ROW, ROWS, BookJob
from adapters.files.book_outline import has_cells, head_of, read_outline
from adapters.files.book_rows import BATCH, BookRow, BookTexts, CarefulSheet, open_plain, plain_rows
from adapters.files.book_scan import is_plain
from adapters.files.guard import quiet, workbook_errors
from adapters.files.sheet_checks import check_dimension
from adapters.files.sheet_choice import choose_sheet
from adapters.files.strict_book import as_transitional
from adapters.files.zip_checks import check_archive
from domain.errors import FileRefused
from domain.problems import FileCode

Line = list[Any]


def main() -> int:
    """Read the workbook on standard input and write its rows to standard output."""
    job = BookJob.of_text(sys.argv[1])
    _limit(job)
    sys.modules["numpy"] = None  # type: ignore[assignment] # openpyxl would import it and reserve memory for nothing
    stream = os.fdopen(os.dup(0), "rb")
    with os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogatepass") as out:
        for line in answer(stream, job):
            out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
    return 0


def answer(stream: IO[bytes], job: BookJob) -> Iterator[Line]:
    """Return the lines that tell of a workbook."""
    try:
        with workbook_errors(job.name), quiet():
            yield from _told(stream, job)
    except FileRefused as error:
        yield [REFUSED, str(error.code), str(error)]


def _told(stream: IO[bytes], job: BookJob) -> Iterator[Line]:
    with ZipFile(stream) as archive:
        check_archive(archive, name=job.name, size=job.size, allow_macros=job.allow_macros)
        stream = as_transitional(archive) or stream
    with ZipFile(stream) as archive:
        sheets = read_outline(archive, name=job.name)
        sheet = choose_sheet(sheets, job=job, has_cells=has_cells(archive))
        check_dimension(head_of(archive, sheet.part), job)
        is_simple = is_plain(archive, sheet.part, job)
    plain = open_plain(stream, sheet.title) if is_simple else None
    if plain is not None:
        yield from _plain_lines(plain, job)
        yield [END, [], 0]
        return
    careful = CarefulSheet(stream, sheet.part, job)
    yield from _lines(careful.rows(), job)
    yield [END, careful.hidden_columns, careful.hidden_rows]


def _plain_lines(sheet: Any, job: BookJob) -> Iterator[Line]:
    for piece in plain_rows(sheet):
        if isinstance(piece, BookTexts):
            _check_cells(piece.first, chain.from_iterable(piece.rows), job)
            yield [ROWS, piece.first, piece.rows]
        else:
            yield from _lines(piece, job)


def _lines(rows: Iterable[BookRow], job: BookJob) -> Iterator[Line]:
    """Join neighbouring rows of text, so that they are read again quickly."""
    first = 0
    waiting: list[list[str]] = []
    for row in rows:
        _check_cells(row.number, row.cells, job)
        if waiting and (row.odd or row.number != first + len(waiting) or len(waiting) == BATCH):
            yield [ROWS, first, waiting]
            waiting = []
        if row.odd:
            yield [ROW, row.number, row.cells, {place: list(odd) for place, odd in row.odd.items()}]
            continue
        first = first if waiting else row.number
        waiting.append(row.cells)
    if waiting:
        yield [ROWS, first, waiting]


def _check_cells(row: int, cells: Iterable[str], job: BookJob) -> None:
    if max(map(len, cells), default=0) > job.max_field_chars:
        raise FileRefused(
            FileCode.TOO_LARGE,
            f"{job.name!r} has a cell of more than {job.max_field_chars:,} characters in row {row} or soon below.",
        )


def _limit(job: BookJob) -> None:
    """Let the kernel end this process when it takes too much."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python would make an error of it that hides the cause
    memory = job.max_megabytes * 1024 * 1024
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, job.max_seconds),
        (resource.RLIMIT_FSIZE, job.max_output_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    sys.exit(main())
