"""Turns a checked file into a batch: rows, endpoints in stock, tags and planned operations, in one transaction."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, and_, insert, or_, select, text

from adapters.store.bulk import insert_all
from adapters.store.bulk_changes import size_of
from adapters.store.clock import store_now
from adapters.store.deadline import planning
from adapters.store.engine import alone_on
from adapters.store.esims import stage_esims
from adapters.store.grants import latest, let_through
from adapters.store.rawstock import plan_source, plan_tags, recount
from adapters.store.tables import batches, changes, rejects, sources
from adapters.store.tagging import Tagging, add_tags
from domain.approval import Bound
from domain.errors import FileRefused
from domain.esim import Esim
from domain.options import safe_name
from domain.problems import FileCode

_staging = MetaData()
incoming = Table(
    "incoming",
    _staging,
    Column("row_no", Integer),
    Column("iccid", String(22)),
    Column("name", String(100)),
    prefixes=["TEMPORARY"],
)

incoming_tags = Table(
    "incoming_tags",
    _staging,
    Column("iccid", String(22)),
    Column("tag", String(100)),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True, slots=True)
class Source:
    """What is kept of a file besides its rows."""

    file_name: str
    digest: str
    rows_digest: str
    columns: tuple[str, ...]
    rows: int
    accepted: int
    rejected: int
    duplicates: int
    blank: int


@dataclass(frozen=True, slots=True)
class Ingested:
    """The batch a file became, or already was."""

    batch: int
    name: str
    change: int
    source: int
    is_new: bool
    tags: tuple[str, ...] = ()  # that it had before
    is_same_file: bool = True  # its other rows too: rejected, repeated and blank ones


@planning
def ingest(
    connection: Connection,
    *,
    account: str,
    batch: str,
    is_named: bool,
    source: Source,
    accepted: Iterable[tuple[int, str, str | None]],
    name_template: str,
    rejected: Sequence[dict[str, object]],
    tags: Sequence[str],
    platform_tags: str,
    row_tags: Iterable[tuple[str, str]] = (),
    row_esims: Iterable[tuple[str, Esim]] = (),
    check_name: Callable[[str], bool] = bool,
    bound: Bound | None = None,
    into_stock: bool = False,
) -> Ingested:
    """Store a file as a batch, or find the batch that its content already is, and plan to create what is not begun.

    `accepted` are (row number, ICCID, name or None), `row_tags` further (ICCID, tag) pairs, `row_esims` (ICCID, eSIM
    data) pairs; all three are read anew whenever the transaction is. With `is_named` a batch of that name that exists
    already is added to; otherwise the new batch gets a name that is free. `check_name` tells whether the platform takes
    a made name; raises FileRefused if it does not, and Unsigned for more than `bound` allows. With `into_stock` nothing
    is planned: the SIMs are raw.

    `tags` and `row_tags` are added to the SIMs of all rows, also to those that another batch brought. What the file
    brings in gets the tags of its batch as well, which are `tags` or else the batch's name when it is new.
    """
    alone_on(connection, account)
    since = latest(connection)
    stored = find_source(connection, account=account, batch=batch, source=source)
    own: Sequence[str] = ()  # the batch's tags; rows that it has already got them with their file
    if stored is None:
        if not is_named:
            batch = next_batch_name(connection, account, batch)
        rows = _named(accepted, name_template, batch, check_name)
        stored = _store(connection, account=account, batch=batch, source=source, rows=rows, rejected=rejected)
        own = stored.tags or tags or [safe_name(batch)]
    elif not stored.is_same_file:  # what it rejects is told too
        rows = _named(accepted, name_template, stored.name, check_name)
        kept = _store(connection, account=account, batch=stored.name, source=source, rows=rows, rejected=rejected)
        stored = replace(kept, is_new=False)
    stage_esims(connection, row_esims, account=account, source=stored.source)
    _stage_tags(connection, row_tags)
    first = size_of(connection, stored.change)
    if not into_stock:
        plan_source(connection, account, stored.batch, stored.source, stored.change)
    wanted = Tagging(account, stored.batch, stored.source, stored.change, only_raw=into_stock)
    add_tags(connection, wanted, tags=tags, own=own, platform_tags=platform_tags)
    if not into_stock:  # raw SIMs have tags that this file says nothing of
        plan_tags(connection, stored.change, first, platform_tags)
        recount(connection, stored.batch, stored.source, stored.change)
    let_through(connection, stored.change, bound, since=since)
    return stored


def _store(
    connection: Connection,
    *,
    account: str,
    batch: str,
    source: Source,
    rows: Iterable[tuple[int, str, str]],
    rejected: Sequence[dict[str, object]],
) -> Ingested:
    """Store a file that no batch has."""
    now = store_now(connection)
    batch_id, tags = _batch(connection, account, batch, now)
    change_id = _change(connection, account, batch_id, batch, now)
    source_id = _source(connection, batch_id, account, source, now)
    stage(connection, rows)
    _store_rows(connection, account=account, batch=batch_id, source=source_id, now=now)
    if rejected:
        connection.execute(insert(rejects), [{"source_id": source_id, **row} for row in rejected])
    return Ingested(batch_id, batch, change_id, source_id, True, tuple(tags))


def _named(
    accepted: Iterable[tuple[int, str, str | None]], template: str, batch: str, check_name: Callable[[str], bool]
) -> Iterator[tuple[int, str, str]]:
    """Give a name to the rows that have none. The batch's name is settled only here, so made names are checked here."""
    for row, iccid, name in accepted:
        made = name or template.format(batch=batch, row=row, iccid=iccid)
        if name is None and not check_name(made):
            raise FileRefused(
                FileCode.NAMES, f"The name {made!r}, made for row {row} of batch {batch}, does not fit the platform."
            )
        yield row, iccid, made


