"""Tags: known to the store at once, and planned to be written to the platform."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, text, update

from adapters.store.bulk_changes import resize, size_of
from adapters.store.clock import store_now
from adapters.store.esims import NO_CONFLICT
from adapters.store.tables import batches

# What the file's rows ask for: the endpoints of all its rows, or of those that the batch brought in itself.
_ALL = (
    "SELECT r.endpoint, CAST(:tag AS VARCHAR(100)) AS tag FROM rows r JOIN endpoints e ON e.id = r.endpoint "
    f"WHERE r.source_id = :source AND e.state <> 'terminated' AND {NO_CONFLICT}"
)
_BROUGHT = f"{_ALL} AND e.batch_id = :batch"
_BY_ROW = (
    "SELECT DISTINCT e.id AS endpoint, i.tag FROM incoming_tags i JOIN endpoints e "
    f"ON e.account = :account AND e.iccid = i.iccid WHERE e.state <> 'terminated' AND {NO_CONFLICT}"
)
_RAW = " AND e.state = 'stock'"


@dataclass(frozen=True, slots=True)
class Tagging:
    """The rows whose endpoints get tags; with `only_raw` those that have no endpoint yet."""

    account: str
    batch: int
    source: int
    change: int
    only_raw: bool = False


def add_tags(
    connection: Connection, rows: Tagging, *, tags: Sequence[str], own: Sequence[str], platform_tags: str
) -> None:
    """Give the endpoints of a file's rows the tags asked for and those of their row, and plan to write them.

    `own` are given to those that the batch brought in only. Other rows of the batch are left alone. Row tags, and
    conflicts of eSIM data, are staged.
    """
    _remember(connection, rows.batch, [*own, *tags])
    shift = size_of(connection, rows.change) if platform_tags == "later" else 0
    values = {name: getattr(rows, name) for name in ("account", "batch", "source", "change")} | {"shift": shift}
    asked = list(dict.fromkeys(tags))
    for wanted, some in ((_ALL, asked), (_BROUGHT, [tag for tag in dict.fromkeys(own) if tag not in asked])):
        for tag in some:
            _give(connection, rows, wanted, values | {"tag": tag}, platform_tags)
    _give(connection, rows, _BY_ROW, values, platform_tags)
    resize(connection, rows.change)


def _remember(connection: Connection, batch: int, tags: Sequence[str]) -> None:
    """Keep the tags of a batch, which files that are added to it get too."""
    known = connection.execute(select(batches.c.tags).where(batches.c.id == batch)).scalar_one()
    connection.execute(update(batches).where(batches.c.id == batch).values(tags=list(dict.fromkeys([*known, *tags]))))


def _give(connection: Connection, rows: Tagging, wanted: str, values: Mapping[str, object], platform_tags: str) -> None:
    wanted += _RAW if rows.only_raw else ""
    connection.execute(text(f"INSERT INTO tags (endpoint, tag) {wanted} ON CONFLICT DO NOTHING"), values)
    if platform_tags != "off":
        _plan(connection, rows.change, wanted, values)


def _plan(connection: Connection, change: int, wanted: str, values: Mapping[str, object]) -> None:
    """Plan to write tags: beside the create of this change, or else, for an endpoint that exists, behind all.

    A SIM whose create another batch has under way is left to be tagged when its file is handed in again.
    """
    connection.execute(
        text(
            "INSERT INTO operations (account, change_id, position, endpoint, kind, target, state, already, updated_at) "
            "SELECT :account, :change, "
            # Tags written later come after the last create, so that stock is ready sooner.
            "coalesce(c.position + :shift, :base + row_number() OVER (ORDER BY c.position, w.endpoint) - 1), "
            f"w.endpoint, 'tag', w.tag, 'planned', false, :now FROM ({wanted}) w "
            "JOIN endpoints n ON n.id = w.endpoint "
            "LEFT JOIN operations c ON c.endpoint = w.endpoint AND c.kind = 'create' AND c.target = '' "
            "AND c.round = 0 AND c.change_id = :change "
            "WHERE c.id IS NOT NULL OR n.state <> 'stock' ORDER BY c.position, w.endpoint "
            "ON CONFLICT (endpoint, kind, target, round) DO NOTHING"
        ),
        {**values, "base": size_of(connection, change), "now": store_now(connection)},
    )


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
