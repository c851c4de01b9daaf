"""Opens settings, store, platforms and files; nothing else in tasks/ and flows/ touches an adapter."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from adapters import settings
from adapters.store import queries
from adapters.store.reading import Reader
from domain.bulk import BulkCreator
from domain.errors import NothingSelected, SettingsError, Stopped
from domain.executor import Executor
from domain.lifecycle import Kind, Lifecycle
from domain.manifest import Manifest, ManifestRow
from domain.operation import State, Work
from domain.options import Account, safe_name
from domain.pacer import Pacer
from domain.plan import Known
from domain.report import CallRow, ReportData
from domain.requests import ActivateRequest, ProvisionRequest
from domain.selection import Selected
from domain.settler import Settler
from domain.sight import Finding
from domain.summary import Summary, from_counts

if TYPE_CHECKING:
    from adapters.platforms.sft.client import SftPlatform
    from adapters.store.ingest import Ingested
    from adapters.store.selection import Request
    from adapters.store.store import AccountLedger, Store
    from tasks.ingest import Batch

T = TypeVar("T")


class Session:
    """One account, opened for writing: store, ledger, platform, and the means to stop."""

    def __init__(self, name: str, account: Account, store: "Store", ledger: "AccountLedger", pacer: Pacer) -> None:
        self.name = name
        self.account = account
        self.store = store
        self.ledger = ledger
        self.pacer = pacer
        self.platform = open_platform(account, pacer)
        self.stop = asyncio.Event()
        self.settler = Settler(ledger, self.platform, account.patience)

    @property
    def calls(self) -> int:
        """HTTP requests sent in this session."""
        return self.pacer.calls

    def halt(self) -> None:
        """Let no new call start; what is under way is waited for."""
        self.stop.set()
        self.pacer.close()

    def bulk_creator(self) -> BulkCreator | None:
        """A means to create many endpoints with one call, if the account's settings name such a call."""
        bulk = self.account.bulk
        if bulk is None:
            return None
        return BulkCreator(
            self.ledger,
            self.platform,
            size=bulk.size,
            at_once=self.account.max_in_flight,
            stop=self.stop,
            halt=self.halt,
        )

    async def planned(self, change: int, kind: Kind) -> list[Work]:
        """Operations of this kind for which nothing has been sent."""
        from adapters.store import sight

        return await self.store.awrite(sight.planned, change, kind)

    async def settle_by_sight(self, findings: Sequence[Finding]) -> None:
        """Apply what was seen on the platform before anything was sent."""
        from adapters.store import sight

        await self.store.awrite(sight.settle, self.ledger.owner, findings)

    async def confirmed_by_answer(self, change: int, kind: Kind, since: float) -> dict[str, str]:
        """ICCID and endpoint id of what answers confirmed since then."""
        from adapters.store import sight

        return await self.store.awrite(sight.confirmed_by_answer, change, kind, since)

    async def report_differences(self, change: int, kind: Kind, differing: Mapping[str, str]) -> None:
        """Hand to a person what the platform contradicts."""
        from adapters.store import sight

        await self.store.awrite(sight.report_differences, self.ledger.owner, change, kind, differing)

    async def new_tags(self, change: int) -> list[str]:
        """Tags that the change will write and that no endpoint of the account carries on the platform yet."""
        from adapters.store import ingest

        return await self.store.awrite(ingest.new_tags, change)

    async def open_positions(self, change: int) -> list[tuple[int, int]]:
        """Stretches of the change, counted from 1, in which something is still to be sent."""
        from adapters.store import ingest

        return await self.store.awrite(ingest.open_stretches, change)

    def executor(self) -> Executor:
        """A means to carry out operations of the account."""
        return Executor(
            self.ledger,
            self.platform,
            max_in_flight=self.account.max_in_flight,
            rate=self.account.rate_per_second,
            send_window=self.account.send_window,
            stop=self.stop,
            halt=self.halt,
        )


_sessions: dict[str, Session] = {}


def account(name: str | None = None) -> tuple[str, Account]:
    """An account's name and settings."""
    return settings.account(name)


def open_platform(account: Account, pacer: Pacer) -> "SftPlatform":
    """The platform client of an account."""
    if account.platform == "stacuity":
        raise SettingsError('Accounts on stacuity cannot be used yet; only platform = "sft" works in this version.')
    from adapters.platforms.sft.client import SftPlatform

    return SftPlatform(account, pacer)


