"""Reading a file of SIMs into a manifest."""

from pathlib import Path

from adapters.files.kind import FileKind, detect
from adapters.files.snapshot import Snapshot, snapshot
from adapters.files.table import Table
from adapters.files.text_table import TextTable
from domain.intake import Intake
from domain.manifest import Manifest
from domain.supplier import SupplierProfile

DEFAULT_PROFILE = SupplierProfile()


def read_manifest(
    path: str | Path, *, profile: SupplierProfile = DEFAULT_PROFILE, sheet: str | None = None
) -> Manifest:
    """Read and check a file; every row gets an outcome, or the file is refused with a reason code."""
    with snapshot(Path(path), profile.limits) as file:
        return parse(file, profile=profile, sheet=sheet)


def parse(file: Snapshot, *, profile: SupplierProfile, sheet: str | None) -> Manifest:
    """Parse bytes that are already at hand; needs no path, so that it can run in another process."""
    table = open_table(file, profile, sheet)
    intake = Intake(table.header, profile)
    for row_no, cells, odd in table.rows():
        intake.add(row_no, cells, odd)
    intake.settle()
    _supply_originals(table, intake)
    return Manifest(
        source_name=file.name,
        digest=file.digest,
        columns=tuple(table.header.columns[index] for index in table.header.kept),
        rows=tuple(intake.rows),
        notes=(*table.notes, *intake.notes()),
    )


def open_table(file: Snapshot, profile: SupplierProfile, sheet: str | None) -> Table:
    """The table of a file, by what its bytes say it is."""
    if detect(file) is FileKind.TEXT:
        return TextTable(file, profile)
    from adapters.files.workbook_table import WorkbookTable  # noqa: PLC0415 - a CSV needs no openpyxl

    return WorkbookTable(file, profile, sheet)


def _supply_originals(table: Table, intake: Intake) -> None:
    """Read again for the rows that were rejected by comparison; keeping every row's cells would cost more."""
    lacking = intake.lacking()
    if not lacking:
        return
    for row_no, cells, _ in table.rows():
        if row_no in lacking:
            intake.supply(lacking[row_no], cells)
