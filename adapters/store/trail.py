"""Writes the audit trail (domain/trail.py). Whoever adds to it holds the account (`engine.alone_on`)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from adapters.store.engine import in_parts
from adapters.store.tables import attempts, batches, chains, endpoints, former_names, operations
from domain.errors import Refused
from domain.operation import State
from domain.trail import START, SUBJECT, link

_PLAIN: dict[str, Any] = {
    "owner": "",
    "verdict": "",
    "state": "",
    "endpoint_id": None,
    "http_status": 0,
    "code": "",
    "text": "",
    "response_id": "",
    "seconds": 0.0,
}
# Made once: these run for every call that the program makes.
_ADD = insert(attempts)
_LENGTHEN = update(chains).where(chains.c.account == bindparam("of"))
_LENGTHEN = _LENGTHEN.values(facts=bindparam("counted"), head=bindparam("head"))
_END = select(chains.c.facts, chains.c.head).where(chains.c.account == bindparam("of"))
_ABOUT = (operations.c.account, endpoints.c.iccid, endpoints.c.name, batches.c.name)
_SUBJECTS = (
    select(operations.c.id, *_ABOUT, operations.c.kind, operations.c.target, operations.c.round)
    .select_from(operations.join(endpoints).join(batches, batches.c.id == endpoints.c.batch_id))
    .where(operations.c.id.in_(bindparam("ids", expanding=True)))
)


def record(
    connection: Connection, account: str, facts: Sequence[Mapping[str, Any]], *, state: State | None = None
) -> None:
    """Add facts to an account's trail, each with what it is about."""
    if not facts:
        return
    about = _subjects(connection, [fact["operation_id"] for fact in facts if "iccid" not in fact])
    length, head = end_of(connection, account)
    common = _PLAIN if state is None else _PLAIN | {"state": state.value}
    linked = []
    for fact in facts:
        whole = common | about.get(fact["operation_id"], {}) | dict(fact)
        head = whole["hash"] = link(head, whole)
        linked.append(whole)
    connection.execute(_ADD, linked)
    lengthen(connection, account, length + len(linked), head)


def _subjects(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for some in in_parts(sorted(set(ids))):
        for row in connection.execute(_SUBJECTS, {"ids": some}):
            found[row.id] = dict(zip(SUBJECT, row[1:], strict=True))
    return found


def _check_not_renamed(connection: Connection, account: str) -> None:
    """A process that slept through a renaming must not begin a trail under the former name."""
    present = connection.execute(select(former_names.c.account).where(former_names.c.name == account)).scalar()
    if present is not None:
        raise Refused(f"Account {account} is called {present} by now; nothing was changed, start this program again.")


def lengthen(connection: Connection, account: str, length: int, head: str) -> None:
    """Write down how many facts an account has now, and the last link."""
    connection.execute(_LENGTHEN, {"of": account, "counted": length, "head": head})


def end_of(connection: Connection, account: str) -> tuple[int, str]:
    """How many facts an account has, and the last link."""
    row = connection.execute(_END, {"of": account}).first()
    if row is None:
        _check_not_renamed(connection, account)
        connection.execute(insert(chains), {"account": account, "facts": 0, "head": START})
        return 0, START
    return row.facts, row.head