def open_store() -> "Store":
    """The store, opened for writing and at the program's version."""
    from adapters.store.store import Store

    return Store(settings.load().store_url)


@contextmanager
def reader() -> Iterator[Reader]:
    """The store, opened for reading."""
    with Reader(settings.load().store_url).open() as opened:
        yield opened


@asynccontextmanager
async def session(name: str) -> AsyncIterator[Session]:
    """Open an account for writing; tasks inside find it by `current`."""
    from adapters.store.store import AccountLedger

    name, options = account(name)
    store = open_store()
    ledger = AccountLedger(store, name, options)
    try:
        await ledger.open()
        opened = Session(name, options, store, ledger, Pacer(ledger, rate=options.rate_per_second))
        _sessions[name] = opened
        try:
            yield opened
        finally:
            del _sessions[name]
            await opened.platform.close()
            await ledger.close()
    finally:
        store.close()


def current(name: str) -> Session:
    """The session of this account that the running flow opened."""
    return _sessions[name]


def stop_all() -> bool:
    """Stop every session of this process, and say whether there was one that was not stopping yet."""
    running = [one for one in _sessions.values() if not one.stop.is_set()]
    for one in running:
        one.halt()
    return bool(running)


def read_manifest(file: str, options: Account, *, sheet: str | None = None) -> Manifest:
    """Read and check a file of ICCIDs."""
    from adapters.files.reader import read_manifest as read

    profile = options.supplier
    if profile.name_pattern is None:
        profile = profile.model_copy(update={"name_pattern": options.name_pattern})
    return read(Path(file), profile=profile, sheet=sheet)


def known(name: str, iccids: Sequence[str]) -> dict[str, Known]:
    """What the store knows of these ICCIDs."""
    with reader() as opened:
        wanted = set(iccids)
        rows = queries.known(opened, name)
        return {
            row["iccid"]: Known(row["endpoint_id"], Lifecycle(row["state"]), row["batch"], row["planned"] == 0)
            for row in rows
            if row["iccid"] in wanted
        }


async def store_manifest(session: Session, manifest: Manifest, request: ProvisionRequest) -> "Ingested":
    """Store a checked file as a batch, or find the batch it already is."""
    from adapters.store import ingest

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
    await session.store.awrite(ingest.allow, stored.change)
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
    from adapters.store import ingest, selection

    wanted = _selection(session.name, session.account, request)
    selected = await session.store.awrite(selection.select_endpoints, wanted)
    await session.store.awrite(ingest.allow, selected.change)
    return selected


def _selection(name: str, options: Account, request: ActivateRequest) -> "Request":
    from adapters.store.selection import Request

    iccids: tuple[str, ...] = ()
    if request.file is not None:
        iccids = tuple(row.iccid for row in read_manifest(request.file, options).accepted if row.iccid)
    return Request(name, tag=request.tag or "", group=request.group or "", count=request.count, iccids=iccids)


def known_tags(name: str) -> Sequence[str]:
    """The tags that endpoints of the account carry."""
    with reader() as opened:
        return queries.known_tags(opened, name)


def mapping(change: int) -> Iterator[dict[str, Any]]:
    """Every endpoint of a change with the operation that explains it best."""
    with reader() as opened:
        yield from queries.mapping(opened, change=change)


def calls(change: int) -> list[CallRow]:
    """Every answer of the platform to the operations of a change."""
    with reader() as opened:
        return [CallRow(*row) for row in queries.calls(opened, change)]


def rejects(batch: int, source: int = 0) -> list[dict[str, Any]]:
    """The rejected rows of one file of a batch, or of all its files."""
    with reader() as opened:
        return list(queries.rejects(opened, batch, source))


def summarise(session: Session, batch: "Batch", *, started: float, run: str) -> Summary:
    """The numbers of a provision, from the store."""
    with reader() as opened:
        counts = queries.tally(opened, batch.change, since=started, source=batch.source)
        totals = queries.source_totals(opened, batch.id, batch.source)
    return from_counts(counts, **totals, **_run_facts(session, batch=batch.name, started=started, run=run))


