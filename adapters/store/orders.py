"""Orders: one order holds exactly one SIM, and no SIM is held by two.

A SIM is picked, marked as held, and its operations are planned in one transaction. On SQLite that is the only writer;
on PostgreSQL the pick skips SIMs that another transaction has locked. Unique keys stand behind both.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    Update,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    not_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.sql.selectable import NamedFromClause

from adapters.store import work
from adapters.store.clock import store_now
from adapters.store.decisions import Owner
from adapters.store.lpa import lpa_column
from adapters.store.sharing import OF_ANOTHER
from adapters.store.standing import NOW, standing_of
from adapters.store.tables import changes, endpoints, operations, orders
from adapters.store.unfinished import stop_of
from adapters.store.untouched import UNTOUCHED
from domain.capabilities import CAPABILITIES
from domain.errors import Refused, UnknownTag
from domain.lifecycle import Kind
from domain.operation import State
from domain.order import CLOSED, MOST_SIMS, TAKEN_BACK, Order, OrderState, SellRequest, judged, may_move
from domain.ownership import as_refused
from domain.ports import Result, Scope, Step

Oldest = dict[str, int]  # by tag: the SIM sold last; older ones are mostly sold, so the search begins there


def place(
    connection: Connection,
    owner: Owner,
    wanted: SellRequest,
    *,
    hold: float,
    oldest: Oldest,
    full: str = "",
    marked: Collection[str] = (),
) -> tuple[Order, Step]:
    """Find or make the order, reserve a SIM if it has none, and hand out the first call, its intent being durable.

    An order that was placed for another tag or group comes back as it is, and nothing is changed. `full` says why no
    SIM may be reserved at present; `marked` are tags that SIMs are to carry some day.

    Raises Refused on an account that a person stopped, and UnknownTag.
    """
    now = store_now(connection)
    order = enter(connection, owner.account, wanted, now) or locked(connection, owner.account, wanted.order)
    if (order.tag, order.group) != (wanted.tag, wanted.group):
        return order, Step()
    if order.may_begin_anew:
        _check_not_stopped(connection, order)
    if order.may_begin_anew and full:
        return _without_sim(connection, order, now, text=full), Step()
    if order.may_begin_anew:
        order = _reserve(connection, owner, order, hold=hold, now=now, oldest=oldest)
    if order.state is OrderState.NO_STOCK and order.tag not in ("", *marked):
        _check_tag_is_known(connection, order)
    return order, _begin(connection, owner, order)


def step(
    connection: Connection, owner: Owner, order_no: str, scope: Scope, results: Sequence[Result], room: int
) -> tuple[Step, Order | None]:
    """The ledger's step, and where it leaves the order, unless there is more to send."""
    made = work.step(connection, owner, scope, results, room)
    order = None if made.work else find(connection, owner.account, order_no)
    if order is not None and order.settled is OrderState.NEEDS_HUMAN:
        _set(connection, order, order.settled, text=order.text)  # so that lists and counts show it at once
    return made, order


def take_another(
    connection: Connection, owner: Owner, order: Order, *, hold: float, oldest: Oldest
) -> tuple[Order, Step]:
    """Set aside the SIM that the platform would not activate, for good, and reserve the next.

    After so many in a row the SIMs are hardly at fault: they go back, to be sold when no others are left.
    """
    now = store_now(connection)
    order = locked(connection, owner.account, order.order)
    if not order.spoilt:
        return order, _begin(connection, owner, order)
    o = operations.c
    # Its group was never asked for, since only an endpoint in service gets one.
    connection.execute(delete(operations).where(o.change_id == order.change, o.state == State.PLANNED.value))
    held = select(func.count()).where(endpoints.c.held_by == order.id)
    tried = connection.execute(held).scalar_one()
    if tried >= MOST_SIMS:
        words = f"the platform would not activate {tried} SIMs in a row: {order.text}"
        _set(connection, order, OrderState.NEEDS_HUMAN, text=words, endpoint=None)
        connection.execute(update(endpoints).where(endpoints.c.held_by == order.id).values(held_by=None))
        return find(connection, owner.account, order.order) or order, Step()
    order = _reserve(connection, owner, order, hold=hold, now=now, oldest=oldest)
    return order, _begin(connection, owner, order)


def find(connection: Connection, account: str, order_no: str) -> Order | None:
    """One order as it stands now."""
    found = _read(connection, orders.c.account == account, orders.c.order_no == order_no)
    return found[0] if found else None


def unfinished(connection: Connection, account: str, limit: int, *, after: int = 0) -> list[Order]:
    """The next orders in progress, oldest first, as they stand now; those that wait for a person are left out."""
    return _read(connection, *_open(account, after), orders.c.state == OrderState.IN_PROGRESS.value, limit=limit)


