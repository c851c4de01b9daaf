"""Stores files and selections, and a person's decisions."""

import getpass
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from adapters.store import queries
from domain.approval import Bound
from domain.errors import NothingSelected, Unsigned
from domain.labels import check_made_name
from domain.lifecycle import Kind
from domain.manifest import Manifest, ManifestRow
from domain.operation import State
from domain.options import Account
from domain.order import Order, Release
from domain.repair import Repair
from domain.requests import ProvisionRequest, SelectionRequest
from domain.selection import Selected
from tasks.resources.files import profile_of, read_claim_codes, read_manifest
from tasks.resources.session import Session, open_store, plain_account, reader

if TYPE_CHECKING:
    from adapters.store.ingest import Ingested
    from adapters.store.selection import Request

T = TypeVar("T")


class Again(Generic[T]):
    """Gives the same items anew each time, since a transaction that is run again reads them again."""

    def __init__(self, make: Callable[[], Iterator[T]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[T]:
        return self._make()


async def store_manifest(
    session: Session,
    manifest: Manifest,
    request: ProvisionRequest,
    *,
    into_stock: bool = False,
    bound: Bound | None = None,
) -> "Ingested":
    """Store a checked file as a batch, or find the batch it already is; `into_stock` plans nothing for its SIMs.

    Raises Unsigned.
    """
    from adapters.store import bulk_changes, claims, ingest

    codes = read_claim_codes(request, manifest, session.account)  # or nothing is stored
    values = _file(session.name, session.account, manifest, request) | {"bound": bound}
    stored = await session.store.awrite(ingest.ingest, into_stock=into_stock, **values)
    if codes:
        await session.store.awrite(claims.keep_codes, session.name, codes)
    await session.store.awrite(bulk_changes.allow, stored.change)
    return stored


def try_manifest(
    name: str, options: Account, manifest: Manifest, request: ProvisionRequest, bound: Bound | None
) -> Unsigned | None:
    """What of a checked file is to be signed before it may be stored as a batch. Nothing is changed."""
    from adapters.store import ingest

    return _try(ingest.ingest, **_file(name, options, manifest, request), bound=bound)


def _file(name: str, options: Account, manifest: Manifest, request: ProvisionRequest) -> dict[str, Any]:
    """A checked file as the store takes it."""
    from adapters.store import ingest

    request = request.joining(manifest.batch)
    naming, rows = request.naming(options), manifest.rows
    profile = profile_of(options, request.supplier)
    source = ingest.Source(
        file_name=manifest.source_name,
        digest=manifest.digest,
        rows_digest=manifest.rows_digest,
        columns=manifest.columns,
        **manifest.numbers(),
    )
    return {
        "account": name,
        "batch": naming.batch,
        "is_named": request.batch is not None,
        "source": source,
        "accepted": Again(rows.named),
        "name_template": naming.template,
        "rejected": [_reject(row) for row in manifest.rejected],
        "tags": request.tags,
        "platform_tags": options.platform_tags,
        "row_tags": Again(rows.tagged),
        "row_esims": Again(rows.esims),
        "check_name": lambda made: not check_made_name(made, profile).code,
    }


def _reject(row: ManifestRow) -> dict[str, object]:
    return {
        "row_no": row.row_no,
        "outcome": row.outcome.value,
        "problems": [problem._asdict() for problem in row.problems],
        "original": list(row.original),
    }


def preview_selection(name: str, options: Account, request: SelectionRequest) -> Selected:
    """What a request to change existing endpoints would select."""
    from adapters.store import selection

    wanted, rejected = _selection(name, options, request)
    return replace(_write(selection.preview, wanted), rejected=rejected)


def try_selection(name: str, options: Account, request: SelectionRequest, bound: Bound) -> Unsigned | None:
    """What of a selection is to be signed before it may be planned. Nothing is changed.

    Raises NotConfirmed.
    """
    from adapters.store import selection

    return _try(selection.select_endpoints, _selection(name, options, request)[0], bound)


async def select_endpoints(
    session: Session, request: SelectionRequest, bound: Bound | None = None, *, anew: bool = True
) -> Selected:
    """Plan what a request to change existing endpoints selects; only a request made `anew` takes back a cancel.

    Raises NotConfirmed, Unsigned.
    """
    from adapters.store import bulk_changes, selection

    wanted, rejected = _selection(session.name, session.account, request)
    selected = await session.store.awrite(selection.select_endpoints, wanted, bound)
    if anew:
        await session.store.awrite(bulk_changes.allow, selected.change)
    return replace(selected, rejected=rejected)


def _selection(name: str, options: Account, request: SelectionRequest) -> tuple["Request", int]:
    """The request as the store takes it, and how many rows of its file are rejected."""
    from adapters.store.selection import Request

    listed = read_manifest(request.file, options) if request.file is not None else None
    wanted = Request(
        name,
        options.platform,
        tag=request.tag or "",
        group=request.group or "",
        count=request.count,
        iccids=None if listed is None else tuple(row.iccid for row in listed.accepted if row.iccid),
        kind=request.kind,
        retry=request.retry_refused,
        counted=request.kind is Kind.TERMINATE,
        confirmed=getattr(request, "confirm_count", None),
    )
    return wanted, listed.numbers()["rejected"] if listed is not None else 0


def try_repairs(name: str, repairs: Sequence[Repair], bound: Bound) -> Unsigned | None:
    """What of a repair is to be signed before it may be made. Nothing is changed."""
    from adapters.store import repairs as recording

    return _try(recording.apply_repairs, name, repairs, bound)


async def apply_repairs(session: Session, repairs: Sequence[Repair], bound: Bound | None = None) -> int:
    """Record what was chosen of a comparison, plan what follows, and return the bulk change.

    Raises Unsigned.
    """
    from adapters.store import repairs as recording

    return await session.store.awrite(recording.apply_repairs, session.name, repairs, bound)


def cancel(batch: Mapping[str, Any]) -> None:
    """Let no process send anything more for the batch's endpoints."""
    from adapters.store import bulk_changes

    with reader() as opened:
        changes = {batch["change_id"], *queries.changes_of(opened, batch["id"])}
    _write(bulk_changes.cancel, sorted(changes))


def stop_account(name: str, reason: str) -> None:
    """Let no process send anything that writes for this account."""
    from adapters.store import unfinished

    _write(unfinished.stop_account, plain_account(name)[0], reason)


def start_account(name: str) -> bool:
    """Take a stop back, and say whether there was one."""
    from adapters.store import unfinished

    return _write(unfinished.start_account, plain_account(name)[0])


def try_reopening(change: int, bound: Bound) -> Unsigned | None:
    """What is to be signed before what was refused may be planned again. Nothing is changed."""
    from adapters.store import bulk_changes

    return _try(bulk_changes.plan_refused, change, bound)


async def reopen(session: Session, change: int, *, refused: bool, bound: Bound | None = None) -> None:
    """Plan again what was refused, and take back a cancel.

    Raises Unsigned.
    """
    from adapters.store import bulk_changes

    if refused:
        await session.store.awrite(bulk_changes.plan_refused, change, bound)
    await session.store.awrite(bulk_changes.allow, change)


def decide_by_person(operation: int, state: State, *, endpoint_id: str | None, reason: str) -> None:
    """Settle an operation by a person's decision.

    Raises NothingSelected, Refused, and SettingsError when its account is in no settings.
    """
    from adapters.store import persons

    said = {"endpoint_id": endpoint_id, "reason": reason}
    _write(persons.decide_by_person, operation, state, platform_of=_platform_of, **said)


def _platform_of(account: str) -> str:
    return plain_account(account)[1].platform


def settle_event(name: str | None, event_id: str, *, reason: str) -> None:
    """Keep that a person saw to an event that differs from the store.

    Raises NothingSelected.
    """
    from adapters.store import inbox

    name, _ = plain_account(name)
    if not _write(inbox.settle, name, event_id, f"{getpass.getuser()}: {reason}"):
        raise NothingSelected(
            f"Account {name} has no event {event_id} that differs from the store; see `preactive resolve`."
        )


def release_order(name: str, order: str, *, apply: bool) -> Release:
    """Give back every SIM that an order holds, if nothing was done to any of them; without `apply` say what it is.

    Raises NothingSelected, Refused.
    """
    from adapters.store import giving_back

    return _write(giving_back.release, name, order, by=getpass.getuser()[:36], apply=apply)


def cancel_order(name: str, order: str) -> Order:
    """Cancel an order if nothing was sent for it, and return it as it stands then."""
    from adapters.store import refunds

    return _write(refunds.cancel, name, order, by=getpass.getuser()[:36])


def order_now(name: str, order: str) -> Order | None:
    """An order as it stands."""
    from adapters.store import orders

    return _write(orders.find, name, order)


def _write(function: Callable[..., T], *args: object, **kwargs: object) -> T:
    store = open_store()
    try:
        return store.write(function, *args, **kwargs)
    finally:
        store.close()


def _try(function: Callable[..., object], *args: object, **kwargs: object) -> Unsigned | None:
    """What two persons would have to sign before this could be written."""
    store = open_store()
    try:
        store.rehearse(function, *args, **kwargs)
    except Unsigned as unsigned:
        return unsigned
    finally:
        store.close()
    return None
