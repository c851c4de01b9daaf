"""Reads files of ICCIDs and writes reports."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters import settings
from adapters.private import private_folder as private_folder  # noqa: PLC0414 - handed on
from adapters.redaction import without_secrets as without_secrets  # noqa: PLC0414 - handed on
from domain.errors import Stopped
from domain.labels import Naming
from domain.manifest import Manifest
from domain.options import Account
from domain.report import ReportData
from domain.requests import ProvisionRequest
from domain.supplier import FileLimits, SupplierProfile

if TYPE_CHECKING:
    from adapters.files.reader import CheckedFile


def read_manifest(
    file: str, options: Account, *, sheet: str | None = None, supplier: str | None = None, naming: Naming | None = None
) -> Manifest:
    """Read and check a file of ICCIDs by the profile of its supplier, or else by the account's.

    Only a file whose rows get names (`naming`) creates endpoints; others list those that exist.
    """
    from adapters.files.reader import read_manifest as read

    return read(
        Path(file), profile=profile_of(options, supplier), sheet=sheet, naming=naming, creates=naming is not None
    )


def check_file(file: str, options: Account, *, sheet: str | None, supplier: str | None) -> "CheckedFile":
    """What a supplier's profile makes of a file. Nothing is stored."""
    from adapters.files.reader import check_file as check

    return check(Path(file), profile=profile_of(options, supplier), sheet=sheet)


def file_limits(account: str, supplier: str | None) -> FileLimits:
    """How large the files of a supplier may be."""
    _, options = settings.account(account)
    return profile_of(options, supplier).limits


def profile_of(options: Account, supplier: str | None) -> SupplierProfile:
    """How the files of a supplier are read, with the account's pattern for names if the supplier has none.

    Raises SettingsError.
    """
    profile = options.supplier if supplier is None else settings.supplier(supplier)
    changes: dict[str, object] = {}
    if profile.name_pattern is None:
        changes["name_pattern"] = options.name_pattern
    if options.capabilities.needs_activation_code:
        changes["read_esim"] = False  # the activation code is then the one that claims the SIM
    return profile.model_copy(update=changes) if changes else profile


def read_claim_codes(request: ProvisionRequest, manifest: Manifest, options: Account) -> dict[str, str]:
    """The activation codes in a file of SIMs that are to be claimed; none for an account that claims nothing."""
    if not options.capabilities.needs_activation_code:
        return {}
    from adapters.files.claim_codes import read_claim_codes as read

    return read(Path(request.file), manifest, profile=profile_of(options, request.supplier), sheet=request.sheet)


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
