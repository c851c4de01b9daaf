"""The report files of a batch: a workbook, the mapping, and the rejects in a form that can be handed in again."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from openpyxl import Workbook

from adapters.files.durable import written
from adapters.files.safe_cells import safe_csv
from adapters.files.sheets_out import Value, add_table, save, write_only_book
from adapters.files.summary_sheet import add_summary
from adapters.files.timing_sheet import add_timing
from domain.header import BATCH_COLUMN, REASON_COLUMNS
from domain.report import CallRow, MappingRow, RejectRow, ReportData

MAPPING_COLUMNS = ("name", "iccid", "endpoint_id", "state", "group", "tags", "outcome", "reason")
REJECT_SHEET = "Rejects"
Cells = Sequence[Value]


def write_reports(directory: Path, report: ReportData) -> list[Path]:
    """Write all report files of a batch and return their paths, the workbook first.

    Nothing is overwritten or removed, since a person may be working in the files of an earlier run: where there are
    some, all of these get the next number. Without rejects there are no reject files.
    """
    content = _Content(
        report,
        [_mapping_cells(row) for row in report.mapping],
        [_reject_cells(row, len(report.columns), report.joins) for row in report.rejects],
        list(report.calls),
    )
    stem = directory / file_stem(report.batch, report.account if report.has_others else "")
    for number in count(1):
        if not any(_path(stem, kind, number).exists() for kind in KINDS):
            with suppress(FileExistsError):  # another process was quicker
                return content.save(stem, number)
    raise AssertionError


KINDS = ("report.xlsx", "mapping.csv", "rejects.csv", "rejects.xlsx")


def _path(stem: Path, kind: str, number: int) -> Path:
    """The name of a report file: batch-report.xlsx, and of later runs batch-report-2.xlsx."""
    what, dot, end = kind.partition(".")
    return Path(f"{stem}-{what}{dot}{end}" if number == 1 else f"{stem}-{what}-{number}{dot}{end}")


@dataclass(frozen=True, slots=True)
class _Content:
    """What the report files of one run hold."""

    report: ReportData
    mapping: list[Cells]
    rejects: list[Cells]
    calls: list[CallRow]

    def save(self, stem: Path, number: int) -> list[Path]:
        """Write the files under a number that no other run has."""
        book, table, reject_table, reject_book = (_path(stem, kind, number) for kind in KINDS)
        paths = [_save(book, self._fill_report), _save_csv(table, MAPPING_COLUMNS, self.mapping)]
        if not self.rejects:
            return paths
        rows = [*self.rejects, *self._last_line()]
        return [*paths, _save_csv(reject_table, self._header, rows), _save(reject_book, self._fill_rejects)]

    @property
    def _header(self) -> Cells:
        return (*self.report.columns, *REASON_COLUMNS, *((BATCH_COLUMN,) if self.report.joins else ()))

    def _fill_report(self, book: Workbook) -> None:
        add_summary(book, self.report)
        add_table(book, "Mapping", MAPPING_COLUMNS, self.mapping)
        add_table(book, REJECT_SHEET, self._header, self.rejects)
        add_timing(book, self.calls)

    def _fill_rejects(self, book: Workbook) -> None:
        add_table(book, REJECT_SHEET, self._header, [*self.rejects, *self._last_line()])

    def _last_line(self) -> list[Cells]:
        """What to do with the file, in the columns of the reasons; the reader takes no row from it."""
        if not self.report.joins:
            return []
        words = (
            f"Correct the rows above and hand this file in again: they join batch {self.report.joins} and get its tags."
        )
        return [(*[""] * (len(self._header) - 2), words, self.report.joins)]


def file_stem(batch: str, account: str = "") -> str:
    """Return a batch's name as the start of a file name, with its account behind a sign that no batch's name keeps."""
    stem = _plain(batch).lstrip(".-")[:100] or "batch"
    return f"{stem}@{_plain(account)[:64]}" if account else stem


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text)


def _mapping_cells(row: MappingRow) -> Cells:
    tags = ",".join(row.tags)
    return (row.name, row.iccid, row.endpoint_id, row.state, row.group, tags, row.outcome, row.reason)


def _reject_cells(row: RejectRow, width: int, joins: str) -> Cells:
    original = (*row.original[:width], *[""] * (width - len(row.original)))  # cells may have been withheld
    return (*original, row.row_no, row.column, row.value, row.code, row.reason, *((joins,) if joins else ()))


def _save(path: Path, fill: Callable[[Workbook], None]) -> Path:
    with written(path, is_new=True) as stream, write_only_book() as book:
        fill(book)
        save(book, stream)
    return path


def _save_csv(path: Path, header: Cells, rows: Iterable[Cells]) -> Path:
    with written(path, is_new=True) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")  # the BOM tells Excel that it is UTF-8
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow([safe_csv(str(name)) for name in header])
        writer.writerows([safe_csv(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
        text.flush()
        text.detach()
    return path
