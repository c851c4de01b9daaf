"""Lets what was planned be sent: as much as a run may change by itself, and beyond that what two persons signed.

`changes.allowed` is what the statement that hands out reads, so whatever is planned and not let through is never sent.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, text

from adapters.store.approver_log import add_fact, os_user
from adapters.store.clock import store_now
from adapters.store.engine import in_parts
from adapters.store.tables import approval_answers, approvals, endpoints, grants, operations
from domain.approval import Bound, Standing, Verdict, digest_of
from domain.errors import Unsigned


def latest(connection: Connection) -> int:
    """The operation that was planned last; what is planned from here on has a higher number."""
    return int(connection.execute(select(func.coalesce(func.max(operations.c.id), 0))).scalar_one())


def let_through(
    connection: Connection, change: int, bound: Bound | None, *, since: int, again: Sequence[int] = ()
) -> None:
    """Let be sent what was planned after operation `since`, and the operations `again`, planned once more.

    An approval is used up by that, in the transaction that plans. The account is held by the caller.
    Raises Unsigned.
    """
    if bound is not None:
        planned = _planned(connection, change, since, again)
        count = len({row[0] for row in planned})
        if count:
            _charge(connection, change, bound, count, digest_of(bound.request, planned))
    connection.execute(text("UPDATE changes SET allowed = size WHERE id = :change"), {"change": change})


def left(connection: Connection, bound: Bound) -> int:
    """How many endpoints a run may still change by itself."""
    g = grants.c
    mine = select(func.coalesce(func.sum(g.endpoints), 0)).where(g.run == bound.run, g.approval_id.is_(None))
    return max(0, bound.allowed - int(connection.execute(mine).scalar_one()))


def _charge(connection: Connection, change: int, bound: Bound, count: int, digest: str) -> None:
    allowed, approval = left(connection, bound), None
    if count > allowed:
        approval = _unused(connection, bound.run, digest)
        if approval is None:
            raise Unsigned(count, digest, allowed=allowed, bound=bound.allowed)
    values = {"run": bound.run, "change_id": change, "endpoints": count, "approval_id": approval}
    connection.execute(insert(grants), values | {"os_user": os_user(), "at": store_now(connection)})
    if approval is not None:
        a = approval_answers.c
        signed = select(a.name).where(a.approval_id == approval, a.verdict == Verdict.SIGNED.value).order_by(a.number)
        names = " and ".join(connection.execute(signed).scalars())
        words = f"{count:,} endpoints of change {change} let through by {names}"
        add_fact(connection, "used", "", approval=approval, text=words)


def _unused(connection: Connection, run: str, digest: str) -> int | None:
    """The approval of this run for exactly this, if nothing was done with it yet."""
    a = approvals.c
    used = select(grants.c.id).where(grants.c.approval_id == a.id)
    query = select(a.id).where(a.run == run, a.digest == digest, a.standing == Standing.APPROVED.value, ~used.exists())
    found: int | None = connection.execute(query).scalar_one_or_none()
    return found


def _planned(connection: Connection, change: int, since: int, again: Sequence[int]) -> list[tuple[Any, ...]]:
    """Every operation that is let through, by what it does to whom; ids would differ after a trial."""
    o = operations.c
    found = _rows(connection, _WHAT.where(o.change_id == change, o.id > since))
    for some in in_parts(again):
        found += _rows(connection, _WHAT.where(o.id.in_(some)))
    return sorted(found)


def _rows(connection: Connection, query: Select[Any]) -> list[tuple[Any, ...]]:
    rows: Iterable[Any] = connection.execute(query)
    return [tuple(row) for row in rows]


# Round and token make an operation that is planned once more another one, so that no digest comes twice.
_WHAT = select(
    *(endpoints.c.iccid, endpoints.c.name, endpoints.c.state),
    *(operations.c.kind, operations.c.target, operations.c.round, operations.c.token),
).select_from(operations.join(endpoints))