def summarise_selection(session: Session, selected: Selected, *, label: str, started: float, run: str) -> Summary:
    """The numbers of a change to existing endpoints, from the store."""
    with reader() as opened:
        counts = queries.tally(opened, selected.change, since=started)
    rows = selected.wanted + selected.unusable
    outside = selected.already - counts["already"] if selected.already > counts["already"] else 0
    facts = _run_facts(session, batch=label, started=started, run=run)
    return from_counts(counts, known=outside, rows=rows, accepted=selected.wanted, rejected=selected.unusable, **facts)


def _run_facts(session: Session, *, batch: str, started: float, run: str) -> dict[str, Any]:
    return {
        "batch": batch,
        "run": run,
        "calls": session.calls,
        "seconds": round(time.time() - started, 2),
        "stopped": session.stop.is_set(),
    }


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


def endpoints(filters: Mapping[str, str | None]) -> Iterator[dict[str, Any]]:
    """Endpoints that match every filter given."""
    with reader() as opened:
        yield from queries.endpoints(opened, filters)


def history(iccid: str, account: str | None) -> list[dict[str, Any]]:
    """Everything done to one ICCID."""
    with reader() as opened:
        return queries.history(opened, iccid, account)


def stock(account: str | None) -> list[dict[str, Any]]:
    """Endpoints by account, tag, group and state."""
    with reader() as opened:
        return queries.stock(opened, account)


def batches(account: str | None) -> list[dict[str, Any]]:
    """All batches with their numbers."""
    with reader() as opened:
        return queries.batches(opened, account)


def batch_named(name: str, account_name: str | None) -> dict[str, Any]:
    """One batch.

    Raises NothingSelected.
    """
    account_name, _ = account(account_name)
    with reader() as opened:
        found = queries.batch_named(opened, account_name, name)
        if found is not None:
            return found | {"rows": queries.source_totals(opened, found["id"])["rows"]}
        names = [row["name"] for row in queries.batches(opened, account_name)][-10:]
    known = f"the latest are: {', '.join(names)}" if names else "there are none yet"
    raise NothingSelected(f"Account {account_name} has no batch {name!r}; {known}.")


def batch_counts(batch: Mapping[str, Any]) -> tuple[Mapping[str, int], dict[str, Any]]:
    """The endpoints of a batch by outcome, and the totals of its files."""
    with reader() as opened:
        return queries.tally(opened, batch["change_id"], since=0.0), queries.source_totals(opened, batch["id"])


def unsettled(account: str | None) -> list[dict[str, Any]]:
    """Operations in doubt or waiting for a person."""
    with reader() as opened:
        return queries.unsettled(opened, account)


def cancel(batch: Mapping[str, Any]) -> None:
    """Let no process send anything more for the batch's endpoints."""
    from adapters.store import ingest

    with reader() as opened:
        changes = {batch["change_id"], *queries.changes_of(opened, batch["id"])}
    _write(ingest.cancel, sorted(changes))


async def reopen(session: Session, change: int, *, refused: bool) -> None:
    """Take back a cancel, and plan again what was refused."""
    from adapters.store import ingest

    await session.store.awrite(ingest.allow, change)
    if refused:
        await session.store.awrite(ingest.plan_refused, change)


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


def account_names() -> list[str]:
    """The accounts in the settings."""
    return sorted(settings.load().accounts)


def store_place() -> str:
    """The store's address without its password."""
    from adapters.store.engine import place

    return place(settings.load().store_url)


def upgrade_store() -> str:
    """Bring the store to the program's version, and return that version."""
    from adapters.store.store import upgrade_store as upgrade

    return upgrade(settings.load().store_url)


def check_store() -> list[str]:
    """What a check of the store found right.

    Raises StoreUnavailable.
    """
    from adapters.store.check import check

    store = open_store()
    try:
        return [store_place(), *store.write(check)]
    finally:
        store.close()


def run_simulator(arguments: Sequence[str]) -> int:
    """Run the platform simulator until it is told to end, and return its exit code."""
    from adapters.platforms.simulator.__main__ import main

    return main(arguments)


def safe_cell(value: object) -> object:
    """A value that a spreadsheet does not take for a formula."""
    from adapters.files.safe_cells import safe_csv

    return safe_csv(value) if isinstance(value, str) else value


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows as a workbook."""
    from adapters.files.sheets_out import write_table as write

    return write(path, columns, rows)


def reports_dir() -> Path:
    """Where reports are written."""
    return settings.load().reports_dir
