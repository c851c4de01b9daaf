"""Facts about orders that no operation stands for: cancelled, to be refunded, refunded. Only ever added, each bound."""

from typing import Any

from sqlalchemy import Connection, func, insert, or_, select

from adapters.store.engine import alone_on
from adapters.store.tables import former_names, order_facts
from adapters.store.trail import end_of, lengthen
from domain.order import Order
from domain.order_trail import ABOUT, CHAIN, OrderEvent
from domain.refund import RefundWith
from domain.trail import link


def add_order_fact(connection: Connection, event: OrderEvent, order: Order, now: float, *, by: str) -> None:
    """Add what happened to an order, bound to the fact before."""
    alone_on(connection, CHAIN)
    length, head = end_of(connection, CHAIN)
    fact: dict[str, Any] = {
        "account": order.account,
        "order_no": order.order,
        "at": now,
        "event": event.value,
        "tag": order.tag,
        "group": order.group,
        "iccid": order.iccid or "",
        "refund": order.refund,
        "owner": by,
        "text": order.text,
    }
    bound = link(head, fact, ABOUT)
    connection.execute(insert(order_facts), fact | {"hash": bound})
    lengthen(connection, CHAIN, length + 1, bound)


def terminations(connection: Connection, account: str, *, since: float) -> int:
    """How many refunds were to terminate an endpoint since then."""
    f = order_facts.c
    former = select(former_names.c.name).where(former_names.c.account == account)
    mine = (or_(f.account == account, f.account.in_(former)), f.at > since, f.event == OrderEvent.REFUNDING.value)
    query = select(func.count()).where(*mine, f.refund == RefundWith.TERMINATE.value)
    return int(connection.execute(query).scalar_one())