def count_open(connection: Connection, account: str) -> Mapping[OrderState, int]:
    """How many orders that are not closed stand where, as far as it was written down."""
    query = select(orders.c.state, func.count()).where(*_open(account)).group_by(orders.c.state)
    return {OrderState(state): count for state, count in connection.execute(query)}


def close_settled(
    connection: Connection, account: str, limit: int, *, after: int = 0, persons: bool = True
) -> tuple[Mapping[str, Order], int]:
    """Write down how the next open orders ended, and return those that did and where to go on; 0 at the end.

    Without `persons` those that wait for a person are left alone, since they seldom end.
    """
    now = store_now(connection)
    moved = {}
    which = [*_open(account, after), *([] if persons else [orders.c.state == OrderState.IN_PROGRESS.value])]
    rows = connection.execute(_query().add_columns(orders.c.state.label("recorded")).where(*which).limit(limit)).all()
    for row in rows:
        order = _order(row)
        if order.settled.value != row.recorded and may_move(OrderState(row.recorded), order.settled):
            closed_at = now if order.settled in CLOSED else None
            words = "" if order.settled is OrderState.DONE else order.text
            _set(connection, order, order.settled, text=words, closed_at=closed_at)
            moved[order.order] = order
    return moved, rows[-1].id if len(rows) == limit else 0


def _open(account: str, after: int = 0) -> Sequence[ColumnElement[bool]]:
    return (orders.c.account == account, orders.c.closed_at.is_(None), orders.c.id > after)


def note_runs(connection: Connection, runs: Mapping[int, str]) -> None:
    """Remember which run of Prefect shows which order."""
    for order, run in runs.items():
        connection.execute(update(orders).where(orders.c.id == order).values(run=run))


def unshown(connection: Connection, account: str, *, since: float, limit: int) -> list[Order]:
    """The oldest orders placed since then that came to an end, or wait for a person, and that no run shows yet.

    One that found no SIM, or was taken back without one, is left out: nothing was done, and there may be hundreds.
    """
    r = orders.c
    ended = or_(r.closed_at.is_not(None), r.state == OrderState.NEEDS_HUMAN.value)
    sold_nothing = and_(r.endpoint.is_(None), r.state.in_(_WITHOUT_SIM))
    which = (r.account == account, r.created_at >= since, ended, not_(sold_nothing), r.run == "")
    return _read(connection, *which, limit=limit)


_WITHOUT_SIM = tuple(state.value for state in (OrderState.NO_STOCK, OrderState.CANCELLED, OrderState.REFUNDED))


# --- one order ---


def enter(connection: Connection, account: str, wanted: SellRequest, now: float) -> Order | None:
    """Add the row of a new order, which has no SIM until one is reserved; None when it is there already."""
    statement = text(
        'INSERT INTO orders (account, order_no, tag, "group", state, created_at, closed_at) '
        "VALUES (:account, :order_no, :tag, :grp, :state, :now, :now) "
        "ON CONFLICT (account, order_no) DO NOTHING RETURNING id"
    )
    values = {"account": account, "order_no": wanted.order, "tag": wanted.tag, "grp": wanted.group, "now": now}
    key = connection.execute(statement, values | {"state": OrderState.NO_STOCK.value}).scalar_one_or_none()
    if key is None:
        return None
    none = OrderState.NO_STOCK
    return Order(key, account, wanted.order, none, wanted.tag, wanted.group, created_at=now, settled=none)


def _check_not_stopped(connection: Connection, order: Order) -> None:
    reason = stop_of(connection, order.account)
    if reason is not None:
        raise Refused(
            f"Account {order.account} is stopped ({reason}); no SIM was taken for order {order.order}, "
            f"`preactive account start {order.account}` lets it go on."
        )


def _check_tag_is_known(connection: Connection, order: Order) -> None:
    statement = text(
        "SELECT 1 FROM tags t JOIN endpoints e ON e.id = t.endpoint WHERE t.tag = :tag AND e.account = :account LIMIT 1"
    )
    if connection.execute(statement, {"tag": order.tag, "account": order.account}).first() is None:
        raise UnknownTag(
            f"No SIM of the account ever carried the tag '{order.tag}'; no SIM was taken, correct the tag of the order."
        )


def locked(connection: Connection, account: str, order_no: str) -> Order:
    row = (orders.c.account == account, orders.c.order_no == order_no)
    connection.execute(select(orders.c.id).where(*row).with_for_update()).one()
    return _read(connection, *row)[0]


def _begin(connection: Connection, owner: Owner, order: Order) -> Step:
    if order.settled is not OrderState.IN_PROGRESS or order.spoilt:
        return Step()
    return work.step(connection, owner, Scope(order.change), [], 1)


