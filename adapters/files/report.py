"""The report files of a batch: a workbook, the mapping, and the rejects in a form that can be handed in again."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from openpyxl import Workbook

from adapters.files.durable import written
from adapters.files.safe_cells import safe_csv
from adapters.files.sheets_out import Value, add_table, write_only_book
from adapters.files.summary_sheet import add_summary
from adapters.files.timing_sheet import add_timing
from domain.header import REASON_COLUMNS
from domain.report import MappingRow, RejectRow, ReportData

MAPPING_COLUMNS = ("name", "iccid", "endpoint_id", "state", "group", "tags", "outcome", "reason")
REJECT_SHEET = "Rejects"
Cells = Sequence[Value]


def write_reports(directory: Path, report: ReportData) -> list[Path]:
    """Write all report files of a batch and return their paths, the workbook first.

    Without rejects there are no reject files, and those of an earlier run are removed.
    """
    stem = directory / file_stem(report.batch)
    mapping = [_mapping_cells(row) for row in report.mapping]
    rejects = [_reject_cells(row, len(report.columns)) for row in report.rejects]
    calls = list(report.calls)
    header = (*report.columns, *REASON_COLUMNS)

    def fill_report(book: Workbook) -> None:
        add_summary(book, report)
        add_table(book, "Mapping", MAPPING_COLUMNS, mapping)
        add_table(book, REJECT_SHEET, header, rejects)
        add_timing(book, calls)

    def fill_rejects(book: Workbook) -> None:
        add_table(book, REJECT_SHEET, header, rejects)

    paths = [
        _save(Path(f"{stem}-report.xlsx"), fill_report),
        _save_csv(Path(f"{stem}-mapping.csv"), MAPPING_COLUMNS, mapping),
    ]
    reject_csv, reject_book = Path(f"{stem}-rejects.csv"), Path(f"{stem}-rejects.xlsx")
    if rejects:
        return [*paths, _save_csv(reject_csv, header, rejects), _save(reject_book, fill_rejects)]
    for stale in (reject_csv, reject_book):
        stale.unlink(missing_ok=True)
    return paths


def file_stem(batch: str) -> str:
    """Return a batch's name as the start of a file name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", batch).lstrip(".-")[:100] or "batch"


def _mapping_cells(row: MappingRow) -> Cells:
    tags = ",".join(row.tags)
    return (row.name, row.iccid, row.endpoint_id, row.state, row.group, tags, row.outcome, row.reason)


def _reject_cells(row: RejectRow, width: int) -> Cells:
    original = (*row.original[:width], *[""] * (width - len(row.original)))  # cells may have been withheld
    return (*original, row.row_no, row.column, row.value, row.code, row.reason)


def _save(path: Path, fill: Callable[[Workbook], None]) -> Path:
    with written(path) as stream, write_only_book() as book:
        fill(book)
        book.save(stream)
    return path


def _save_csv(path: Path, header: Sequence[str], rows: Iterable[Cells]) -> Path:
    with written(path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")  # the BOM tells Excel that it is UTF-8
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow([safe_csv(name) for name in header])
        writer.writerows([safe_csv(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
        text.flush()
        text.detach()
    return path
