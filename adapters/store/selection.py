"""Selects endpoints for a bulk change and plans the operations, so that the same request selects the same ones."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, text

from adapters.store.bulk_changes import resize
from adapters.store.engine import alone_on, store_now
from adapters.store.ingest import stage
from adapters.store.tables import changes
from domain.selection import Selected


@dataclass(frozen=True, slots=True)
class Request:
    """Which endpoints to activate: by tag or by ICCID, up to `count` in all, into `group`."""

    account: str
    tag: str = ""
    group: str = ""
    count: int | None = None
    iccids: tuple[str, ...] = ()
    by_assignment: bool = False  # the platform activates an endpoint by putting it into the group

    @property
    def key(self) -> str:
        """The same for the same request, whatever its count."""
        which = f"tag={self.tag}" if self.tag else f"list={_digest(self.iccids)}"
        return f"activate {which} group={self.group}"


def _digest(iccids: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(sorted(set(iccids))).encode()).hexdigest()[:32]


_WANTED = """
  FROM endpoints e
  {join}
  LEFT JOIN changes c ON c.account = :account AND c.request = :key
  LEFT JOIN operations a ON a.endpoint = e.id AND a.kind = 'activate'
  WHERE e.account = :account {where}
"""
# Never NULL, also for an endpoint without a group: it is negated.
_ALREADY = "(e.state = 'active' AND (:grp = '' OR coalesce(e.\"group\", '') = :grp))"
_MINE = "(a.id IS NOT NULL AND a.change_id = c.id AND a.state <> 'refused')"
_FREE = "(a.id IS NULL AND e.state = 'pre_active')"


def preview(connection: Connection, request: Request) -> Selected:
    """What the request would select. Changes nothing but a temporary table."""
    source, values = _source(connection, request)
    query = (
        f"SELECT coalesce(sum(CASE WHEN {_ALREADY} THEN 1 ELSE 0 END), 0) AS already, "
        f"coalesce(sum(CASE WHEN {_MINE} AND NOT {_ALREADY} THEN 1 ELSE 0 END), 0) AS open, "
        f"coalesce(sum(CASE WHEN {_FREE} THEN 1 ELSE 0 END), 0) AS free, count(*) AS rows {source}"
    )
    row = connection.execute(text(query), values).one()
    already, open_, free, rows = int(row.already), int(row.open), int(row.free), int(row.rows)
    missing = len(set(request.iccids)) - rows if request.iccids else 0
    new = free if request.count is None else max(0, min(free, request.count - already - open_))
    return Selected(already, open_, new, rows - already - open_ - free + missing, _change_id(connection, request) or 0)


def select_endpoints(connection: Connection, request: Request) -> Selected:
    """Plan to activate and group what the request selects, oldest first."""
    alone_on(connection, request.account)
    found = preview(connection, request)
    change = found.change or _new_change(connection, request)
    if found.new:
        _plan(connection, request, change, found.new)
    return Selected(found.already, found.open, found.new, found.unusable, change)


def _source(connection: Connection, request: Request) -> tuple[str, dict[str, object]]:
    values: dict[str, object] = {"account": request.account, "key": request.key, "grp": request.group}
    if request.iccids:
        stage(connection, ((0, iccid, "") for iccid in dict.fromkeys(request.iccids)))
        return _WANTED.format(join="JOIN incoming i ON i.iccid = e.iccid", where=""), values
    values["tag"] = request.tag
    return _WANTED.format(join="JOIN tags t ON t.endpoint = e.id", where="AND t.tag = :tag"), values


def _change_id(connection: Connection, request: Request) -> int | None:
    query = select(changes.c.id).where(changes.c.account == request.account, changes.c.request == request.key)
    return connection.execute(query).scalar_one_or_none()


def _new_change(connection: Connection, request: Request) -> int:
    values = {"account": request.account, "request": request.key, "created_at": store_now(connection), "size": 0}
    return int(connection.execute(insert(changes).returning(changes.c.id), values).scalar_one())


def _plan(connection: Connection, request: Request, change: int, limit: int) -> None:
    source, values = _source(connection, request)
    base = connection.execute(select(changes.c.size).where(changes.c.id == change)).scalar_one()
    values |= {"change": change, "base": base, "now": store_now(connection), "limit": limit}
    insert_into = (
        "INSERT INTO operations (account, change_id, position, endpoint, kind, target, state, already, updated_at) "
    )
    connection.execute(
        text(
            insert_into
            + "SELECT :account, :change, :base + row_number() OVER (ORDER BY e.id) - 1, e.id, 'activate', "
            + f"CAST(:target AS VARCHAR(100)), 'planned', false, :now {source} AND {_FREE} ORDER BY e.id LIMIT :limit"
        ),
        values | {"target": request.group if request.by_assignment else ""},
    )
    if request.group and not request.by_assignment:
        connection.execute(
            text(
                insert_into + "SELECT :account, :change, position, endpoint, 'assign', :grp, 'planned', false, :now "
                "FROM operations WHERE change_id = :change AND kind = 'activate' AND position >= :base "
                "ON CONFLICT (endpoint, kind, target) DO NOTHING"
            ),
            values,
        )
    resize(connection, change)
