"""Which work this process has: what the store marked as sent in its name and nobody here was given is planned again.

The answer to a commit can get lost. Then operations are marked as sent that no part of this process knows of, and that
so were never sent. Without this they would wait until the latest moment at which a call could be under way.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from sqlalchemy import Connection, select, update

from adapters.store.clock import store_now
from adapters.store.decisions import Owner
from adapters.store.engine import alone_on, in_parts
from adapters.store.tables import operations
from adapters.store.trail import record
from domain.operation import State
from domain.outcome import Because
from domain.ports import Result, Step

T = TypeVar("T")
Attempt = tuple[int, int]  # operation and token

_MAY_COME_LATE = 600.0  # so long after its answer got lost a commit may still be made
_SLACK = 0.5


class HandedOut:
    """The attempts that this process was given and has not handed in."""

    def __init__(self) -> None:
        self._mine: set[Attempt] = set()
        self._asking: list[float] = []  # when each question began that is not answered yet
        self._doubted_until = 0.0

    async def by(self, question: Awaitable[T], results: Sequence[Result], step_of: Callable[[T], Step]) -> T:
        """Ask the store for a step and keep what it hands out."""
        began = time.monotonic()
        self._asking.append(began)
        try:
            made = await question
        except BaseException:
            self._doubted_until = time.monotonic() + _MAY_COME_LATE
            raise
        finally:
            self._asking.remove(began)
        self._mine.difference_update((one.work.id, one.work.token) for one in results)
        self._mine.update((work.id, work.token) for work in step_of(made).work)
        return made

    @property
    def is_doubted(self) -> bool:
        """Whether the answer to a question may have got lost."""
        return time.monotonic() < self._doubted_until

    def known(self) -> tuple[frozenset[Attempt], float]:
        """The attempts known here, and since when there may be others that are only on their way."""
        return frozenset(self._mine), min([*self._asking, time.monotonic()])


def plan_lost(connection: Connection, owner: Owner, known: frozenset[Attempt], asked_since: float) -> int:
    """Plan again what was marked as sent for this process before `asked_since` and was never given to it."""
    alone_on(connection, owner.account)
    now = store_now(connection)
    before = now - (time.monotonic() - asked_since) - _SLACK
    o = operations.c
    mine = (o.account == owner.account, o.state == State.SENT.value, o.owner == owner.worker)
    found = connection.execute(select(o.id, o.token).where(*mine, o.updated_at < before).order_by(o.id)).all()
    lost = [row for row in found if (row.id, row.token) not in known]
    fact = {"at": now, "event": "answer", "verdict": Because.STOPPED.value, "owner": owner.worker}
    facts = [fact | {"operation_id": row.id, "token": row.token, "text": "never sent"} for row in lost]
    record(connection, owner.account, facts, state=State.PLANNED)
    for some in in_parts([row.id for row in lost]):
        planned = {"state": State.PLANNED.value, "next_at": 0.0, "updated_at": now}
        connection.execute(update(operations).where(o.id.in_(some), *mine).values(planned))
    return len(lost)
