"""Selects endpoints for a bulk change and plans the operations, so that the same request selects the same ones."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, insert, select, text

from adapters.store.bulk_changes import plan_again, resize
from adapters.store.clock import store_now
from adapters.store.deadline import planning
from adapters.store.engine import alone_on
from adapters.store.grants import latest, let_through
from adapters.store.ingest import stage
from adapters.store.pins import names_of
from adapters.store.sharing import OF_ANOTHER
from adapters.store.tables import changes
from domain.approval import Bound
from domain.capabilities import CAPABILITIES
from domain.counts import sum_of_writes
from domain.lifecycle import MOVES, Kind, Lifecycle
from domain.ownership import TAKEN
from domain.selection import AsAsked, LeftOut, Selected, check_count, of_another, unknown, unusable


@dataclass(frozen=True, slots=True)
class Request:
    """Which endpoints to change: by tag or by ICCID, into `group`; of an activation up to `count` in all.

    `retry` plans again what was refused before, unless a person refused it. With `counted` nothing is planned unless
    `confirmed` is the number of endpoints.
    """

    account: str
    platform: str
    tag: str = ""
    group: str = ""
    count: int | None = None
    iccids: tuple[str, ...] | None = None
    kind: Kind = Kind.ACTIVATE
    retry: bool = False
    counted: bool = False
    confirmed: int | None = None
    same_groups: tuple[str, ...] = ()  # every name that the group was used under

    @property
    def by_assignment(self) -> bool:
        """Whether the endpoints become active by being put into the group."""
        return self.kind is Kind.ACTIVATE and CAPABILITIES[self.platform].activates_by_assignment

    @property
    def key(self) -> str:
        """The same for the same request, whatever its count."""
        which = f"list={_digest(self.iccids)}" if self.iccids is not None else f"tag={self.tag}"
        grouped = f" group={self.group}" if self.kind in (Kind.ACTIVATE, Kind.ASSIGN) else ""
        return f"{self.kind.value} {which}{grouped}"

    @property
    def done(self) -> AsAsked:
        """How an endpoint stands for which the request is done."""
        to = MOVES[self.platform][self.kind].to
        return AsAsked("" if to is None else to.value, self.same_groups if self.group else ())


def _digest(iccids: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(sorted(set(iccids))).encode()).hexdigest()[:32]


# The latest operation of the kind is what counts; a change of state is not planned while another one is under way.
_WANTED = """
  FROM endpoints e
  {join}
  LEFT JOIN operations a ON a.endpoint = e.id AND a.kind = '{kind}' AND a.target = {target} AND a.round = (
    SELECT max(b.round) FROM operations b WHERE b.endpoint = e.id AND b.kind = '{kind}' AND b.target = {target})
  WHERE e.account = :account {where}