def find_source(connection: Connection, *, account: str, batch: str, source: Source) -> Ingested | None:
    """The batch that holds the same rows, in whatever form and order.

    The same bytes may be other rows: another sheet, or other settings.
    """
    s = sources.c
    numbers = [s[name] == getattr(source, name) for name in ("rows", "rejected", "duplicates", "blank")]
    same_file = and_(*numbers, or_(s.digest == source.digest, s.rejected == 0))
    query = (
        select(s.batch_id, batches.c.name, s.id, changes.c.id.label("change"), same_file.label("same_file"))
        .join_from(sources, batches)
        .join(changes, changes.c.batch_id == batches.c.id)
        .where(s.account == account, s.rows_digest == source.rows_digest)
        .where(changes.c.request.like("provision %"))
        .order_by((batches.c.name == batch).desc(), same_file.desc(), s.id)
        .limit(1)
    )
    if not source.accepted:
        return None
    row = connection.execute(query).first()
    if row is None:
        return None
    return Ingested(row.batch_id, row.name, row.change, row.id, False, is_same_file=bool(row.same_file))


def _batch(connection: Connection, account: str, name: str, now: float) -> tuple[int, list[str]]:
    """The batch of this name, made if there is none, and its tags."""
    b = batches.c
    found = connection.execute(select(b.id, b.tags).where(b.account == account, b.name == name)).first()
    if found is not None:
        return int(found.id), list(found.tags)
    values = {"account": account, "name": name, "tags": [], "created_at": now}
    return int(connection.execute(insert(batches).returning(b.id), values).scalar_one()), []


def _change(connection: Connection, account: str, batch_id: int, batch: str, now: float) -> int:
    request = f"provision {batch}"
    found = connection.execute(
        select(changes.c.id).where(changes.c.account == account, changes.c.request == request)
    ).scalar_one_or_none()
    if found is not None:
        return int(found)
    values = {"account": account, "request": request, "batch_id": batch_id, "created_at": now, "size": 0}
    return int(connection.execute(insert(changes).returning(changes.c.id), values).scalar_one())


def _source(connection: Connection, batch_id: int, account: str, source: Source, now: float) -> int:
    values = {name: getattr(source, name) for name in source.__slots__} | {
        "batch_id": batch_id,
        "account": account,
        "columns": list(source.columns),
        "created_at": now,
    }
    return int(connection.execute(insert(sources).returning(sources.c.id), values).scalar_one())


def stage(connection: Connection, accepted: Iterable[tuple[int, str, str]]) -> None:
    """Put rows into a table of this connection alone, so that what follows is a few statements for all of them."""
    _staging.create_all(connection, checkfirst=True)
    connection.execute(incoming.delete())
    insert_all(connection, incoming, ({"row_no": row, "iccid": iccid, "name": name} for row, iccid, name in accepted))


def _stage_tags(connection: Connection, row_tags: Iterable[tuple[str, str]]) -> None:
    """Stage the tags of rows."""
    _staging.create_all(connection, checkfirst=True)
    connection.execute(incoming_tags.delete())
    insert_all(connection, incoming_tags, ({"iccid": iccid, "tag": tag} for iccid, tag in row_tags))


def _store_rows(connection: Connection, *, account: str, batch: int, source: int, now: float) -> None:
    values = {"account": account, "batch": batch, "source": source, "now": now}
    connection.execute(
        text(
            "INSERT INTO endpoints (account, iccid, name, state, batch_id, updated_at) "
            "SELECT :account, iccid, name, 'stock', :batch, :now FROM incoming WHERE true ORDER BY row_no "
            "ON CONFLICT (account, iccid) DO NOTHING"
        ),
        values,
    )
    connection.execute(
        text(
            "INSERT INTO rows (source_id, row_no, endpoint, name, known) "
            "SELECT :source, i.row_no, e.id, i.name, "
            "       e.batch_id <> :batch OR EXISTS (SELECT 1 FROM operations o WHERE o.endpoint = e.id) "
            "FROM incoming i JOIN endpoints e ON e.account = :account AND e.iccid = i.iccid"
        ),
        values,
    )


def next_batch_name(connection: Connection, account: str, wanted: str) -> str:
    """The wanted name, or with a number behind it when another file has it."""
    taken = set(connection.execute(select(batches.c.name).where(batches.c.account == account)).scalars())
    if wanted not in taken:
        return wanted
    return next(f"{wanted}-{n}" for n in range(2, len(taken) + 3) if f"{wanted}-{n}" not in taken)
