"""Raw SIMs: known to the store, without an endpoint, and turned into endpoints as stock is used up."""

from typing import Any

from sqlalchemy import Connection, insert, select, text

from adapters.store.bulk_changes import resize
from adapters.store.clock import store_now
from adapters.store.engine import alone_on
from adapters.store.grants import latest, left, let_through
from adapters.store.ingest import Ingested, ingest
from adapters.store.tables import changes
from adapters.store.untouched import UNTOUCHED
from domain.approval import Bound
from domain.replenish import SALES_SECONDS, Level, Need, StockMark, need

_TAGGED = "FROM endpoints e JOIN tags t ON t.endpoint = e.id AND t.tag = :tag WHERE e.account = :account"
_RAW = "e.state = 'stock' AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.endpoint = e.id)"
_FREE = f'e.state = \'pre_active\' AND e.held_by IS NULL AND (e."group" IS NULL OR e."group" = :grp) AND {UNTOUCHED}'
_COMING = (
    "e.state = 'stock' AND EXISTS (SELECT 1 FROM operations o WHERE o.endpoint = e.id AND o.kind = 'create' "
    "AND o.state IN ('planned', 'sent', 'in_doubt'))"
)


def ingest_into_stock(connection: Connection, **file: Any) -> Ingested:
    """Store a file as a batch of raw SIMs: known and tagged, with nothing planned."""
    stored = ingest(connection, **file)
    connection.execute(
        text(
            "DELETE FROM operations WHERE change_id = :change AND state = 'planned' AND token = 0 "
            "AND kind IN ('create', 'tag') AND endpoint IN ("
            "  SELECT e.id FROM endpoints e WHERE e.state = 'stock' AND NOT EXISTS ("
            "    SELECT 1 FROM operations o WHERE o.endpoint = e.id AND (o.token > 0 OR o.state <> 'planned')))"
        ),
        {"change": stored.change},
    )
    resize(connection, stored.change)
    let_through(connection, stored.change, None, since=latest(connection))
    return stored


def level(connection: Connection, account: str, mark: StockMark) -> Level:
    """What there is for a mark, and what was sold lately."""
    values = {"account": account, "tag": mark.tag, "grp": mark.group}
    counts = (f"coalesce(sum(CASE WHEN {each} THEN 1 ELSE 0 END), 0)" for each in (_FREE, _COMING, _RAW))
    free, coming, raw = connection.execute(text(f"SELECT {', '.join(counts)} {_TAGGED}"), values).one()
    since = store_now(connection) - SALES_SECONDS
    sold = connection.execute(
        text(
            "SELECT count(*) FROM orders WHERE account = :account AND created_at >= :since AND tag = :tag "
            "AND (:grp = '' OR \"group\" = :grp) AND endpoint IS NOT NULL"
        ),
        values | {"since": since},
    ).scalar_one()
    return Level(int(free), int(coming), int(raw), int(sold))


def plan(
    connection: Connection, account: str, mark: StockMark, *, most: int, platform_tags: str, bound: Bound | None = None
) -> tuple[Need, int]:
    """Plan the creates that a mark needs, oldest SIMs first, and return the need and the change that holds them.

    What is planned counts as coming at once, so whoever asks at the same time plans nothing more. All marks together
    get what `bound` leaves the run.
    """
    alone_on(connection, account)
    most = most if bound is None else min(most, left(connection, bound))
    found = need(mark, level(connection, account, mark), most=most)
    change = _change(connection, account, mark.tag)
    if found.create:
        since = latest(connection)
        _plan_creates(connection, account, mark, change, found.create, platform_tags)
        let_through(connection, change, bound, since=since)
    return found, change


def _change(connection: Connection, account: str, tag: str) -> int:
    request = f"replenish {tag}"
    query = select(changes.c.id).where(changes.c.account == account, changes.c.request == request)
    known = connection.execute(query).scalar_one_or_none()
    if known is not None:
        return int(known)
    values = {"account": account, "request": request, "created_at": store_now(connection), "size": 0}
    return int(connection.execute(insert(changes).returning(changes.c.id), values).scalar_one())


def _plan_creates(
    connection: Connection, account: str, mark: StockMark, change: int, count: int, platform_tags: str
) -> None:
    base = connection.execute(select(changes.c.size).where(changes.c.id == change)).scalar_one()
    values = {"account": account, "tag": mark.tag, "change": change, "base": base, "now": store_now(connection)}
    columns = (
        "INSERT INTO operations (account, change_id, position, endpoint, kind, target, state, already, updated_at) "
    )
    connection.execute(
        text(
            f"{columns} SELECT e.account, :change, :base + row_number() OVER (ORDER BY e.id) - 1, e.id, 'create', '', "
            f"'planned', false, :now {_TAGGED} AND {_RAW} ORDER BY e.id LIMIT :count"
        ),
        values | {"count": count},
    )
    if platform_tags != "off":
        connection.execute(
            text(
                f"{columns} SELECT o.account, :change, o.position, o.endpoint, 'tag', t.tag, 'planned', false, :now "
                "FROM operations o JOIN tags t ON t.endpoint = o.endpoint "
                "WHERE o.change_id = :change AND o.kind = 'create' AND o.position >= :base "
                "ON CONFLICT (endpoint, kind, target, round) DO NOTHING"
            ),
            values,
        )
    resize(connection, change)
