"""Makes cancelled and refunded orders again from their facts, so that they sell nothing in a new store either."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from adapters.store.tables import chains, changes, endpoints, former_names, operations, order_facts, orders
from domain.operation import State
from domain.order import CLOSED
from domain.order_trail import ABOUT, CHAIN, TakenBack, taken_back


def restore(connection: Connection, facts: Sequence[Mapping[str, Any]], chain: Mapping[str, Any]) -> None:
    """Take over the facts, and bring the orders that were made again from their SIMs to where the facts say."""
    if not facts:
        return
    connection.execute(insert(order_facts), [{name: fact[name] for name in (*ABOUT, "hash")} for fact in facts])
    connection.execute(insert(chains), {"account": CHAIN, "facts": chain["length"], "head": chain["head"]})
    present = {row.name: row.account for row in connection.execute(select(former_names))}
    named = [{**fact, "account": present.get(fact["account"], fact["account"])} for fact in facts]
    for account in dict.fromkeys(fact["account"] for fact in named):
        for one in taken_back(named, account).values():
            _restore(connection, account, one)


def _restore(connection: Connection, account: str, one: TakenBack) -> None:
    order, change = _order(connection, account, one)
    held = (endpoints.c.account == account, endpoints.c.iccid == one.iccid)
    endpoint = connection.execute(select(endpoints.c.id).where(*held)).scalar_one_or_none() if one.iccid else None
    connection.execute(update(endpoints).where(endpoints.c.held_by == order).values(held_by=None))
    if endpoint is not None:
        connection.execute(update(endpoints).where(endpoints.c.id == endpoint).values(held_by=order))
    closed_at = one.at if one.state in CLOSED else None
    values = {"state": one.state.value, "endpoint": endpoint, "refund": one.refund, "text": one.text}
    connection.execute(update(orders).where(orders.c.id == order).values(values | {"closed_at": closed_at}))
    o = operations.c  # a group that was still to be asked for is not asked for any more
    connection.execute(delete(operations).where(o.change_id == change, o.state == State.PLANNED.value, o.token == 0))
    connection.execute(update(changes).where(changes.c.id == change).values(allowed=0))


def _order(connection: Connection, account: str, one: TakenBack) -> tuple[int, int | None]:
    """The key of an order and its change; one for which nothing was sent is made here."""
    r = orders.c
    known = select(r.id, r.change_id).where(r.account == account, r.order_no == one.order)
    found = connection.execute(known).first()
    if found is not None:
        return found.id, found.change_id
    values = {"account": account, "order_no": one.order, "tag": one.tag, "group": one.group, "created_at": one.at}
    # Numbered by hand, as all rows of a store that is made again are; the database counts on after them.
    key = connection.execute(select(func.coalesce(func.max(r.id), 0) + 1)).scalar_one()
    connection.execute(insert(orders), values | {"id": key, "state": one.state.value})
    return int(key), None
