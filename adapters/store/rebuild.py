"""Makes a store again from the audit trail of another one, and from nothing else."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text

from adapters.store.clock import store_now
from adapters.store.engine import alone_on
from adapters.store.reading import Reader
from adapters.store.rebuilt_orders import order_changes, order_ids, restore_orders
from adapters.store.tables import (
    account_pins,
    attempts,
    batches,
    chains,
    changes,
    endpoints,
    former_names,
    group_targets,
    operations,
    order_facts,
    orders,
    pinned_groups,
    tags,
)
from domain.doubt import Patience
from domain.errors import Refused
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.trail import COVERED, Chain, Done, Traced, bought, fold

Facts = Iterable[Mapping[str, Any]]

_AT_ONCE = 5000
_NUMBERED = (batches, changes, endpoints, operations, attempts, orders, order_facts)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was made again."""

    account: str
    facts: int
    endpoints: int
    in_doubt: int
    needs_human: int
    orders: int = 0
    without_order: int = 0  # active endpoints that no order was sent for


def check_empty(connection: Connection) -> None:
    """Hold a rebuild into a store that has something in it already.

    Raises Refused.
    """
    for table in (batches, attempts, orders, order_facts):
        if count := connection.execute(select(func.count()).select_from(table)).scalar_one():
            raise Refused(f"The store has {count:,} {table.name} already; name an empty store in store_url.")


def rebuild(
    connection: Connection, chain: Chain, trail: Callable[[], Facts], *, platform: str, patience: Patience
) -> Rebuilt:
    """Make an account's batches, endpoints, tags and operations from its facts, and take over the facts themselves.

    What was sent and not decided comes back in doubt, so that it is looked up and not sent again. `trail` gives the
    facts from the first on each time it is called, since there may be more of them than memory takes.
    """
    alone_on(connection, chain.account)
    found = fold(trail(), platform)
    now = store_now(connection)
    batch_ids = _batches(connection, chain.account, found.values(), now)
    orders_found, order_keys = bought(found.values(), platform), order_ids(connection, found.values())
    endpoint_ids = _endpoints(connection, chain.account, found.values(), batch_ids, order_keys, now)
    change_ids = _changes(connection, chain.account, batch_ids, now)
    sales = order_changes(connection, chain.account, order_keys, now)
    operation_ids = _operations(
        connection, chain.account, found.values(), endpoint_ids, change_ids, sales, now, patience
    )
    keys = {"ids": order_keys, "change_ids": sales, "endpoint_ids": endpoint_ids}
    restore_orders(connection, chain.account, orders_found, **keys)
    _facts(connection, trail(), operation_ids)
    connection.execute(insert(chains), {"account": chain.account, "facts": chain.length, "head": chain.head})
    states = [done.state for endpoint in found.values() for done in endpoint.operations.values()]
    return Rebuilt(
        chain.account,
        chain.length,
        len(found),
        sum(state in (State.SENT, State.IN_DOUBT) for state in states),
        states.count(State.NEEDS_HUMAN),
        len(orders_found),
        sum(one.state is Lifecycle.ACTIVE and one.order is None for one in found.values()),
    )


def take_over_pins(connection: Connection, old: Reader) -> None:
    """Take over what names of accounts and groups stood for; no fact tells that."""
    for table in _PINS:
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        _add(connection, table, old.rows(f"SELECT {columns} FROM {table.name}"))


_PINS = (account_pins, former_names, group_targets, pinned_groups)


def renumber(connection: Connection) -> None:
    """Let the database go on counting after the numbers that were given."""
    if connection.dialect.name != "postgresql":
        return
    for table in _NUMBERED:
        connection.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "
                f"(SELECT coalesce(max(id), 0) + 1 FROM {table.name}), false)"
            )
        )


def _first(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()) + 1


