"""Orders that the shop takes back: cancelled before anything was sent, or refunded whatever was."""

from typing import Any

from sqlalchemy import Connection, Row, select, update

from adapters.store.clock import store_now
from adapters.store.decisions import Owner
from adapters.store.engine import alone_on
from adapters.store.giving_back import let_go, may_be_done, take_plans_back
from adapters.store.order_facts import add_order_fact, terminations
from adapters.store.orders import enter, find, locked
from adapters.store.refund_plan import next_work
from adapters.store.tables import changes, endpoints, operations, orders
from adapters.store.unfinished import stop_of
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.order import TAKEN_BACK, Order, OrderState, SellRequest
from domain.order_trail import OrderEvent
from domain.ownership import as_refused
from domain.ports import Scope
from domain.refund import TERMINATIONS_SECONDS, WAITS, RefundWith, bounded, next_change, was_in_service
from domain.refunder import RefundStep

_NOTHING_DONE = "Nothing was in service for the order; no SIM is used up, and its number sells nothing any more."
_KEPT = "The order was refunded, and its endpoint was left in service, as the account's settings ask (refund_with)."


def cancel(connection: Connection, account: str, order_no: str, *, by: str) -> Order:
    """Cancel an order if nothing was sent for it, and return it as it stands then.

    A number that nobody has sent yet is cancelled too, since the order itself may be late.
    """
    now = store_now(connection)
    unknown = SellRequest(order=order_no, account=account)
    order = enter(connection, account, unknown, now) or locked(connection, account, order_no)
    alone_on(connection, account)
    if order.settled in TAKEN_BACK or order.settled is OrderState.DONE or may_be_done(connection, order.change):
        return order
    return _close(connection, order, OrderState.CANCELLED, now, by=by)


def record_refund(
    connection: Connection, account: str, order_no: str, *, wanted: RefundWith, most: int, by: str
) -> Order | None:
    """Write down that an order is to be refunded, and let nothing more be sent for its sale; None without an order.

    `most`: how many endpoints the refunds of a day may terminate.
    """
    now = store_now(connection)
    if find(connection, account, order_no) is None:
        return None
    order = locked(connection, account, order_no)
    alone_on(connection, account)
    if order.settled in TAKEN_BACK:
        return order
    if order.settled is not OrderState.DONE and not may_be_done(connection, order.change):
        return _close(connection, order, OrderState.REFUNDED, now, by=by, text=_NOTHING_DONE)
    done = terminations(connection, account, since=now - TERMINATIONS_SECONDS)
    refund, text = bounded(wanted, terminated=done, most=most)
    values = {"state": OrderState.REFUNDING.value, "refund": refund.value, "text": text, "closed_at": None}
    connection.execute(update(orders).where(orders.c.id == order.id).values(values))
    _stop_sale(connection, order, by, now)
    return _recorded(connection, order, OrderEvent.REFUNDING, now, by=by)


def advance_refund(connection: Connection, owner: Owner, order_no: str, *, by: str = "") -> RefundStep:
    """Plan what the endpoint of a refunded order needs next, or close the refund."""
    now = store_now(connection)
    order = locked(connection, owner.account, order_no)
    if order.settled is not OrderState.REFUNDING:
        return RefundStep(order)
    alone_on(connection, owner.account)
    _stop_sale(connection, order, by, now)
    endpoint, state = _endpoint(connection, order)
    sale = _sale(connection, endpoint)
    open_ = next((row for row in sale.values() if row.state in (State.SENT.value, State.IN_DOUBT.value)), None)
    if open_ is not None:
        return RefundStep(order, Scope(open_.change_id, open_.position, open_.position))
    activate = sale.get(Kind.ACTIVATE)
    outcome = None if activate is None else as_refused(State(activate.state), activate.code)
    service = was_in_service(state, outcome)
    if service is None:
        return _waits(connection, order, "whether its endpoint is in service needs a person; see `preactive resolve`")
    if not service:
        return RefundStep(_close(connection, order, OrderState.REFUNDED, now, by=by, text=_NOTHING_DONE))
    kind = next_change(RefundWith(order.refund), state)
    if kind is None:
        return RefundStep(_refunded(connection, order, now, by=by))
    return _go_on(connection, order, endpoint, kind, now)


