"""Turns a checked file into a batch: rows, endpoints in stock, tags and planned operations, in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, insert, select, text, update

from adapters.store.engine import alone_on, store_now
from adapters.store.tables import batches, changes, operations, rejects, sources
from domain.operation import State

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

_SHORTEST_STRETCH = 1000
_MOST_STRETCHES = 100


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


def ingest(
    connection: Connection,
    *,
    account: str,
    batch: str,
    is_named: bool,
    source: Source,
    accepted: Sequence[tuple[int, str, str | None]],
    name_template: str,
    rejected: Sequence[dict[str, object]],
    tags: Sequence[str],
    platform_tags: str,
    row_tags: Sequence[tuple[str, str]] = (),
) -> Ingested:
    """Store a file as a batch, or find the batch that its content already is.

    `accepted` are (row number, ICCID, name or None), `row_tags` further (ICCID, tag) pairs. With `is_named` a batch of
    that name that exists already is added to; otherwise the new batch gets a name that is free.
    """
    alone_on(connection, account)
    known = find_source(connection, account=account, batch=batch, source=source)
    if known is not None:
        _add_tags(connection, known.batch, known.change, account, tags, platform_tags)
        return known
    if not is_named:
        batch = next_batch_name(connection, account, batch)
    now = store_now(connection)
    tags = tags or [batch]
    batch_id = _batch(connection, account, batch, tags, now)
    change_id = _change(connection, account, batch_id, batch, now)
    source_id = _source(connection, batch_id, account, source, now)
    named = (
        (row, iccid, name or name_template.format(batch=batch, row=row, iccid=iccid)) for row, iccid, name in accepted
    )
    stage(connection, named)
    _stage_tags(connection, row_tags)
    _store_rows(connection, account=account, batch=batch_id, source=source_id, now=now)
    if rejected:
        connection.execute(insert(rejects), [{"source_id": source_id, **row} for row in rejected])
    _plan_creates(connection, account=account, batch=batch_id, change=change_id, now=now)
    all_tags = connection.execute(select(batches.c.tags).where(batches.c.id == batch_id)).scalar_one()
    _add_tags(connection, batch_id, change_id, account, [*all_tags, *tags], platform_tags)
    if row_tags:
        _add_row_tags(connection, batch_id, change_id, account, platform_tags)
    return Ingested(batch_id, batch, change_id, source_id, True)


def find_source(connection: Connection, *, account: str, batch: str, source: Source) -> Ingested | None:
    """The batch that holds the same rows, in whatever form and order.

    The same bytes may be other rows: another sheet, or other settings.
    """
    s = sources.c
    query = (
        select(s.batch_id, batches.c.name, s.id, changes.c.id.label("change"))
        .join_from(sources, batches)
        .join(changes, changes.c.batch_id == batches.c.id)
        .where(s.account == account, s.rows_digest == source.rows_digest)
        .where(changes.c.request.like("provision %"))
        .order_by((batches.c.name == batch).desc(), s.id)
        .limit(1)
    )
    if not source.accepted:
        return None
    row = connection.execute(query).first()
    return Ingested(row.batch_id, row.name, row.change, row.id, False) if row else None


def _batch(connection: Connection, account: str, name: str, tags: Sequence[str], now: float) -> int:
    found = connection.execute(
        select(batches.c.id).where(batches.c.account == account, batches.c.name == name)
    ).scalar_one_or_none()
    if found is not None:
        return int(found)
    values = {"account": account, "name": name, "tags": list(dict.fromkeys(tags)), "created_at": now}
    return int(connection.execute(insert(batches).returning(batches.c.id), values).scalar_one())


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
    rows = [{"row_no": row_no, "iccid": iccid, "name": name} for row_no, iccid, name in accepted]
    if rows:
        connection.execute(insert(incoming), rows)


def _stage_tags(connection: Connection, row_tags: Sequence[tuple[str, str]]) -> None:
    connection.execute(incoming_tags.delete())
    if row_tags:
        connection.execute(insert(incoming_tags), [{"iccid": iccid, "tag": tag} for iccid, tag in row_tags])


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


def _plan_creates(connection: Connection, *, account: str, batch: int, change: int, now: float) -> None:
    base = connection.execute(select(changes.c.size).where(changes.c.id == change)).scalar_one()
    connection.execute(
        text(
            "INSERT INTO operations (account, change_id, position, endpoint, kind, target, state, already, updated_at) "
            "SELECT :account, :change, :base + row_number() OVER (ORDER BY i.row_no) - 1, e.id, 'create', '', "
            "       'planned', false, :now "
            "FROM incoming i JOIN endpoints e ON e.account = :account AND e.iccid = i.iccid "
            "WHERE e.batch_id = :batch AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.endpoint = e.id)"
        ),
        {"account": account, "change": change, "batch": batch, "base": base, "now": now},
    )
    resize(connection, change)


def resize(connection: Connection, change: int) -> None:
    connection.execute(
        text(
            "UPDATE changes SET size = coalesce((SELECT max(position) + 1 FROM operations "
            "WHERE change_id = :change), 0) WHERE id = :change"
        ),
        {"change": change},
    )


def _add_tags(
    connection: Connection, batch: int, change: int, account: str, tags: Sequence[str], platform_tags: str
) -> None:
    """Give all endpoints of the batch these tags, and plan to write them to the platform."""
    tags = list(dict.fromkeys(tags))
    if not tags:
        return
    known = connection.execute(select(batches.c.tags).where(batches.c.id == batch)).scalar_one()
    connection.execute(update(batches).where(batches.c.id == batch).values(tags=list(dict.fromkeys([*known, *tags]))))
    values = [{"batch": batch, "tag": tag} for tag in tags]
    connection.execute(
        text(
            "INSERT INTO tags (endpoint, tag) SELECT id, :tag FROM endpoints WHERE batch_id = :batch "
            "ON CONFLICT DO NOTHING"
        ),
        values,
    )
    values = [{"batch": batch, "tag": tag} for tag in tags]
    _plan_tags(connection, change, account, platform_tags, _SAME_TAG, values)


def _add_row_tags(connection: Connection, batch: int, change: int, account: str, platform_tags: str) -> None:
    """Give the staged endpoints the tags of their own rows."""
    connection.execute(
        text(
            "INSERT INTO tags (endpoint, tag) SELECT DISTINCT e.id, i.tag FROM incoming_tags i "
            "JOIN endpoints e ON e.account = :account AND e.iccid = i.iccid WHERE e.batch_id = :batch "
            "ON CONFLICT DO NOTHING"
        ),
        {"account": account, "batch": batch},
    )
    _plan_tags(connection, change, account, platform_tags, _ROW_TAGS, [{"batch": batch}])


_SAME_TAG = ("CAST(:tag AS VARCHAR(100))", "")
_ROW_TAGS = ("i.tag", "JOIN incoming_tags i ON i.iccid = e.iccid")


def _plan_tags(
    connection: Connection,
    change: int,
    account: str,
    platform_tags: str,
    source: tuple[str, str],
    values: Sequence[dict[str, object]],
) -> None:
    if platform_tags == "off":
        return
    # Tags written later come after the last create, so that stock is ready sooner.
    shift = size_of(connection, change) if platform_tags == "later" else 0
    common = {"account": account, "change": change, "now": store_now(connection), "shift": shift}
    tag, join = source
    connection.execute(
        text(
            "INSERT INTO operations (account, change_id, position, endpoint, kind, target, state, already, updated_at) "
            f"SELECT :account, :change, o.position + :shift, o.endpoint, 'tag', {tag}, 'planned', false, :now "
            f"FROM operations o JOIN endpoints e ON e.id = o.endpoint {join} "
            "WHERE o.change_id = :change AND o.kind = 'create' AND e.batch_id = :batch "
            "ON CONFLICT (endpoint, kind, target) DO NOTHING"
        ),
        [common | value for value in values],
    )
    resize(connection, change)


def size_of(connection: Connection, change: int) -> int:
    """How many positions a change has."""
    return int(connection.execute(select(changes.c.size).where(changes.c.id == change)).scalar_one())


def open_stretches(connection: Connection, change: int) -> list[tuple[int, int]]:
    """Stretches of positions, counted from 1, that hold something planned: at most about a hundred of them."""
    size = size_of(connection, change)
    length = max(_SHORTEST_STRETCH, -(-size // _MOST_STRETCHES))
    query = text(
        "SELECT DISTINCT position / :length AS nth FROM operations "
        "WHERE change_id = :change AND state = 'planned' ORDER BY 1"
    )
    numbers = connection.execute(query, {"change": change, "length": length}).scalars()
    return [(int(nth) * length + 1, min(size, (int(nth) + 1) * length)) for nth in numbers]


def allow(connection: Connection, change: int) -> None:
    """Take back a cancel: somebody asked for the change again."""
    connection.execute(update(changes).where(changes.c.id == change).values(cancelled_at=None))


def plan_refused(connection: Connection, change: int) -> None:
    """Plan again what the platform refused; a person asked for it."""
    connection.execute(
        update(operations)
        .where(operations.c.change_id == change, operations.c.state == State.REFUSED.value)
        .values(state=State.PLANNED.value, next_at=0.0, updated_at=store_now(connection))
    )


def cancel(connection: Connection, change_ids: Sequence[int]) -> None:
    """Let no process send anything more for these changes."""
    if change_ids:
        now = store_now(connection)
        connection.execute(update(changes).where(changes.c.id.in_(change_ids)).values(cancelled_at=now))


def next_batch_name(connection: Connection, account: str, wanted: str) -> str:
    """The wanted name, or with a number behind it when another file has it."""
    taken = set(connection.execute(select(batches.c.name).where(batches.c.account == account)).scalars())
    if wanted not in taken:
        return wanted
    return next(f"{wanted}-{n}" for n in range(2, len(taken) + 3) if f"{wanted}-{n}" not in taken)


def new_tags(connection: Connection, change: int) -> list[str]:
    """Tags planned by this change that were never sent to the platform for any endpoint of the account."""
    query = text(
        "SELECT t.target FROM ("
        "  SELECT DISTINCT account, target FROM operations "
        "  WHERE change_id = :change AND kind = 'tag' AND state = 'planned'"
        ") t WHERE NOT EXISTS ("
        "  SELECT 1 FROM tags g JOIN operations p ON p.endpoint = g.endpoint AND p.kind = 'tag' AND p.target = g.tag "
        "  WHERE g.tag = t.target AND p.account = t.account AND p.token > 0) ORDER BY 1"
    )
    return list(connection.execute(query, {"change": change}).scalars())
