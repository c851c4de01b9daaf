"""Raw SIMs: known to the store, without an endpoint, and with nothing planned. Their creates are planned here."""

from typing import Any

from sqlalchemy import Connection, text

from adapters.store.bulk_changes import resize, size_of
from adapters.store.clock import store_now
from adapters.store.esims import NO_CONFLICT

RAW = "e.state = 'stock' AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.endpoint = e.id)"
# A create of `o` that a replenishing planned, rather than a file.
BY_REPLENISHING = "EXISTS (SELECT 1 FROM changes c WHERE c.id = o.change_id AND c.request LIKE 'replenish %')"
_OPERATIONS = (
    "INSERT INTO operations (account, change_id, position, endpoint, kind, target, state, already, updated_at)"
)


def plan_creates(connection: Connection, change: int, chosen: str, **values: Any) -> int:
    """Plan to create the endpoints that a query with the columns `id` and `nth` finds, and return how many it found."""
    made = connection.execute(
        text(
            f"{_OPERATIONS} SELECT e.account, :change, :base + chosen.nth - 1, e.id, 'create', '', 'planned', false, "
            f":now FROM ({chosen}) chosen JOIN endpoints e ON e.id = chosen.id"
        ),
        values | {"change": change, "base": size_of(connection, change), "now": store_now(connection)},
    ).rowcount
    resize(connection, change)
    return made


def plan_tags(connection: Connection, change: int, base: int, platform_tags: str) -> None:
    """Plan to write to the platform all tags of the endpoints whose creates stand in the change from `base` on."""
    if platform_tags == "off":
        return
    shift = size_of(connection, change) - base if platform_tags == "later" else 0
    connection.execute(
        text(
            f"{_OPERATIONS} SELECT o.account, :change, o.position + :shift, o.endpoint, 'tag', t.tag, 'planned', "
            "false, :now FROM operations o JOIN tags t ON t.endpoint = o.endpoint "
            "WHERE o.change_id = :change AND o.kind = 'create' AND o.position >= :base "
            "ON CONFLICT (endpoint, kind, target, round) DO NOTHING"
        ),
        {"change": change, "base": base, "shift": shift, "now": store_now(connection)},
    )
    resize(connection, change)


def take_over(connection: Connection, change: int, chosen: str, **values: Any) -> int:
    """Move creates with their tags into the change, as they stand, and return how many creates.

    `chosen` is a query of their endpoints with the columns `id` and `nth`; nothing of them may be under way.
    """
    base = size_of(connection, change)
    connection.execute(
        text(
            f"WITH chosen AS ({chosen}) UPDATE operations SET change_id = :change, "
            "position = :base + chosen.nth - 1 FROM chosen "
            "WHERE operations.endpoint = chosen.id AND operations.kind IN ('create', 'tag')"
        ),
        values | {"change": change, "base": base},
    )
    resize(connection, change)
    return size_of(connection, change) - base


def give_back(connection: Connection, change: int) -> None:
    """Make raw SIMs again of those for which the change planned a create and nothing was ever done."""
    connection.execute(
        text(
            "DELETE FROM operations WHERE change_id = :change AND state = 'planned' AND kind IN ('create', 'tag') "
            "AND endpoint IN (SELECT e.id FROM endpoints e WHERE e.state = 'stock' AND NOT EXISTS ("
            "  SELECT 1 FROM operations o WHERE o.endpoint = e.id AND (o.token > 0 OR o.state <> 'planned' "
            "    OR EXISTS (SELECT 1 FROM attempts a WHERE a.operation_id = o.id))))"
        ),
        {"change": change},
    )
    resize(connection, change)


def plan_source(connection: Connection, account: str, batch: int, source: int, change: int) -> int:
    """Plan the creates of a file's SIMs that have none, and return how many SIMs of it raw stock had.

    What replenishing planned for them without beginning, or was refused, becomes this change's; all become the batch's.
    """
    of = {"source": source, "batch": batch}
    taken = take_over(connection, change, _NOT_BEGUN, account=account, source=source)
    moved = connection.execute(text(_TO_THIS_BATCH), of | {"account": account, "change": change}).rowcount
    plan_creates(connection, change, _RAW_OF_SOURCE, **of)
    return max(taken, moved)


def recount(connection: Connection, batch: int, source: int, change: int) -> None:
    """Say again which rows of a file were known already: those that this change does not make for this file."""
    connection.execute(text(_KNOWN), {"batch": batch, "source": source, "change": change})


_OF_SOURCE = "EXISTS (SELECT 1 FROM rows r WHERE r.source_id = :source AND r.endpoint = e.id)"
_NOT_BEGUN = (
    "SELECT e.id, row_number() OVER (ORDER BY e.id) AS nth FROM operations o JOIN endpoints e ON e.id = o.endpoint "
    f"WHERE o.account = :account AND o.kind = 'create' AND o.state IN ('planned', 'refused') AND e.state = 'stock' "
    f"AND {BY_REPLENISHING} AND {_OF_SOURCE} AND {NO_CONFLICT}"
)
_TO_THIS_BATCH = (
    "UPDATE endpoints SET batch_id = :batch, name = r.name FROM rows r "
    "WHERE r.source_id = :source AND r.endpoint = endpoints.id AND endpoints.batch_id <> :batch "
    "AND endpoints.account = :account AND endpoints.state = 'stock' "
    "AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.endpoint = endpoints.id AND o.change_id <> :change) "
    "AND NOT EXISTS (SELECT 1 FROM esim_conflicts x WHERE x.endpoint = endpoints.id)"
)
_RAW_OF_SOURCE = (
    "SELECT e.id, row_number() OVER (ORDER BY r.row_no) AS nth FROM rows r JOIN endpoints e ON e.id = r.endpoint "
    f"WHERE r.source_id = :source AND e.batch_id = :batch AND {RAW} AND {NO_CONFLICT}"
)
# The create of an endpoint is found by its unique key; by its change it would be looked for among all of the change's.
_KNOWN = (
    "UPDATE rows SET known = NOT known WHERE source_id = :source AND known <> ("
    "  coalesce((SELECT o.change_id FROM operations o WHERE o.endpoint = rows.endpoint AND o.kind = 'create' "
    "    AND o.target = '' AND o.round = 0), 0) <> :change "
    "  OR EXISTS (SELECT 1 FROM rows r JOIN sources s ON s.id = r.source_id WHERE s.batch_id = :batch "
    "    AND r.endpoint = rows.endpoint AND r.source_id < :source AND NOT r.known))"
)