def unfinished_refunds(connection: Connection, account: str) -> list[str]:
    """The numbers of the orders whose refund is not carried out yet, oldest first."""
    r = orders.c
    query = select(r.order_no).where(r.account == account, r.closed_at.is_(None), r.state == OrderState.REFUNDING.value)
    return list(connection.execute(query.order_by(r.id)).scalars())


# --- one order, whose row and account are held ---


def _close(connection: Connection, order: Order, state: OrderState, now: float, *, by: str, text: str = "") -> Order:
    """Take an order back for which nothing was done: its SIMs return to stock."""
    let_go(connection, order, by, now)
    values = {"state": state.value, "endpoint": None, "text": text, "closed_at": now}
    connection.execute(update(orders).where(orders.c.id == order.id).values(values))
    return _recorded(connection, order, OrderEvent(state.value), now, by=by)


def _refunded(connection: Connection, order: Order, now: float, *, by: str) -> Order:
    """Close a refund that is carried out; which SIM it was stays with the order."""
    text = _KEPT if order.refund == RefundWith.NOTHING else _bound_words(order.text)
    values = {"state": OrderState.REFUNDED.value, "text": text, "closed_at": now}
    connection.execute(update(orders).where(orders.c.id == order.id).values(values))
    return _recorded(connection, order, OrderEvent.REFUNDED, now, by=by)


def _recorded(connection: Connection, order: Order, event: OrderEvent, now: float, *, by: str) -> Order:
    order = locked(connection, order.account, order.order)
    add_order_fact(connection, event, order, now, by=by)
    return order


def _stop_sale(connection: Connection, order: Order, by: str, now: float) -> None:
    """Let nothing more be sent for the sale; a call under way may still plan itself again until it has an outcome."""
    connection.execute(update(changes).where(changes.c.id == order.change).values(allowed=0))
    take_plans_back(connection, order.account, [operations.c.change_id == order.change], by, now)


def _endpoint(connection: Connection, order: Order) -> tuple[int, Lifecycle]:
    e, r = endpoints.c, orders.c
    query = select(e.id, e.state).select_from(endpoints.join(orders, r.endpoint == e.id)).where(r.id == order.id)
    found = connection.execute(query).one()
    return found.id, Lifecycle(found.state)


def _sale(connection: Connection, endpoint: int) -> dict[Kind, Row[*tuple[Any, ...]]]:
    """The latest activation and group of an endpoint that an order holds, so that nobody else asked for them."""
    o = operations.c
    query = (
        select(o.kind, o.state, o.code, o.change_id, o.position)
        .where(o.endpoint == endpoint, o.kind.in_((Kind.ACTIVATE.value, Kind.ASSIGN.value)))
        .order_by(o.round, o.id)
    )
    return {Kind(row.kind): row for row in connection.execute(query)}


def _go_on(connection: Connection, order: Order, endpoint: int, kind: Kind, now: float) -> RefundStep:
    reason = stop_of(connection, order.account)
    if reason is not None:
        return _waits(connection, order, f"the account is stopped ({reason}); the refund goes on when it is started")
    found = next_work(connection, order, endpoint, kind, now)
    return _waits(connection, order, found.waits) if found.waits else RefundStep(order, found.scope, found.is_ours)


def _waits(connection: Connection, order: Order, why: str) -> RefundStep:
    """Keep why a refund cannot go on now, so that lists and the shop see it."""
    if why not in order.text:
        connection.execute(update(orders).where(orders.c.id == order.id).values(text=f"{WAITS}: {why}."))
        order = locked(connection, order.account, order.order)
    return RefundStep(order)


def _bound_words(text: str) -> str:
    """What was said of the bound stays; what the refund waited for is no news any more."""
    return "" if text.startswith(WAITS) else text
