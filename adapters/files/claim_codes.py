"""Reads the activation codes of SIMs out of the file that is provisioned. They are secrets: nothing shows them."""

from collections.abc import Collection
from pathlib import Path

from adapters.files.reader import open_table
from adapters.files.snapshot import snapshot
from adapters.files.table import Table, rows_of
from domain.errors import FileRefused
from domain.header import CLAIM_CODES, header_key
from domain.iccid import check_iccid
from domain.labels import without_filler
from domain.manifest import Manifest
from domain.problems import FileCode
from domain.supplier import SupplierProfile

_LONGEST = 200


def read_claim_codes(
    path: str | Path, manifest: Manifest, *, profile: SupplierProfile, sheet: str | None = None
) -> dict[str, str]:
    """The code of each accepted ICCID that has one.

    Raises FileRefused when the file changed since the manifest was made, or has no such column, or two.
    """
    with snapshot(Path(path), profile.limits) as file:
        if file.digest != manifest.digest:
            raise FileRefused(FileCode.CHANGED, f"The file {path} changed while it was read; run the command again.")
        with open_table(file, profile, sheet) as table:
            return _codes(table, {row.iccid for row in manifest.accepted}, file.name, profile)


def _codes(table: Table, accepted: Collection[str | None], name: str, profile: SupplierProfile) -> dict[str, str]:
    at = _column(table.header.columns, name)
    found: dict[str, str] = {}
    for _, cells, odd in rows_of(table):
        if at >= len(cells) or at in (odd or {}):
            continue
        iccid = check_iccid(cells[table.header.iccid], profile.for_rows()).iccid
        code = without_filler(cells[at])
        if iccid in accepted and iccid is not None and 0 < len(code) <= _LONGEST and code.isprintable():
            found[iccid] = code
    return found


def _column(columns: tuple[str, ...], name: str) -> int:
    found = [index for index, column in enumerate(columns) if header_key(column) in CLAIM_CODES]
    if len(found) != 1:
        raise FileRefused(
            FileCode.HEADER_MISSING,
            f"{len(found)} columns of {name!r} are called Activation code and one is needed, "
            "since this account claims its SIMs.",
        )
    return found[0]
