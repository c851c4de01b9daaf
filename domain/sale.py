"""Sells one endpoint for one order: reserve, activate, assign, by the same protocol as every other change."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from domain.errors import OrderDiffers
from domain.executor import Executor
from domain.order import Order, OrderState, SellRequest
from domain.ports import Ledger, Outlook, Scope, Step
from domain.settler import Settler

_SHORTEST_WAIT, _LONGEST_WAIT = 0.05, 1.0


class OrderBook(Protocol):
    """The store, as far as selling needs it. Every method is one durable transaction."""

    async def place(self, wanted: SellRequest) -> tuple[Order, Step]:
        """Find or make the order, reserve a SIM, and hand out its first call."""

    async def take_another(self, order: Order) -> tuple[Order, Step]:
        """Set a spoilt SIM aside and reserve the next."""

    async def find(self, order_no: str) -> Order | None:
        """The order as it stands."""


class Seller:
    """Sells SIMs of one account in this process, at most `at_once` sales at the same time."""

    def __init__(
        self,
        book: OrderBook,
        ledger: Ledger,
        settler: Settler,
        executor: Callable[[], Executor],
        *,
        at_once: int,
        stop: asyncio.Event,
    ) -> None:
        self._book = book
        self._ledger = ledger
        self._settler = settler
        self._executor = executor
        self._places = asyncio.Semaphore(at_once)
        self._stop = stop

    async def sell(self, wanted: SellRequest, *, within: float) -> Order:
        """Carry an order through, for at most `within` seconds while nothing but waiting is left.

        Raises OrderDiffers, LoginRefused, Stopped; the order is kept and may be sent again.
        """
        order, step = await self._book.place(wanted)
        if (order.tag, order.group) != (wanted.tag, wanted.group):
            raise OrderDiffers(
                f"Order {order.order} was placed before for tag {order.tag!r} and group {order.group!r}, and now asks "
                f"for {wanted.tag!r} and {wanted.group!r}; nothing was changed, use another order number."
            )
        return await self.carry_on(order, step, within=within)

    async def carry_on(self, order: Order, step: Step | None = None, *, within: float) -> Order:
        """Go on with an order that has a SIM."""
        until = time.monotonic() + within
        scope = Scope(order.change)
        while order.state is OrderState.IN_PROGRESS:
            async with self._places:
                await self._executor().run(scope, step if step is not None and step.work else None)
            order = await self._book.find(order.order) or order
            if order.state is OrderState.DONE:
                return order
            if order.spoilt:
                order, step = await self._book.take_another(order)
                continue
            step = None
            if not await self._wait(scope, until):
                return await self._book.find(order.order) or order
        return order

    async def _wait(self, scope: Scope, until: float) -> bool:
        """Look up what is in doubt, wait until something may have changed, and say whether to go on."""
        await self._settler.settle_due(scope)
        outlook = await self._ledger.outlook(scope)
        if outlook.cancelled or self._stop.is_set() or time.monotonic() >= until:
            return False
        if outlook.ready:
            return await self._pause(_SHORTEST_WAIT)  # what is ready now waits for a place that another process holds
        return bool(outlook.waiting) and await self._pause(_next_look(outlook))

    async def _pause(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return True
        return False


def _next_look(outlook: Outlook) -> float:
    due = outlook.next_at - outlook.now if outlook.next_at is not None else _LONGEST_WAIT / 4
    return min(max(due, _SHORTEST_WAIT), _LONGEST_WAIT)
