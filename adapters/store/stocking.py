"""What there is for a mark of stock, and the changes that fill stock up from raw SIMs."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, or_, select, text, update

from adapters.store.bulk_changes import allow, plan_again, size_of
from adapters.store.clock import store_now
from adapters.store.deadline import planning
from adapters.store.engine import alone_on
from adapters.store.grants import latest, left, let_through
from adapters.store.rawstock import BY_REPLENISHING, RAW, give_back, plan_creates, plan_tags, take_over
from adapters.store.tables import changes, endpoints, operations
from adapters.store.untouched import UNTOUCHED
from adapters.store.work import ready
from domain.approval import Bound
from domain.replenish import SALES_SECONDS, Fill, Level, need, span
from domain.stock_mark import StockMark

_TAGGED = "FROM endpoints e JOIN tags t ON t.endpoint = e.id AND t.tag = :tag WHERE e.account = :account"
# Of a batch that a person cancelled nothing is taken.
_RAW = (
    f"{RAW} AND NOT EXISTS (SELECT 1 FROM changes b WHERE b.batch_id = e.batch_id AND b.cancelled_at IS NOT NULL "
    "AND b.request LIKE 'provision %')"
)
_FREE = f"e.state = 'pre_active' AND e.held_by IS NULL AND e.\"group\" IS NULL AND {UNTOUCHED}"
_COMING = (
    "e.state = 'stock' AND EXISTS (SELECT 1 FROM operations o WHERE o.endpoint = e.id AND o.kind = 'create' "
    "AND o.state IN ('planned', 'sent', 'in_doubt'))"
)
# What a person refused is taken again by no command.
_REFUSED = (
    f"o.kind = 'create' AND o.state = 'refused' AND {BY_REPLENISHING} AND NOT EXISTS (SELECT 1 FROM attempts a "
    "WHERE a.operation_id = o.id AND a.token = o.token AND a.event = 'person' AND a.verdict = 'refused')"
)
_CREATES = (
    "FROM operations o JOIN endpoints e ON e.id = o.endpoint JOIN tags t ON t.endpoint = o.endpoint AND t.tag = :tag "
    "WHERE o.account = :account"
)


def level(connection: Connection, account: str, mark: StockMark) -> Level:
    """What there is for a mark, and what was sold lately of its tag, whatever the order asked for."""
    values = {"account": account, "tag": mark.tag}
    counts = (f"coalesce(sum(CASE WHEN {each} THEN 1 ELSE 0 END), 0)" for each in (_FREE, _COMING, _RAW))
    free, coming, raw = connection.execute(text(f"SELECT {', '.join(counts)} {_TAGGED}"), values).one()
    now = store_now(connection)
    sold, first_sale = connection.execute(
        text(
            "SELECT coalesce(sum(CASE WHEN s.created_at >= :since THEN 1 ELSE 0 END), 0), min(s.created_at) "
            "FROM tags t JOIN orders s ON s.endpoint = t.endpoint WHERE t.tag = :tag AND s.account = :account"
        ),
        values | {"since": now - SALES_SECONDS},
    ).one()
    refused, in_a_row = _refusals(connection, values)
    seconds = span(now, first_sale)
    return Level(int(free), int(coming), int(raw), int(sold), seconds, refused=refused, in_a_row=in_a_row)


def _refusals(connection: Connection, values: dict[str, Any]) -> tuple[int, int]:
    """Raw SIMs that the platform refused, and how many of them since it last did not."""
    last = f"SELECT max(o.updated_at) {_CREATES} AND o.kind = 'create' AND o.state = 'confirmed' AND {BY_REPLENISHING}"
    found = connection.execute(
        text(
            f"SELECT count(*), coalesce(sum(CASE WHEN o.updated_at > coalesce(({last}), 0) THEN 1 ELSE 0 END), 0) "
            f"{_CREATES} AND e.state = 'stock' AND {_REFUSED}"
        ),
        values,
    ).one()
    return int(found[0]), int(found[1])


def without_plan(
    connection: Connection, account: str, mark: StockMark, *, most: int, platform: str, **asked: bool
) -> Fill | None:
    """What a mark has that needs no plan, as most have whenever a schedule looks; None where one is to be made.

    Only reads, so that sales do not wait for the counting.
    """
    if _open_fill(connection, account, mark.tag, platform)[0]:
        return None
    found = need(mark, level(connection, account, mark), most=most, **asked)
    return None if found.create else Fill(found)


@planning
def plan(
    connection: Connection,
    account: str,
    mark: StockMark,
    *,
    most: int,
    platform: str,
    platform_tags: str,
    retry_refused: bool = False,
    go_on: bool = False,
    bound: Bound | None = None,
) -> Fill:
    """Plan the creates that a mark needs, oldest SIMs first, and return the need with the change that holds them.

    What is planned counts as coming at once, so whoever asks at the same time plans nothing more. What an earlier fill
    left is gone on with in its change. A cancel holds for the run that met it: what it did not begin is raw again.
    All marks together get what `bound` leaves the run.
    """
    alone_on(connection, account)
    since = latest(connection)
    change, cancelled = _open_fill(connection, account, mark.tag, platform)
    if cancelled:
        give_back(connection, change)
        allow(connection, change)
        change, _ = _open_fill(connection, account, mark.tag, platform)
    asked = {"retry_refused": retry_refused, "go_on": go_on}
    most = most if bound is None else min(most, left(connection, bound))
    found = need(mark, level(connection, account, mark), most=most, **asked)
    if found.held:
        return Fill(found)
    if found.create:
        change = change or _new_fill(connection, account, mark.tag)
        again = _plan_creates(connection, account, mark.tag, change, found.create, platform_tags, again=retry_refused)
        let_through(connection, change, bound, since=since, again=again)
    return Fill(found, change)


def _open_fill(connection: Connection, account: str, tag: str, platform: str) -> tuple[int, bool]:
    """The latest change that fills up this tag and has something left to do, and whether it was cancelled."""
    o, c = operations.c, changes.c
    mine = or_(c.request == f"replenish {tag}", c.request.startswith(f"replenish {tag} ", autoescape=True))
    unfinished = or_(o.state.in_(("sent", "in_doubt")), (o.state == "planned") & ready(platform))
    query = (
        select(c.id, c.cancelled_at)
        .select_from(operations.join(changes).join(endpoints))
        .where(o.account == account, o.state.in_(("planned", "sent", "in_doubt")), mine, unfinished)
        .order_by(c.id.desc())
        .limit(1)
    )
    found = connection.execute(query).first()
    return (int(found.id), found.cancelled_at is not None) if found else (0, False)


def _new_fill(connection: Connection, account: str, tag: str) -> int:
    """A change of its own for each time that stock is filled up, so that numbers and report are of that time."""
    values = {"account": account, "request": f"replenish {tag} new", "created_at": store_now(connection), "size": 0}
    change = int(connection.execute(insert(changes).returning(changes.c.id), values).scalar_one())
    connection.execute(update(changes).where(changes.c.id == change).values(request=f"replenish {tag} {change}"))
    return change


def _plan_creates(
    connection: Connection, account: str, tag: str, change: int, count: int, platform_tags: str, *, again: bool
) -> Sequence[int]:
    """Plan so many creates: with `again` of refused SIMs first, whose operations are returned, then of raw ones."""
    base = size_of(connection, change)
    taken, planned = _plan_refused(connection, account, tag, change, count) if again else (0, ())
    chosen = f"SELECT e.id, row_number() OVER (ORDER BY e.id) AS nth {_TAGGED} AND {_RAW} ORDER BY e.id LIMIT :count"
    plan_creates(connection, change, chosen, account=account, tag=tag, count=count - taken)
    plan_tags(connection, change, base, platform_tags)
    return planned


def _plan_refused(connection: Connection, account: str, tag: str, change: int, count: int) -> tuple[int, Sequence[int]]:
    base, values = size_of(connection, change), {"account": account, "tag": tag}
    chosen = (
        f"SELECT e.id, row_number() OVER (ORDER BY e.id) AS nth {_CREATES} AND e.state = 'stock' AND {_REFUSED} "
        "ORDER BY e.id LIMIT :count"
    )
    taken = take_over(connection, change, chosen, **values, count=count)
    mine = "SELECT id, token FROM operations WHERE change_id = :change AND position >= :base AND state = 'refused'"
    found = connection.execute(text(f"{mine} ORDER BY id"), {"change": change, "base": base}).all()
    return taken, plan_again(connection, account, found)