def _reserve(connection: Connection, owner: Owner, order: Order, *, hold: float, now: float, oldest: Oldest) -> Order:
    picked = _pick(connection, order, oldest.get(order.tag, 0)) or _pick(connection, order, 0)
    picked = picked or _pick(connection, order, 0, again=True)  # the last resort: what an earlier order gave back
    if picked is None:
        return _without_sim(connection, order, now)
    oldest[order.tag] = picked.id
    change = order.change or _new_change(connection, owner.account, order.order, now)
    _plan(connection, owner, change, picked.id, order.group, now)
    values = {"endpoint": picked.id, "change_id": change, "reserved_until": now + hold, "closed_at": None, "text": ""}
    _set(connection, order, OrderState.IN_PROGRESS, **values)
    return replace(
        order,
        state=OrderState.IN_PROGRESS,
        change=change,
        iccid=picked.iccid,
        endpoint_id=picked.endpoint_id,
        endpoint_state=picked.state,
        reserved_until=now + hold,
        text="",
        spoilt=False,
        settled=OrderState.IN_PROGRESS,
    )


def _without_sim(connection: Connection, order: Order, now: float, *, text: str = "") -> Order:
    """Close an order for which there is no SIM, or no room."""
    _set(connection, order, OrderState.NO_STOCK, endpoint=None, closed_at=now, text=text)
    none = OrderState.NO_STOCK
    bare = replace(order, iccid=None, endpoint_id=None, endpoint_state=None)
    return replace(bare, state=none, settled=none, text=text, spoilt=False)


_PICK = """
WITH pick AS MATERIALIZED (
  SELECT e.id FROM {source}
  WHERE {tagged} e.account = :account AND e.state = 'pre_active' AND e.held_by IS NULL
    AND (e."group" IS NULL OR e."group" = :grp)
    AND {free}
  ORDER BY {order} LIMIT 1 {lock}
)
UPDATE endpoints SET held_by = :order WHERE id = (SELECT id FROM pick) RETURNING id, iccid, endpoint_id, state
"""
# Also what a sale had planned and gave back again, unless a person decided about it.
_OR_GIVEN_BACK = """NOT EXISTS (SELECT 1 FROM operations o WHERE o.endpoint = e.id AND o.kind NOT IN ('create', 'tag')
    AND NOT (o.state = 'refused'
      AND EXISTS (SELECT 1 FROM changes c WHERE c.id = o.change_id AND c.request LIKE 'sell %')
      AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.operation_id = o.id AND a.event = 'person')))"""
_ANY = {"source": "endpoints e", "tagged": "", "order": "e.id"}
# A cross join keeps SQLite from walking all waiting SIMs of other tags first.
_TAGGED = {
    "source": "tags t CROSS JOIN endpoints e",
    "tagged": "t.tag = :tag AND t.endpoint >= :oldest AND e.id = t.endpoint AND",
    "order": "t.endpoint",
}
_SKIP_LOCKED = "FOR UPDATE OF e SKIP LOCKED"  # in a CTE of its own, or another plan would lock and change several rows


def _pick(connection: Connection, order: Order, oldest: int, *, again: bool = False) -> Row[*tuple[Any, ...]] | None:
    """Hold the oldest SIM that is free, from the one given on if a tag is asked for."""
    lock = _SKIP_LOCKED if connection.dialect.name == "postgresql" else ""
    free = f"{_OR_GIVEN_BACK} AND NOT {OF_ANOTHER}" if again else UNTOUCHED
    statement = _PICK.format(**(_TAGGED if order.tag else _ANY), free=free, lock=lock)
    values = {"account": order.account, "order": order.id, "grp": order.group}
    values |= {"tag": order.tag, "oldest": oldest} if order.tag else {}
    return connection.execute(text(statement), values).one_or_none()


def _new_change(connection: Connection, account: str, order_no: str, now: float) -> int:
    values = {"account": account, "request": f"sell {order_no}", "created_at": now, "size": 2, "allowed": 2}
    return int(connection.execute(insert(changes).returning(changes.c.id), values).scalar_one())


def _plan(connection: Connection, owner: Owner, change: int, endpoint: int, group: str, now: float) -> None:
    if CAPABILITIES[owner.platform].activates_by_assignment:
        kinds = [(Kind.ACTIVATE, group)]
    else:
        kinds = [(Kind.ACTIVATE, ""), *([(Kind.ASSIGN, group)] if group else [])]
    common = {
        "account": owner.account,
        "change_id": change,
        "endpoint": endpoint,
        "state": "planned",
        "updated_at": now,
    }
    rows = [{"position": n, "kind": kind.value, "target": target} for n, (kind, target) in enumerate(kinds)]
    keys = [{"of": endpoint, "of_kind": row["kind"], "of_target": row["target"]} for row in rows]
    connection.execute(_INSERT, [common | row | key for row, key in zip(rows, keys, strict=True)])


