"""Carries out refunds: recorded first, then done to the endpoint, and finished by whoever comes next after a crash."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from domain.executor import Executor
from domain.order import Order, OrderState
from domain.ports import Changing, Ledger, Scope, Steps
from domain.settler import Settler

_SHORTEST_WAIT, _LONGEST_WAIT = 0.05, 1.0


@dataclass(frozen=True, slots=True)
class RefundStep:
    """Where a refund stands. Without a scope nothing is left to do, or a person has to.

    `is_ours`: what the scope holds is of this refund and may be sent; otherwise it is only looked up.
    """

    order: Order
    scope: Scope | None = None
    is_ours: bool = False


class RefundBook(Protocol):
    """The store, as far as refunds need it. Each call is one durable transaction."""

    async def advance_refund(self, order_no: str) -> RefundStep:
        """Plan what the endpoint needs next, or close the refund."""


class Refunder:
    """Carries out refunds of one account in this process."""

    def __init__(
        self,
        book: RefundBook,
        ledger: Ledger,
        settler: Settler,
        platform: Changing,
        executor: Callable[[Steps, Changing], Executor],
        *,
        stop: asyncio.Event,
    ) -> None:
        self._book = book
        self._ledger = ledger
        self._settler = settler
        self._platform = platform
        self._executor = executor
        self._stop = stop

    async def carry_on(self, order_no: str, *, within: float) -> Order:
        """Go on with a recorded refund, for at most `within` seconds.

        Raises LoginRefused, Stopped, StoreUnavailable; the refund stays recorded, and a sweep goes on with it.
        """
        until = time.monotonic() + within
        while True:
            step = await self._book.advance_refund(order_no)
            if step.scope is None or step.order.state is not OrderState.REFUNDING:
                return step.order
            if step.is_ours:
                await self._executor(self._ledger, self._platform).run(step.scope)
            await self._settler.settle_due(step.scope)
            if not await self._wait(step.scope, until):
                return (await self._book.advance_refund(order_no)).order

    async def _wait(self, scope: Scope, until: float) -> bool:
        """Wait until something may have changed, and say whether to go on."""
        outlook = await self._ledger.outlook(scope)
        if outlook.cancelled or self._stop.is_set() or time.monotonic() >= until:
            return False
        due = _SHORTEST_WAIT if outlook.next_at is None else outlook.next_at - outlook.now
        try:
            await asyncio.wait_for(self._stop.wait(), min(max(due, _SHORTEST_WAIT), _LONGEST_WAIT))
        except TimeoutError:
            return True
        return False
