"""Stores files and selections, and a person's decisions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from adapters.store import queries
from domain.manifest import Manifest, ManifestRow
from domain.operation import State
from domain.options import Account, safe_name
from domain.requests import ActivateRequest, ProvisionRequest
from domain.selection import Selected
from tasks.resources.files import read_claim_codes, read_manifest
from tasks.resources.session import Session, open_store, reader

if TYPE_CHECKING:
    from adapters.store.ingest import Ingested
    from adapters.store.selection import Request

T = TypeVar("T")


async def store_manifest(session: Session, manifest: Manifest, request: ProvisionRequest) -> "Ingested":
    """Store a checked file as a batch, or find the batch it already is."""
    from adapters.store import bulk_changes, claims, ingest

    codes = read_claim_codes(request.file, manifest, session.account, sheet=request.sheet)  # or nothing is stored
    accepted = list(manifest.accepted)
    source = ingest.Source(
        file_name=manifest.source_name,
        digest=manifest.digest,
        rows_digest=manifest.rows_digest,
        columns=manifest.columns,
        **manifest.numbers(),
    )
    stored = await session.store.awrite(
        ingest.ingest,
        account=session.name,
        batch=request.batch or safe_name(Path(request.file).stem),
        is_named=request.batch is not None,
        source=source,
        accepted=[(row.row_no, row.iccid, row.name) for row in accepted],
        name_template=request.name_template or session.account.name_template,
        rejected=[_reject(row) for row in manifest.rejected],
        tags=request.tags,
        platform_tags=session.account.platform_tags,
        row_tags=[(row.iccid, tag) for row in accepted for tag in row.tags],
    )
    if codes:
        await session.store.awrite(claims.keep_codes, session.name, codes)
    await session.store.awrite(bulk_changes.allow, stored.change)
    return stored


def _reject(row: ManifestRow) -> dict[str, object]:
    return {
        "row_no": row.row_no,
        "outcome": row.outcome.value,
        "problems": [problem._asdict() for problem in row.problems],
        "original": list(row.original),
    }


def preview_selection(name: str, options: Account, request: ActivateRequest) -> Selected:
    """What a request to activate would select."""
    from adapters.store import selection

    return _write(selection.preview, _selection(name, options, request))


async def select_endpoints(session: Session, request: ActivateRequest) -> Selected:
    """Plan what a request to activate selects."""
    from adapters.store import bulk_changes, selection

    wanted = _selection(session.name, session.account, request)
    selected = await session.store.awrite(selection.select_endpoints, wanted)
    await session.store.awrite(bulk_changes.allow, selected.change)
    return selected


def _selection(name: str, options: Account, request: ActivateRequest) -> "Request":
    from adapters.store.selection import Request

    iccids: tuple[str, ...] = ()
    if request.file is not None:
        iccids = tuple(row.iccid for row in read_manifest(request.file, options).accepted if row.iccid)
    return Request(
        name,
        tag=request.tag or "",
        group=request.group or "",
        count=request.count,
        iccids=iccids,
        by_assignment=options.capabilities.activates_by_assignment,
    )


def cancel(batch: Mapping[str, Any]) -> None:
    """Let no process send anything more for the batch's endpoints."""
    from adapters.store import bulk_changes

    with reader() as opened:
        changes = {batch["change_id"], *queries.changes_of(opened, batch["id"])}
    _write(bulk_changes.cancel, sorted(changes))


async def reopen(session: Session, change: int, *, refused: bool) -> None:
    """Take back a cancel, and plan again what was refused."""
    from adapters.store import bulk_changes

    await session.store.awrite(bulk_changes.allow, change)
    if refused:
        await session.store.awrite(bulk_changes.plan_refused, change)


def decide_by_person(operation: int, state: State, *, endpoint_id: str | None, reason: str) -> None:
    """Settle an operation by a person's decision."""
    from adapters.store import persons

    _write(persons.decide_by_person, operation, state, endpoint_id=endpoint_id, reason=reason)


def _write(function: Callable[..., T], *args: object, **kwargs: object) -> T:
    store = open_store()
    try:
        return store.write(function, *args, **kwargs)
    finally:
        store.close()
