"""Reads endpoints, what hangs on them, and their facts, some at a time, for the comparison of domain/audit.py."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from adapters.store.reading import Reader, Row
from domain.audit import Audit, Held
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.trail import ORDERED, fold

AT_ONCE = 1000

_SOME = (
    'SELECT id, account, iccid, endpoint_id, state, "group" AS into_group FROM endpoints '
    "WHERE id > :after ORDER BY id LIMIT :most"
)
_OPERATIONS = (
    "SELECT endpoint, kind, target, round, state, token FROM operations WHERE endpoint BETWEEN :first AND :last"
)
_TAGS = "SELECT endpoint, tag FROM tags WHERE endpoint BETWEEN :first AND :last"
_ORDERS = "SELECT endpoint, order_no, state FROM orders WHERE endpoint BETWEEN :first AND :last"
# The text is long, and tells something only of orders.
_FACTS = (
    "SELECT o.endpoint, a.iccid, a.name, a.batch, a.kind, a.target, a.round, a.token, a.at, a.event, a.verdict, "
    f"a.state, a.endpoint_id, a.code, CASE WHEN a.event = '{ORDERED}' THEN a.text ELSE '' END AS text "
    "FROM operations o JOIN attempts a ON a.operation_id = o.id "
    "WHERE o.endpoint BETWEEN :first AND :last ORDER BY a.id"
)


def compare(reader: Reader, platforms: Mapping[str, str]) -> Audit:
    """Compare all that is used with the trail, for accounts whose platform is known."""
    audit = Audit(lost=_lost(reader))
    for account, held, facts in entries(reader):
        if account in platforms:
            audit.note(held, fold(facts, platforms[account]), platforms[account])
        else:
            audit.strangers[account] += 1
    return audit


class Entry(NamedTuple):
    """One endpoint as the store uses it, and its facts."""

    account: str
    held: Held
    facts: list[Row]


def entries(reader: Reader) -> Iterator[Entry]:
    """Every endpoint. No writer waits for longer than one of these stretches takes to be read."""
    after = 0
    while True:
        with reader.snapshot():
            some = reader.rows(_SOME, {"after": after, "most": AT_ONCE})
            if not some:
                return
            found = _read(reader, first=some[0]["id"], last=some[-1]["id"])
        after = some[-1]["id"]
        for row in some:
            yield Entry(row["account"], _held(row, found), found[_FACTS].get(row["id"], []))


_Found = Mapping[str, Mapping[int, list[Row]]]


def _read(reader: Reader, *, first: int, last: int) -> _Found:
    """What hangs on endpoints, by query and endpoint."""
    found: dict[str, dict[int, list[Row]]] = {}
    for query in (_OPERATIONS, _TAGS, _ORDERS, _FACTS):
        mine = found[query] = {}
        for row in reader.rows(query, {"first": first, "last": last}):
            mine.setdefault(row["endpoint"], []).append(row)
    return found


def _held(row: Row, found: _Found) -> Held:
    order: Mapping[str, Any] = next(iter(found[_ORDERS].get(row["id"], [])), {})
    return Held(
        iccid=row["iccid"],
        state=Lifecycle(row["state"]),
        endpoint_id=row["endpoint_id"],
        group=row["into_group"],
        tags={one["tag"] for one in found[_TAGS].get(row["id"], [])},
        operations={
            (Kind(one["kind"]), one["target"], one["round"]): (State(one["state"]), one["token"])
            for one in found[_OPERATIONS].get(row["id"], [])
        },
        order=order.get("order_no"),
        order_state=order.get("state", ""),
    )


def _lost(reader: Reader) -> int:
    """Facts of operations that are not there any more."""
    query = (
        "SELECT count(*) AS n FROM attempts a WHERE NOT EXISTS (SELECT 1 FROM operations o WHERE o.id = a.operation_id)"
    )
    return int(reader.rows(query)[0]["n"])