_q = operations.alias()
_earlier = select(func.coalesce(func.max(_q.c.round) + 1, 0)).where(
    _q.c.endpoint == bindparam("of"), _q.c.kind == bindparam("of_kind"), _q.c.target == bindparam("of_target")
)
_INSERT = insert(operations).values(
    {name: bindparam(name) for name in ("account", "change_id", "endpoint", "state", "updated_at", "position")}
    | {"kind": bindparam("kind"), "target": bindparam("target"), "round": _earlier.scalar_subquery()}
)


def _set(connection: Connection, order: Order, state: OrderState, **values: object) -> None:
    """Move an order, unless somebody took it back in this moment."""
    connection.execute(_moved(tuple(values)), {"pk": order.id, "into": state.value} | values)


@cache
def _moved(names: tuple[str, ...]) -> Update:
    r = orders.c
    of = (r.id == bindparam("pk"), r.state.not_in([state.value for state in TAKEN_BACK]))
    return update(orders).where(*of).values({name: bindparam(name) for name in names} | {"state": bindparam("into")})


_JUDGED = frozenset({OrderState.IN_PROGRESS, OrderState.NEEDS_HUMAN})  # whose operations say where they stand


# --- reading ---


@cache
def _query() -> Select[Any]:
    """Orders with their endpoints and the operations that decide where they stand."""
    r, e = orders.c, endpoints.c
    a, g = operations.alias("a"), operations.alias("g")
    of_activate = and_(a.c.endpoint == r.endpoint, a.c.kind == Kind.ACTIVATE.value, a.c.target.in_(("", r.group)))
    of_activate = and_(of_activate, a.c.round == _latest(a))
    of_assign = and_(g.c.endpoint == r.endpoint, g.c.kind == Kind.ASSIGN.value, g.c.target == r.group)
    of_assign = and_(of_assign, g.c.round == _latest(g))
    return (
        select(
            *(r.id, r.account, r.order_no, r.tag, r.group, r.change_id, r.state, r.text, r.created_at, r.refund),
            *(r.reserved_until, e.iccid, e.endpoint_id, e.state.label("endpoint_state"), lpa_column().label("lpa")),
            *(e.group.label("endpoint_group"), *_NOW),
            *(a.c.state.label("activate"), a.c.text.label("activate_text"), a.c.code.label("activate_code")),
            *(g.c.state.label("assign"), g.c.text.label("assign_text")),
        )
        .select_from(orders.outerjoin(endpoints).outerjoin(a, of_activate).outerjoin(g, of_assign))
        .order_by(r.id)
    )


_NOW: tuple[ColumnElement[Any], ...] = tuple(
    literal_column(asked.format(order="orders", endpoint="endpoints")).label(name) for name, asked in NOW.items()
)


def _latest(one: NamedFromClause) -> ScalarSelect[int]:
    """The latest round of what `one` is: an order before may have given the same SIM back."""
    other = operations.alias()
    same = (other.c.endpoint == one.c.endpoint, other.c.kind == one.c.kind, other.c.target == one.c.target)
    return select(func.max(other.c.round)).where(*same).scalar_subquery()


def _read(connection: Connection, *where: Any, limit: int | None = None) -> list[Order]:
    query: Select[Any] = _query().where(*where)
    return [_order(row) for row in connection.execute(query if limit is None else query.limit(limit))]


def _order(row: Row[*tuple[Any, ...]]) -> Order:
    settled, spoilt = OrderState(row.state), False
    states: Sequence[State | None] = [State(s) if s else None for s in (row.activate, row.assign)]
    states = [as_refused(states[0], row.activate_code), states[1]]
    waits = settled is OrderState.NEEDS_HUMAN and (states[0] is State.REFUSED or row.iccid is None)
    if settled in _JUDGED and not waits:
        settled, spoilt = judged(*states)
    said = row.assign_text if states[1] in (State.REFUSED, State.NEEDS_HUMAN) else row.activate_text
    words = row.text or (said or "" if spoilt or settled is OrderState.NEEDS_HUMAN else "")
    state, standing = standing_of(settled, row._asdict())
    return Order(
        id=row.id,
        account=row.account,
        order=row.order_no,
        state=state,
        tag=row.tag,
        group=row.group,
        change=row.change_id or 0,
        iccid=row.iccid,
        endpoint_id=row.endpoint_id,
        endpoint_state=row.endpoint_state,
        lpa=row.lpa if state is OrderState.DONE else None,  # nobody installs what is not in service
        text=standing or ("" if settled is OrderState.DONE else words),  # what once went wrong is no news any more
        created_at=row.created_at,
        reserved_until=row.reserved_until,
        spoilt=spoilt,
        settled=settled,
        refund=row.refund,
    )
