"""Writes the audit trail (domain/trail.py). Whoever adds to it holds the account (`engine.alone_on`)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from adapters.store.engine import in_parts
from adapters.store.tables import attempts, batches, chains, endpoints, operations
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


def record(
    connection: Connection, account: str, facts: Sequence[Mapping[str, Any]], *, state: State | None = None
) -> None:
    """Add facts to an account's trail, each with what it is about."""
    if not facts:
        return
    about = _subjects(connection, [fact["operation_id"] for fact in facts])
    length, head = _end(connection, account)
    common = _PLAIN if state is None else _PLAIN | {"state": state.value}
    linked = []
    for fact in facts:
        whole = common | about[fact["operation_id"]] | dict(fact)
        head = whole["hash"] = link(head, whole)
        linked.append(whole)
    connection.execute(insert(attempts), linked)
    connection.execute(update(chains).where(chains.c.account == account).values(length=length + len(linked), head=head))


def _subjects(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    o, e = operations.c, endpoints.c
    about = (o.account, e.iccid, e.name, batches.c.name, o.kind, o.target, o.round)
    query = select(o.id, *about).select_from(operations.join(endpoints).join(batches, batches.c.id == e.batch_id))
    found: dict[int, dict[str, Any]] = {}
    for some in in_parts(sorted(set(ids))):
        for row in connection.execute(query.where(o.id.in_(some))):
            found[row.id] = dict(zip(SUBJECT, row[1:], strict=True))
    return found


def _end(connection: Connection, account: str) -> tuple[int, str]:
    c = chains.c
    row = connection.execute(select(c.length, c.head).where(c.account == account)).first()
    if row is None:
        connection.execute(insert(chains), {"account": account, "length": 0, "head": START})
        return 0, START
    return row.length, row.head
