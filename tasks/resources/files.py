"""Reads files of ICCIDs and writes reports."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.errors import Stopped
from domain.manifest import Manifest
from domain.options import Account
from domain.report import ReportData

if TYPE_CHECKING:
    pass


def read_manifest(file: str, options: Account, *, sheet: str | None = None) -> Manifest:
    """Read and check a file of ICCIDs."""
    from adapters.files.reader import read_manifest as read

    profile = options.supplier
    if profile.name_pattern is None:
        profile = profile.model_copy(update={"name_pattern": options.name_pattern})
    return read(Path(file), profile=profile, sheet=sheet)


def read_claim_codes(file: str, manifest: Manifest, options: Account, *, sheet: str | None = None) -> dict[str, str]:
    """The activation codes in a file of SIMs that are to be claimed; none for an account that claims nothing."""
    if not options.capabilities.needs_activation_code:
        return {}
    from adapters.files.claim_codes import read_claim_codes as read

    return read(Path(file), manifest, profile=options.supplier, sheet=sheet)


def write_reports(folder: Path, data: ReportData) -> list[Path]:
    """Write the report files of a run."""
    from adapters.files.report import write_reports as write

    try:
        return write(folder, data)
    except OSError as error:
        raise Stopped(
            f"The reports cannot be written to {folder}: {error.strerror}; all else is recorded, "
            "`preactive batch report` writes them again."
        ) from None


def safe_cell(value: object) -> object:
    """A value that a spreadsheet does not take for a formula."""
    from adapters.files.safe_cells import safe_csv

    return safe_csv(value) if isinstance(value, str) else value


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows as a workbook."""
    from adapters.files.sheets_out import write_table as write

    return write(path, columns, rows)
