"""Tags: known to the store at once, and planned to be written to the platform."""

from collections.abc import Sequence

from sqlalchemy import Connection, select, text, update

from adapters.store.bulk_changes import resize, size_of
from adapters.store.clock import store_now
from adapters.store.tables import batches

_SAME_TAG = ("CAST(:tag AS VARCHAR(100))", "")
_ROW_TAGS = ("i.tag", "JOIN incoming_tags i ON i.iccid = e.iccid")


def add_tags(
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


def add_row_tags(connection: Connection, batch: int, change: int, account: str, platform_tags: str) -> None:
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
            "ON CONFLICT (endpoint, kind, target, round) DO NOTHING"
        ),
        [common | value for value in values],
    )
    resize(connection, change)


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
