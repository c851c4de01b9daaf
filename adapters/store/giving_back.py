"""SIMs that go back to the shop: those of orders whose time is over, and those that a person releases."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, not_, or_, select, update

from adapters.store.clock import store_now
from adapters.store.engine import alone_on, in_parts
from adapters.store.tables import attempts, endpoints, operations, orders
from adapters.store.trail import record
from domain.errors import NothingSelected, Refused
from domain.operation import State
from domain.order import CLOSED, TAKEN_BACK, Order, OrderState, Release
from domain.outcome import NOT_CARRIED_OUT
from domain.trail import GIVEN_BACK, ORDERED

_RELEASED = "An operator released the order; it may be sent again if it is still wanted."


def put_back(connection: Connection, account: str) -> list[str]:
    """Give back the SIMs of orders whose time is over and of which no call was carried out, and name the orders."""
    now = store_now(connection)
    alone_on(connection, account)
    r = orders.c
    query = (
        select(r.id, r.order_no, r.change_id, r.endpoint)
        .where(r.account == account, r.closed_at.is_(None), r.state == OrderState.IN_PROGRESS.value)
        .where(r.reserved_until <= now)
        .with_for_update(of=orders, skip_locked=True)
    )
    found = connection.execute(query).all()
    touched = {change for some in in_parts(found) for change in _touched(connection, some)}
    over = [row for row in found if row.change_id not in touched]
    for some in in_parts(over):
        o, ids = operations.c, [row.id for row in some]
        take_plans_back(connection, account, [o.change_id.in_([row.change_id for row in some])], "", now)
        connection.execute(update(endpoints).where(endpoints.c.id.in_([row.endpoint for row in some])).values(_FREE))
        connection.execute(update(orders).where(r.id.in_(ids)).values(_expired(now, text="")))
    return [row.order_no for row in over]


def release(connection: Connection, account: str, order_no: str, *, by: str, apply: bool) -> Release:
    """Give back every SIM that an order holds, if nothing was done to any of them; the order may then be sent again.

    Raises NothingSelected, Refused.
    """
    now = store_now(connection)
    row = connection.execute(
        select(orders.c.id, orders.c.state, orders.c.change_id)
        .where(orders.c.account == account, orders.c.order_no == order_no)
        .with_for_update()
    ).first()
    if row is None:
        raise NothingSelected(f"Account {account} has no order {order_no}; `preactive orders list` shows them.")
    alone_on(connection, account)
    held = connection.execute(select(func.count()).where(endpoints.c.held_by == row.id)).scalar_one()
    _check_releasable(connection, row, order_no, held)
    if apply:
        take_plans_back(connection, account, [operations.c.change_id == row.change_id], by, now)
        connection.execute(update(endpoints).where(endpoints.c.held_by == row.id).values(_FREE))
        connection.execute(update(orders).where(orders.c.id == row.id).values(_expired(now, text=_RELEASED)))
    return Release(order_no, OrderState(row.state), held)


def let_go(connection: Connection, order: Order, by: str, now: float) -> None:
    """Take back what an order still planned, and free every SIM that it holds. The account is held by the caller."""
    take_plans_back(connection, order.account, [operations.c.change_id == order.change], by, now)
    connection.execute(update(endpoints).where(endpoints.c.held_by == order.id).values(_FREE))


def may_be_done(connection: Connection, change: int) -> bool:
    """Whether anything of a sale was done, or may have been: something is under way or decided but for refusals."""
    o = operations.c
    open_or_done = o.state.not_in((State.PLANNED.value, State.REFUSED.value))
    tried = and_(o.state == State.PLANNED.value, _may_have_come_to_something())
    query = select(o.id).where(o.change_id == change, or_(open_or_done, tried)).limit(1)
    return connection.execute(query).first() is not None


_FREE = {"held_by": None}


def _expired(now: float, *, text: str) -> dict[str, Any]:
    return {"state": OrderState.EXPIRED.value, "endpoint": None, "closed_at": now, "text": text}


def _check_releasable(connection: Connection, row: Row[*tuple[Any, ...]], order_no: str, held: int) -> None:
    if OrderState(row.state) in TAKEN_BACK:
        raise Refused(f"Order {order_no} is {row.state}; its number sells nothing any more, nothing is to be released.")
    if OrderState(row.state) in CLOSED and not held:
        raise Refused(f"Order {order_no} is {row.state.replace('_', ' ')} and holds no SIM; nothing is to be released.")
    o = operations.c
    undone = (State.PLANNED.value, State.REFUSED.value)
    query = select(o.id, o.kind, o.state).where(o.change_id == row.change_id, o.state.not_in(undone)).order_by(o.id)
    found = connection.execute(query).first()
    if found is not None:
        raise Refused(
            f"Order {order_no} cannot be released: its operation {found.id} ({found.kind}) is "
            f"{found.state.replace('_', ' ')}, so something was or may have been done; see `preactive resolve`."
        )


def _touched(connection: Connection, some: Sequence[Row[*tuple[Any, ...]]]) -> list[int]:
    """The changes of which something is not planned, or of which a call may have come to something."""
    o, tried = operations.c, _may_have_come_to_something()
    mine = and_(orders.c.change_id == o.change_id, orders.c.endpoint == o.endpoint)
    query = (
        select(o.change_id)
        .join_from(operations, orders, mine)
        .where(o.change_id.in_([row.change_id for row in some]), or_(o.state != State.PLANNED.value, tried))
    )
    return list(connection.execute(query.distinct()).scalars())


def _may_have_come_to_something() -> ColumnElement[bool]:
    """Whether an operation has an attempt that was not certainly without effect."""
    o, a = operations.c, attempts.c
    harmless = or_(a.event.in_(("sent", ORDERED)), and_(a.event == "answer", a.verdict.in_(NOT_CARRIED_OUT)))
    return select(a.id).where(a.operation_id == o.id, not_(harmless)).exists()


def take_plans_back(
    connection: Connection, account: str, which: Sequence[ColumnElement[bool]], by: str, now: float
) -> None:
    """Remove what was planned; where there were tries, what is known of them stays."""
    o = operations.c
    planned = [*which, o.state == State.PLANNED.value]
    connection.execute(delete(operations).where(*planned, o.token == 0))
    tried = connection.execute(select(o.id, o.token).where(*planned).order_by(o.id)).all()
    if tried:
        facts = [{"operation_id": one.id, "token": one.token, "at": now, "event": GIVEN_BACK} for one in tried]
        record(connection, account, [fact | {"owner": by} for fact in facts], state=State.REFUSED)
        values = {"state": State.REFUSED.value, "text": "given back: nothing was done", "updated_at": now}
        connection.execute(update(operations).where(*planned).values(values))