"""
_BUSY = """EXISTS (SELECT 1 FROM operations p WHERE p.endpoint = e.id AND (
    p.kind IN ('activate', 'suspend', 'resume', 'terminate')
      AND p.state IN ('planned', 'sent', 'in_doubt', 'needs_human')
    OR p.kind = 'assign' AND p.state IN ('sent', 'in_doubt', 'needs_human')))"""
_BY_A_PERSON = """EXISTS (SELECT 1 FROM attempts f WHERE f.operation_id = {0}.id AND f.token = {0}.token
    AND f.event = 'person' AND f.verdict = 'refused')"""
_RETRIED = f"(:retry = 1 AND e.state IN ({{states}}) AND NOT {_BY_A_PERSON.format('a')} AND NOT {_BUSY})"
# An activation that is done, and whose group was refused.
_NO_GROUP = (
    "EXISTS (SELECT 1 FROM operations g WHERE g.endpoint = e.id AND g.change_id = :change AND g.kind = 'assign' "
)
_NO_GROUP += "AND g.state = 'refused' {})"
_GROUP_COMES = (
    "EXISTS (SELECT 1 FROM operations g WHERE g.endpoint = e.id AND g.kind = 'assign' AND g.target = :grp "
    "AND g.state IN ('planned', 'sent', 'in_doubt', 'needs_human'))"
)
_CLASS = f"""CASE
  WHEN {{ended}} OR {OF_ANOTHER} THEN 'unusable'
  WHEN {{taken}} THEN 'taken'
  WHEN {{already}} THEN CASE WHEN a.change_id = :change THEN 'already' ELSE 'outside' END
  WHEN a.change_id = :change AND {{mine}} THEN CASE
    WHEN :retry = 1 AND {_NO_GROUP.format("AND NOT " + _BY_A_PERSON.format("g"))} THEN 'again'
    WHEN {_NO_GROUP.format("")} THEN 'refused'
    ELSE 'open' END
  WHEN a.state = 'refused' AND a.change_id = :change AND {_RETRIED} THEN 'again'
  WHEN a.state = 'refused' AND a.change_id = :change THEN 'refused'
  WHEN a.state = 'refused' AND {_RETRIED} THEN 'free'
  WHEN a.state = 'refused' AND e.state IN ({{states}}) THEN 'elsewhere'
  WHEN (a.id IS NULL OR a.state = 'confirmed') AND e.state IN ({{states}}) AND NOT {_BUSY} THEN 'free'
  ELSE 'unusable' END"""

_CLASSES = ("already", "outside", "open", "again", "refused", "elsewhere", "free", "taken", "unusable")

# Never NULL, also for an endpoint without a group. One group may have been used under several names.
_IN_GROUP = "coalesce(e.\"group\", '') IN ({names})"
_ALREADY = {
    Kind.ACTIVATE: f"(e.state = 'active' AND (:grp = '' OR {_IN_GROUP}))",
    Kind.ASSIGN: _IN_GROUP,
}
# Active, and not by us: it neither counts towards a total nor is it activated again.
_TAKEN = f"(a.code = '{TAKEN}' AND a.state IN ('needs_human', 'refused') AND e.state = 'active')"
_UNFINISHED = "a.state IN ('planned', 'sent', 'in_doubt', 'needs_human')"


@planning
def preview(connection: Connection, request: Request) -> Selected:
    """What the request would select. Changes nothing but a temporary table."""
    found, _ = _look(connection, _by_first_name(connection, request))
    return found


def _by_first_name(connection: Connection, request: Request) -> Request:
    """The request under the name that its group was used under first, since a group is what its id says."""
    names = names_of(connection, request.account, request.group) if request.group else (request.group,)
    return replace(request, group=names[0], same_groups=tuple(names))


@planning
def select_endpoints(connection: Connection, request: Request, bound: Bound | None = None) -> Selected:
    """Plan the change of what the request selects, oldest first. Without anything to do there may be no change at all.

    Raises NotConfirmed, Unsigned.
    """
    alone_on(connection, request.account)
    request = _by_first_name(connection, request)
    found, again = _look(connection, request)
    if request.counted:
        check_count(found, request.confirmed)
    if not found.new:
        return found
    since = latest(connection)
    once_more = _plan_again(connection, request, found.change) if again else []
    change = found.change or _new_change(connection, request)
    if found.new > again:
        _plan(connection, request, seen=found.change, into=change, limit=found.new - again)
    let_through(connection, change, bound, since=since, again=once_more)
    return replace(found, change=change)


def _look(connection: Connection, request: Request) -> tuple[Selected, int]:
    """What the request selects, and how many of the new ones are refused ones of its own change."""
    change = _current(connection, request)
    source, values = _source(connection, request, change)
    query = text(
        "SELECT class, origin, unsent, state, count(*) AS n "
        f"FROM (SELECT {_class(request)} AS class, coalesce(e.\"group\", '') AS origin, e.state, "
        f"CASE WHEN a.state = 'planned' THEN 1 ELSE 0 END AS unsent {source}) found "
        "GROUP BY class, origin, unsent, state"
    )
    rows = connection.execute(query, values).all()
    counts = dict.fromkeys(
        ("already", "outside", "open", "again", "refused", "elsewhere", "free", "taken", "unusable"), 0
    )
    for row in rows:
        counts[row[0]] += row.n
    already = counts["already"] + counts["outside"]
    held = already + counts["open"] + counts["again"] + counts["refused"]
    free = counts["free"] if request.count is None else max(0, min(counts["free"], request.count - held))
    missing = [unknown(iccid) for iccid in _missing(connection, request)]
    found = Selected(
        already=already,
        open=counts["open"],
        new=counts["again"] + free,
        unusable=counts["unusable"],
        change=change,
        refused=counts["refused"] + counts["elsewhere"],
        elsewhere=counts["elsewhere"],
        outside=counts["outside"],
        taken=counts["taken"],
        unknown=len(missing),
        kind=request.kind,
        origins=_origins(rows, surplus=counts["free"] - free),
        others=_others(rows),
        left=(*missing, *(_unusable(connection, request, change) if counts["unusable"] else ())),
        done=request.done,
        count=request.count,
        writes=_writes(connection, request, change, free),
    )
    return found, counts["again"]


def _writes(connection: Connection, request: Request, change: int, free: int) -> dict[Kind, int]:
    """What carrying the change out sends: what is planned, what is planned again, and for each new endpoint its own."""
    kinds = [request.kind]
    if request.group and request.kind is Kind.ACTIVATE and not request.by_assignment:
        kinds.append(Kind.ASSIGN)
    new: dict[Kind, int] = dict.fromkeys(kinds, free)
    if not change:
        return sum_of_writes([new])
    source, values = _source(connection, request, change)
    query = text(
        f"SELECT o.kind, count(*) FROM (SELECT e.id, {_class(request)} AS class {source}) found "
        "JOIN operations o ON o.endpoint = found.id AND o.change_id = :change "
        "WHERE class IN ('open', 'again') AND (o.state = 'planned' "
        f"OR class = 'again' AND o.state = 'refused' AND NOT {_BY_A_PERSON.format('o')}) GROUP BY o.kind"
    )
    planned = {Kind(kind): int(count) for kind, count in map(tuple, connection.execute(query, values))}
    return sum_of_writes([new, planned])


def _origins(rows: Sequence[Row[*tuple[Any, ...]]], *, surplus: int) -> dict[str, int]:
    """What is still to be sent, by the group that it is in; `surplus` of what waits without a group is not wanted."""
    found: dict[str, int] = {"": -surplus}
    for kind, origin, unsent, _, count in map(tuple, rows):
        if kind in ("again", "free") or (kind == "open" and unsent):
            found[origin] = found.get(origin, 0) + count
    return {origin: count for origin, count in found.items() if count > 0}


def _others(rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[str, int]:
    """What the change does not fit, by state."""
    found: dict[str, int] = {}
    for row in rows:
        if row[0] == "unusable":
            found[row.state] = found.get(row.state, 0) + row.n
    return found


def _unusable(connection: Connection, request: Request, change: int) -> Iterator[LeftOut]:
    """What a list names though the change does not fit it."""
    if request.iccids is None:
        return
    source, values = _source(connection, request, change)
    query = (
        f"SELECT e.iccid, e.state, coalesce(e.\"group\", ''), CASE WHEN {OF_ANOTHER} THEN 1 ELSE 0 END {source} "
        f"AND {_class(request)} = 'unusable' ORDER BY 1"
    )
    for iccid, state, group, theirs in map(tuple, connection.execute(text(query), values)):
        yield of_another(iccid) if theirs else unusable(iccid, request.kind, request.platform, Lifecycle(state), group)


def _class(request: Request) -> str:
    move = MOVES[request.platform][request.kind]
    states = ", ".join(f"'{state.value}'" for state in sorted(move.allowed_from))
    # An activation holds its place in a total also when it is done and its group is not.
    comes = f"{_GROUP_COMES} OR {_NO_GROUP.format('')}"
    done = f" OR (a.state = 'confirmed' AND e.state = 'active' AND ({comes}))"
    mine = f"({_UNFINISHED}{done if request.kind is Kind.ACTIVATE else ''})"
    names = ", ".join(f":name_{number}" for number in range(len(request.same_groups)))
    already = (_ALREADY.get(request.kind) or f"e.state = '{move.to.value if move.to else ''}'").format(names=names)
    ended = f"e.state = '{Lifecycle.TERMINATED.value}'" if move.to is not Lifecycle.TERMINATED else "1 = 0"
    taken = _TAKEN if request.kind is Kind.ACTIVATE else "1 = 0"
    return _CLASS.format(already=already, mine=mine, states=states, ended=ended, taken=taken)


def _source(connection: Connection, request: Request, change: int) -> tuple[str, dict[str, object]]:
    values: dict[str, object] = {
        "account": request.account,
        "change": change,
        "grp": request.group,
        "retry": int(request.retry),
    } | {f"name_{number}": name for number, name in enumerate(request.same_groups)}
    if request.iccids is not None:
        stage(connection, ((0, iccid, "") for iccid in dict.fromkeys(request.iccids)))
        return _WANTED.format(join="JOIN incoming i ON i.iccid = e.iccid", where="", **_operation(request)), values
    values["tag"] = request.tag
    tagged = {"join": "JOIN tags t ON t.endpoint = e.id", "where": "AND t.tag = :tag"}
    return _WANTED.format(**tagged, **_operation(request)), values


def _operation(request: Request) -> dict[str, str]:
    """Kind and target of the operations as SQL; the target of what puts into a group is the group."""
    target = "CAST(:grp AS VARCHAR(100))" if request.kind is Kind.ASSIGN or request.by_assignment else "''"
    return {"kind": request.kind.value, "target": target}


def _missing(connection: Connection, request: Request) -> list[str]:
    """ICCIDs of the list, which is staged, that the account does not have."""
    if request.iccids is None:
        return []
    query = text(
        "SELECT i.iccid FROM incoming i LEFT JOIN endpoints e ON e.account = :account AND e.iccid = i.iccid "
        "WHERE e.id IS NULL ORDER BY 1"
    )
    return list(connection.execute(query, {"account": request.account}).scalars())


def _latest(connection: Connection, request: Request) -> int:
    # A change that can be made more than once has a row for each time: its key, a line break, and what it came after.
    query = text(
        "SELECT coalesce(max(id), 0) FROM changes WHERE account = :account "
        "AND (request = :key OR substr(request, 1, :length) = :head)"
    )
    head = f"{request.key}\n"
    values = {"account": request.account, "key": request.key, "length": len(head), "head": head}
    return int(connection.execute(query, values).scalar_one())


def _current(connection: Connection, request: Request) -> int:
    """The change to go on with, or 0. An activation is made once; of the others, one that is over is left as it is."""
    change = _latest(connection, request)
    if request.kind is Kind.ACTIVATE:
        return change
    query = text(
        "SELECT count(*) FROM operations WHERE change_id = :change AND state IN ('planned', 'sent', 'in_doubt')"
    )
    return change if connection.execute(query, {"change": change}).scalar_one() else 0


def _new_change(connection: Connection, request: Request) -> int:
    before = _latest(connection, request)
    key = f"{request.key}\nafter {before}" if before else request.key
    values = {"account": request.account, "request": key, "created_at": store_now(connection), "size": 0}
    return int(connection.execute(insert(changes).returning(changes.c.id), values).scalar_one())


def _plan_again(connection: Connection, request: Request, change: int) -> list[int]:
    source, values = _source(connection, request, change)
    query = text(
        "SELECT id, token FROM operations "
        f"WHERE change_id = :change AND state = 'refused' AND NOT {_BY_A_PERSON.format('operations')} "
        f"AND endpoint IN (SELECT e.id {source} AND {_class(request)} = 'again') ORDER BY id"
    )
    return plan_again(connection, request.account, connection.execute(query, values).all())


def _plan(connection: Connection, request: Request, *, seen: int, into: int, limit: int) -> None:
    source, values = _source(connection, request, seen)
    base = connection.execute(select(changes.c.size).where(changes.c.id == into)).scalar_one()
    values |= {"into": into, "base": base, "now": store_now(connection), "limit": limit}
    insert_into = (
        "INSERT INTO operations (account, change_id, position, endpoint, kind, target, round, state, already, "
        "updated_at) "
    )
    connection.execute(
        text(
            insert_into
            + "SELECT e.account, :into, :base + row_number() OVER (ORDER BY e.id) - 1, e.id, "
            + "'{kind}', {target}, ".format(**_operation(request))
            + f"coalesce(a.round + 1, 0), 'planned', false, :now {source} AND {_class(request)} = 'free' "
            + "ORDER BY e.id LIMIT :limit"
        ),
        values,
    )
    if request.group and request.kind is Kind.ACTIVATE and not request.by_assignment:
        _plan_groups(connection, insert_into, values)
    resize(connection, into)


def _plan_groups(connection: Connection, insert_into: str, values: dict[str, object]) -> None:
    """Plan the group behind each new activation, and take over one that waits in vain behind a refused activation."""
    new = "FROM operations n WHERE n.change_id = :into AND n.kind = 'activate' AND n.position >= :base"
    connection.execute(
        text(
            "UPDATE operations SET change_id = :into, position = "
            f"(SELECT n.position {new} AND n.endpoint = operations.endpoint) "
            "WHERE kind = 'assign' AND target = :grp AND state = 'planned' AND change_id <> :into "
            f"AND endpoint IN (SELECT n.endpoint {new})"
        ),
        values,
    )
    same = "FROM operations q WHERE q.endpoint = n.endpoint AND q.kind = 'assign' AND q.target = :grp"
    connection.execute(
        text(
            f"{insert_into} SELECT n.account, :into, n.position, n.endpoint, 'assign', CAST(:grp AS VARCHAR(100)), "
            f"coalesce((SELECT max(q.round) + 1 {same}), 0), 'planned', false, :now {new} AND NOT EXISTS "
            f"(SELECT 1 {same} AND q.state IN ('planned', 'sent', 'in_doubt', 'needs_human'))"
        ),
        values,
    )
