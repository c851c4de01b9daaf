"""The change that a refund makes to its endpoint: planned once, in a change of its own, beside no other."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from adapters.store.tables import changes, operations
from domain.lifecycle import Kind
from domain.operation import State
from domain.order import Order
from domain.ports import Scope

_OF_STATE = tuple(kind.value for kind in (Kind.ACTIVATE, Kind.SUSPEND, Kind.RESUME, Kind.TERMINATE))
_UNSETTLED = tuple(state.value for state in (State.PLANNED, State.SENT, State.IN_DOUBT, State.NEEDS_HUMAN))
_NOUNS = {Kind.SUSPEND: "suspension", Kind.TERMINATE: "termination"}


@dataclass(frozen=True, slots=True)
class Next:
    """What to work at for a refund, or why nothing can be done without a person. `is_ours`: it may be sent."""

    scope: Scope | None = None
    is_ours: bool = False
    waits: str = ""


def next_work(connection: Connection, order: Order, endpoint: int, kind: Kind, now: float) -> Next:
    """What brings the endpoint out of service: a change that is under way already, or one that is planned now.

    The account is held by the caller.
    """
    ours = _change(connection, order, now)
    return (
        _under_way(connection, endpoint, ours)
        or _refused(connection, endpoint, kind, ours)
        or _planned(connection, order, endpoint, kind, ours, now)
    )


def _change(connection: Connection, order: Order, now: float) -> int:
    key = {"account": order.account, "request": f"refund {order.order}"}
    known = select(changes.c.id).where(changes.c.account == order.account, changes.c.request == key["request"])
    found = connection.execute(known).scalar_one_or_none()
    if found is None:
        found = connection.execute(insert(changes).returning(changes.c.id), key | {"created_at": now}).scalar_one()
    return int(found)


def _under_way(connection: Connection, endpoint: int, ours: int) -> Next | None:
    """Another change of the endpoint's state that has no outcome yet, whoever made it."""
    o = operations.c
    query = (
        select(o.id, o.kind, o.state, o.change_id, o.position)
        .where(o.endpoint == endpoint, o.kind.in_(_OF_STATE), o.state.in_(_UNSETTLED))
        .order_by(o.id.desc())
    )
    found = connection.execute(query).first()
    if found is None:
        return None
    if found.state == State.NEEDS_HUMAN.value:
        return Next(waits=f"the outcome of operation {found.id} ({found.kind}) needs a person; see `preactive resolve`")
    if found.change_id == ours:
        return Next(Scope(ours), is_ours=True)
    if found.state == State.PLANNED.value:
        return Next(waits=f"another change of its endpoint ({found.kind}) is planned, and the refund goes on after it")
    return Next(Scope(found.change_id, found.position, found.position))


def _refused(connection: Connection, endpoint: int, kind: Kind, ours: int) -> Next | None:
    """The platform's refusal of this refund's own change, which nobody tries again without a person."""
    o = operations.c
    mine = (o.change_id == ours, o.endpoint == endpoint, o.kind == kind.value)
    last = connection.execute(select(o.id, o.state, o.text).where(*mine).order_by(o.round.desc())).first()
    if last is None or last.state != State.REFUSED.value:
        return None
    said = f" ({last.text})" if last.text else ""
    return Next(
        waits=f"the {_NOUNS[kind]} of its endpoint was refused{said}, so the endpoint is still in service; "
        f"`preactive resolve --operation {last.id} --decide planned` tries again"
    )


def _planned(connection: Connection, order: Order, endpoint: int, kind: Kind, ours: int, now: float) -> Next:
    o = operations.c
    same = (o.endpoint == endpoint, o.kind == kind.value, o.target == "")
    values = {
        "account": order.account,
        "change_id": ours,
        "position": connection.execute(select(changes.c.size).where(changes.c.id == ours)).scalar_one(),
        "endpoint": endpoint,
        "kind": kind.value,
        "round": connection.execute(select(func.coalesce(func.max(o.round) + 1, 0)).where(*same)).scalar_one(),
        "state": State.PLANNED.value,
        "updated_at": now,
    }
    connection.execute(insert(operations), values)
    size = values["position"] + 1
    # One endpoint, which the shop itself has given back; the number of terminations is bounded where it is recorded.
    connection.execute(update(changes).where(changes.c.id == ours).values(size=size, allowed=size))
    return Next(Scope(ours), is_ours=True)