def _add(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    waiting = iter(rows)
    while some := [dict(row) for row in islice(waiting, _AT_ONCE)]:
        connection.execute(insert(table), some)


def _batches(connection: Connection, account: str, found: Iterable[Traced], now: float) -> dict[str, int]:
    carried: dict[str, list[set[str]]] = {}
    for endpoint in found:
        carried.setdefault(endpoint.batch, []).append(endpoint.tags)
    ids = {name: number for number, name in enumerate(carried, start=_first(connection, batches))}
    rows = (
        {
            "id": ids[name],
            "account": account,
            "name": name,
            "tags": sorted(set.intersection(*of_endpoints)),  # those of single rows are not the batch's
            "created_at": now,
        }
        for name, of_endpoints in carried.items()
    )
    _add(connection, batches, rows)
    return ids


def _endpoints(
    connection: Connection,
    account: str,
    found: Iterable[Traced],
    batch_ids: Mapping[str, int],
    order_keys: Mapping[str, int],
    now: float,
) -> dict[str, int]:
    listed = list(found)
    ids = {one.iccid: number for number, one in enumerate(listed, start=_first(connection, endpoints))}
    rows = (
        {
            "id": ids[one.iccid],
            "account": account,
            "iccid": one.iccid,
            "endpoint_id": one.endpoint_id,
            "name": one.name,
            "state": one.state.value,
            "group": one.group,
            "batch_id": batch_ids[one.batch],
            "updated_at": one.at or now,
            "held_by": order_keys[one.order.order] if one.order is not None else None,
        }
        for one in listed
    )
    _add(connection, endpoints, rows)
    _add(connection, tags, ({"endpoint": ids[one.iccid], "tag": tag} for one in listed for tag in sorted(one.tags)))
    return ids


def _changes(connection: Connection, account: str, batch_ids: Mapping[str, int], now: float) -> dict[str, int]:
    ids = {name: number for number, name in enumerate(batch_ids, start=_first(connection, changes))}
    rows = (
        {
            "id": ids[name],
            "account": account,
            "request": f"provision {name}",
            "batch_id": batch_ids[name],
            "size": 0,
            "created_at": now,
        }
        for name in batch_ids
    )
    _add(connection, changes, rows)
    return ids


def _operations(
    connection: Connection,
    account: str,
    found: Iterable[Traced],
    endpoint_ids: Mapping[str, int],
    change_ids: Mapping[str, int],
    sales: Mapping[str, int],
    now: float,
    patience: Patience,
) -> dict[tuple[str, str, str, int], int]:
    ids: dict[tuple[str, str, str, int], int] = {}
    rows: list[dict[str, Any]] = []
    sizes: dict[int, int] = {}
    for number, (endpoint, done) in enumerate(_each(found), start=_first(connection, operations)):
        ids[endpoint.iccid, done.kind.value, done.target, done.round] = number
        change = _change_of(endpoint, done, change_ids, sales)
        position = sizes[change] = sizes.get(change, -1) + 1
        rows.append(
            {
                "id": number,
                "account": account,
                "change_id": change,
                "position": position,
                "endpoint": endpoint_ids[endpoint.iccid],
                "kind": done.kind.value,
                "target": done.target,
                "round": done.round,
                "state": (State.IN_DOUBT if done.state is State.SENT else done.state).value,
                "token": done.token,
                "safe_after": patience.safe_after(done.at),
                "code": done.code,
                "text": done.text or ("made again from the audit trail" if done.state is State.SENT else ""),
                "updated_at": done.at or now,
            }
        )
    _add(connection, operations, rows)
    connection.execute(
        text(
            "UPDATE changes SET (size, allowed) = "
            "(SELECT count(*), count(*) FROM operations o WHERE o.change_id = changes.id) WHERE account = :account"
        ),
        {"account": account},
    )
    return ids


def _change_of(endpoint: Traced, done: Done, change_ids: Mapping[str, int], sales: Mapping[str, int]) -> int:
    """A sale goes on by its own change, and looks at nothing else."""
    order = endpoint.order
    if order is not None and (done.kind is Kind.ACTIVATE or (done.kind, done.target) == (Kind.ASSIGN, order.group)):
        return sales[order.order]
    return change_ids[endpoint.batch]


def _each(found: Iterable[Traced]) -> Iterator[tuple[Traced, Done]]:
    return ((endpoint, done) for endpoint in found for done in endpoint.operations.values())


def _facts(
    connection: Connection,
    facts: Facts,
    operation_ids: Mapping[tuple[str, str, str, int], int],
) -> None:
    rows = (
        {name: fact[name] for name in (*COVERED, "hash")}
        | {"operation_id": operation_ids[fact["iccid"], fact["kind"], fact["target"], fact["round"]]}
        for fact in facts
    )
    _add(connection, attempts, rows)
