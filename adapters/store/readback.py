"""What answers confirmed and nobody has looked at since.

Such an operation is confirmed with a `next_at`, as one in doubt is: the moment from which on it can be looked at. A
look takes that away.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from adapters.store.clock import store_now
from adapters.store.decisions import Owner, hand_over
from adapters.store.engine import alone_on, in_parts
from adapters.store.tables import endpoints, operations
from domain.lifecycle import MOVES, Kind
from domain.operation import State, Work
from domain.sight import Expected


def unread(platform: str) -> ColumnElement[bool]:
    """The condition: an operation that was not looked at, and whose endpoint has not moved on since."""
    o, e = operations.c, endpoints.c
    moves = MOVES[platform]
    still_so = [and_(o.kind == kind.value, e.state == move.to.value) for kind, move in moves.items() if move.to]
    still_there = or_(o.target == "", e.group == o.target)
    is_left = or_(o.kind == Kind.TAG.value, and_(or_(*still_so), still_there, ~_is_moving()))
    return and_(o.state == State.CONFIRMED.value, o.next_at > 0, is_left)


_MOVING = tuple(kind.value for kind in (Kind.ACTIVATE, Kind.SUSPEND, Kind.RESUME, Kind.TERMINATE))
_WITHOUT_OUTCOME = tuple(state.value for state in (State.SENT, State.IN_DOUBT, State.NEEDS_HUMAN))


def _is_moving() -> ColumnElement[bool]:
    """Whether a later change of the same endpoint, of a sale for instance, may show on the platform already."""
    o, other = operations.c, operations.alias()
    later = select(other.c.id).where(other.c.endpoint == o.endpoint, other.c.id != o.id)
    return later.where(other.c.kind.in_(_MOVING), other.c.state.in_(_WITHOUT_OUTCOME)).exists()


def kinds_unread(connection: Connection, owner: Owner, change: int) -> list[Kind]:
    """The kinds of which the change has something that was not looked at."""
    o = operations.c
    query = select(o.kind).join_from(operations, endpoints).where(o.change_id == change, unread(owner.platform))
    found = {Kind(kind) for kind in connection.execute(query.distinct()).scalars()}
    return [kind for kind in Kind if kind in found]


def states_unread(connection: Connection, owner: Owner, change: int, kind: Kind) -> dict[str, Expected]:
    """What the platform must show of each ICCID by now."""
    o, e = operations.c, endpoints.c
    state = MOVES[owner.platform][kind].to
    if state is None:
        return {}
    query = (
        select(e.iccid, e.endpoint_id, o.target)
        .join_from(operations, endpoints)
        .where(o.change_id == change, o.kind == kind.value, unread(owner.platform))
    )
    return {row.iccid: Expected(row.endpoint_id, state, row.target) for row in connection.execute(query)}


def tags_unread(connection: Connection, owner: Owner, change: int) -> list[Work]:
    """Tags that answers confirmed, oldest first."""
    o, e = operations.c, endpoints.c
    query = (
        select(o.id, o.token, o.endpoint, e.iccid, e.name, e.endpoint_id, o.target)
        .join_from(operations, endpoints)
        .where(o.change_id == change, o.kind == Kind.TAG.value, unread(owner.platform))
        .order_by(o.updated_at, o.id)
    )
    return [Work(r[0], Kind.TAG, *r[1:]) for r in connection.execute(query)]


def keep_states(
    connection: Connection,
    owner: Owner,
    change: int,
    kind: Kind,
    *,
    shown: Iterable[str],
    differing: Mapping[str, str],
) -> None:
    """Keep what was looked at, and hand what the platform contradicts to a person; mappings stay as they are."""
    alone_on(connection, owner.account)
    o, e = operations.c, endpoints.c
    for some in in_parts(sorted(shown)):
        ids = select(e.id).where(e.account == owner.account, e.iccid.in_(some))
        _looked_at(connection, o.change_id == change, o.kind == kind.value, o.endpoint.in_(ids))
    now = store_now(connection)
    text = "the platform answered that it was done, and its list shows something else"
    for some in in_parts(list(differing)):
        # A sale may have taken the endpoint on while the platform was asked.
        which = (o.change_id == change, o.kind == kind.value, e.iccid.in_(some), ~_is_moving())
        hand_over(connection, owner, which, text, now)


def keep_tags(connection: Connection, owner: Owner, tagged: Sequence[Work]) -> None:
    """Keep that these tags were looked at, or need not be."""
    alone_on(connection, owner.account)
    for some in in_parts([work.id for work in tagged]):
        _looked_at(connection, operations.c.id.in_(some))


def _looked_at(connection: Connection, *which: ColumnElement[bool]) -> None:
    o = operations.c
    connection.execute(update(operations).where(*which, o.state == State.CONFIRMED.value).values(next_at=0.0))
