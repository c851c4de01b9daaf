"""Which id a group's name stands for, kept from the first use on."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, func, or_, select, text

from adapters.store.clock import store_now
from adapters.store.lanes import LEASE_SECONDS
from adapters.store.tables import endpoints, group_targets, operations, pinned_groups, workers
from domain.lifecycle import Lifecycle


def pinned(connection: Connection, account: str, name: str) -> str | None:
    """The id that the name stood for before, if it was used."""
    g = pinned_groups.c
    query = select(g.group_id).where(g.account == account, g.name == name)
    return connection.execute(query).scalar_one_or_none()


def all_pinned(connection: Connection, account: str) -> dict[str, str]:
    """The id of every group that was used, by the name it was used under."""
    g = pinned_groups.c
    return {
        row.name: row.group_id for row in connection.execute(select(g.name, g.group_id).where(g.account == account))
    }


def targets(connection: Connection, account: str) -> dict[str, str]:
    """What every group of the settings stood for that was used, by its name."""
    g = group_targets.c
    return {row.name: row.target for row in connection.execute(select(g.name, g.target).where(g.account == account))}


def kept_targets(connection: Connection, account: str, worker: str, now: Mapping[str, str]) -> dict[str, str]:
    """What names of groups stand for: where the settings say otherwise and nobody uses it, that is forgotten."""
    kept = targets(connection, account)
    for name in [name for name in kept if kept[name] != now.get(name, kept[name])]:
        if not _is_in_use(connection, account, worker, name):
            g = group_targets.c
            connection.execute(delete(group_targets).where(g.account == account, g.name == name))
            del kept[name]
    return kept


def _is_in_use(connection: Connection, account: str, worker: str, name: str) -> bool:
    e, w = endpoints.c, workers.c
    since = store_now(connection) - LEASE_SECONDS
    inside = select(e.id).where(e.account == account, e.group == name, e.state != Lifecycle.TERMINATED.value)
    others = select(w.id).where(w.account == account, w.id != worker, w.heartbeat_at > since)  # they know the name too
    found = connection.execute(select(or_(inside.exists(), others.exists()))).scalar_one()
    return bool(found) or open_in_group(connection, account, name) > 0


def open_in_group(connection: Connection, account: str, name: str) -> int:
    """How many changes into a group are not decided."""
    o = operations.c
    query = select(func.count()).where(
        o.account == account, o.state.in_(_OPEN), o.target == name, o.kind.in_(("activate", "assign"))
    )
    return int(connection.execute(query).scalar_one())


_OPEN = ("planned", "sent", "in_doubt", "needs_human")


def pin_target(connection: Connection, account: str, name: str, target: str) -> str:
    """Keep what a group of the settings stands for, unless that is known, and return what it stands for."""
    statement = text(
        "INSERT INTO group_targets (account, name, target, pinned_at) VALUES (:account, :name, :target, :now) "
        "ON CONFLICT (account, name) DO NOTHING"
    )
    values = {"account": account, "name": name, "target": target, "now": store_now(connection)}
    connection.execute(statement, values)
    g = group_targets.c
    return str(connection.execute(select(g.target).where(g.account == account, g.name == name)).scalar_one())


def names_of(connection: Connection, account: str, name: str) -> list[str]:
    """Every name that the group of this name was used under, the first one first; the name itself if it is new."""
    query = text(
        "SELECT q.name FROM pinned_groups p JOIN pinned_groups q ON q.account = p.account AND q.group_id = p.group_id "
        "WHERE p.account = :account AND (p.name = :name OR p.group_id = :name) GROUP BY q.name, q.pinned_at "
        "ORDER BY q.pinned_at, q.name"
    )
    return list(connection.execute(query, {"account": account, "name": name}).scalars()) or [name]


def pin(connection: Connection, account: str, name: str, group_id: str) -> str:
    """Keep what a name stands for, unless that is known, and return what it stands for."""
    if not group_id:
        return pinned(connection, account, name) or ""
    statement = text(
        "INSERT INTO pinned_groups (account, name, group_id, pinned_at) VALUES (:account, :name, :id, :now) "
        "ON CONFLICT (account, name) DO NOTHING"
    )
    values = {"account": account, "name": name, "id": group_id, "now": store_now(connection)}
    connection.execute(statement, values)
    return pinned(connection, account, name) or group_id


def used_by(connection: Connection, change: int) -> list[str]:
    """The groups that open operations of a change put endpoints into, by name."""
    query = text(
        "SELECT DISTINCT target FROM operations WHERE change_id = :change AND kind IN ('activate', 'assign') "
        "AND state IN ('planned', 'sent', 'in_doubt') AND target <> '' ORDER BY 1"
    )
    return list(connection.execute(query, {"change": change}).scalars())
