"""Makes orders again from the facts of the SIMs that were sent for them."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select

from adapters.store.bulk import insert_all
from adapters.store.tables import changes, orders
from domain.order import CLOSED, OrderState
from domain.trail import Bought, Traced


def order_ids(connection: Connection, found: Iterable[Traced]) -> dict[str, int]:
    """A key for each order that something was sent for, by its number."""
    first = connection.execute(select(func.coalesce(func.max(orders.c.id), 0))).scalar_one() + 1
    numbers = dict.fromkeys(one.order.order for one in found if one.order is not None)
    return {number: key for key, number in enumerate(numbers, start=first)}


def order_changes(connection: Connection, account: str, numbers: Iterable[str], now: float) -> dict[str, int]:
    """The bulk change of each order, by its number."""
    first = connection.execute(select(func.coalesce(func.max(changes.c.id), 0))).scalar_one() + 1
    ids = {number: key for key, number in enumerate(numbers, start=first)}
    common = {"account": account, "size": 0, "created_at": now}
    insert_all(connection, changes, (common | {"id": key, "request": f"sell {number}"} for number, key in ids.items()))
    return ids


def restore_orders(
    connection: Connection,
    account: str,
    bought: Mapping[str, Bought],
    *,
    ids: Mapping[str, int],
    change_ids: Mapping[str, int],
    endpoint_ids: Mapping[str, int],
) -> None:
    """Give each order the SIM that was sent for it last. Without one it may be sent again, and gets another."""
    rows: list[dict[str, Any]] = []
    for number, one in bought.items():
        state = one.state
        rows.append(
            {
                "id": ids[number],
                "account": account,
                "order_no": number,
                "tag": one.order.tag,
                "group": one.order.group,
                "endpoint": None if state is OrderState.NO_STOCK else endpoint_ids[one.iccid],
                "change_id": change_ids[number],
                "state": state.value,
                "created_at": one.order.at,
                "closed_at": one.order.at if state in CLOSED else None,
            }
        )
    if rows:
        connection.execute(insert(orders), rows)
