"""Reading a file of SIMs into a manifest."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from adapters.files.blank_table import blank_table
from adapters.files.book_parent import ask_child
from adapters.files.kind import FileKind, detect, refuse_false_name
from adapters.files.range_table import expanded
from adapters.files.safe_cells import unquoted
from adapters.files.snapshot import Snapshot, snapshot
from adapters.files.table import Columns, Table, rows_of
from adapters.files.text_source import TextSource
from adapters.files.text_table import TextTable
from adapters.files.unpacked import unpacked
from adapters.files.vendor_table import VendorTable
from adapters.files.workbook_table import WorkbookTable
from domain.intake import Intake
from domain.labels import Naming
from domain.manifest import Manifest
from domain.supplier import SupplierProfile
from domain.vendor import is_vendor_file

VENDOR_HEAD = 64 * 1024  # characters in which the list of variables must begin
DEFAULT_PROFILE = SupplierProfile()


def read_manifest(
    path: str | Path,
    *,
    profile: SupplierProfile = DEFAULT_PROFILE,
    sheet: str | None = None,
    naming: Naming | None = None,
    creates: bool = True,
) -> Manifest:
    """Read and check a file; every row gets an outcome, or the file is refused with a reason code.

    With `naming`, rows without a name are rejected if the name that would be made for them is not usable. A list of
    endpoints that exist (not `creates`) may have a column with their state.
    """
    with snapshot(Path(path), profile.limits) as file, open_table(file, profile, sheet) as table:
        return _parse(file, table, Intake(table.header, profile, naming, creates=creates))


class CheckedFile(NamedTuple):
    """What reading made of a file, and of each of its columns."""

    manifest: Manifest
    kind: str
    header_row: int
    columns: tuple[tuple[str, str], ...]  # name and use


def check_file(path: Path, *, profile: SupplierProfile, sheet: str | None = None) -> CheckedFile:
    """Read a file and say what was made of it."""
    with snapshot(path, profile.limits) as file, open_table(file, profile, sheet) as table:
        manifest = _parse(file, table, Intake(table.header, profile))
        return CheckedFile(manifest, table.kind, table.header.row_index + 1, table.header.uses())


def _parse(file: Snapshot, table: Table, intake: Intake) -> Manifest:
    for piece in table.pieces():
        if isinstance(piece, Columns):
            intake.add_columns(piece.first, piece.columns)
        else:
            intake.add(*piece)
    intake.settle()
    _supply_originals(table, intake)
    return Manifest(
        source_name=file.name,
        digest=file.digest,
        columns=tuple(table.header.columns[index] for index in table.header.kept),
        rows=intake.rows,
        notes=(*table.notes, *intake.notes()),
        batch=unquoted(intake.batch),
    )


@contextmanager
def open_table(file: Snapshot, profile: SupplierProfile, sheet: str | None) -> Iterator[Table]:
    """The table of a file, by what its bytes say it is, with a row for each SIM."""
    with unpacked(file, profile.limits) as inner:
        if detect(inner) is FileKind.TEXT:
            yield expanded(_text_table(TextSource(inner, profile), profile), profile)
            return
        with ask_child(inner, profile, sheet) as told:
            refuse_false_name(FileKind.WORKBOOK, inner.name)
            yield expanded(WorkbookTable(told, name=inner.name, profile=profile), profile)


def _text_table(source: TextSource, profile: SupplierProfile) -> Table:
    if is_vendor_file(source.head(VENDOR_HEAD)):
        return VendorTable(source, profile)
    return blank_table(source, profile) or TextTable(source, profile)


def _supply_originals(table: Table, intake: Intake) -> None:
    """Read again for the rows that were rejected by comparison; keeping every row's cells would cost more."""
    lacking = intake.lacking()
    if not lacking:
        return
    for row_no, cells, _ in rows_of(table):
        if row_no in lacking:
            intake.supply(lacking[row_no], cells)
