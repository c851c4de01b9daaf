"""Sells one endpoint for one order: reserve, activate, assign, by the same protocol as every other change."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from domain.errors import OrderDiffers, PlatformUnreachable, UnknownGroup, UnusableGroup
from domain.executor import Carry, Executor
from domain.order import Order, OrderState, SellRequest
from domain.ownership import is_taken, set_aside_words
from domain.ports import Changing, Ledger, Outlook, Result, Scope, Step, Steps
from domain.selling_calls import LookingAhead
from domain.settler import Settler
from domain.vacancy import Place, Vacancies
from domain.words import quoted

_SHORTEST_WAIT, _LONGEST_WAIT = 0.05, 1.0


class OrderBook(Protocol):
    """The store, as far as selling needs it. Every method is one durable transaction."""

    async def place(self, wanted: SellRequest, *, full: str = "") -> tuple[Order, Step]:
        """Find or make the order, reserve a SIM, and hand out its first call.

        `full` says why the group takes no further endpoint; then no SIM is reserved.
        """

    async def step(
        self, order_no: str, scope: Scope, results: Sequence[Result], room: int
    ) -> tuple[Step, Order | None]:
        """The ledger's step, and where it leaves the order."""

    async def take_another(self, order: Order) -> tuple[Order, Step]:
        """Set a spoilt SIM aside and reserve the next."""

    async def find(self, order_no: str) -> Order | None:
        """The order as it stands."""


class _Watched:
    """The ledger of one order's operations; remembers where each step leaves the order."""

    def __init__(self, book: OrderBook, order: Order) -> None:
        self._book = book
        self.order = order

    async def step(self, scope: Scope, results: Sequence[Result], room: int, *, bulk: bool = False) -> Step:  # noqa: ARG002
        made, found = await self._book.step(self.order.order, scope, results, room)
        self.order = found or self.order
        return made


class Seller:
    """Sells SIMs of one account in this process, at most `at_once` sales at the same time.

    `executor` makes what sends; `vacancies` know which groups take endpoints; `tells_transitions`: the answer to an
    activation tells whether that changed anything. `told` takes what an operator should hear of, `prepare` is told that
    calls follow in a moment.
    """

    def __init__(
        self,
        book: OrderBook,
        ledger: Ledger,
        settler: Settler,
        platform: Changing,
        executor: Callable[[Steps, Changing, Carry], Executor],
        *,
        vacancies: Vacancies,
        tells_transitions: bool,
        told: Callable[[str], None],
        prepare: Callable[[], None],
        at_once: int,
        stop: asyncio.Event,
    ) -> None:
        self._vacancies = vacancies
        self._book = book
        self._ledger = ledger
        self._settler = settler
        self._platform = platform
        self._executor = executor
        self._tells = tells_transitions
        self._told = told
        self._prepare = prepare
        self._has_stock = True  # as far as the last order showed
        self._places = asyncio.Semaphore(at_once)
        self._stop = stop

    async def sell(
        self, wanted: SellRequest, *, within: float, placed: Callable[[Order], None] = lambda _: None
    ) -> Order:
        """Carry an order through, for at most `within` seconds while nothing but waiting is left.

        `placed` hears of the order as soon as it is on disk.

        Raises UnknownGroup, UnusableGroup and PlatformUnreachable before a SIM is taken; OrderDiffers, LoginRefused,
        Stopped. The order is kept and may be sent again.
        """
        try:
            place = await self._vacancies.enter(wanted.group)
        except (UnknownGroup, UnusableGroup, PlatformUnreachable):
            known = await self._placed_before(wanted)
            if known is None:
                raise
            return known
        try:
            return await self._sell(wanted, place, within=within, placed=placed)
        finally:
            self._vacancies.leave(place)

    async def look_at_groups(self) -> None:
        """Count again for how many endpoints the groups have addresses that are sold into."""
        await self._vacancies.look_again()

    async def _placed_before(self, wanted: SellRequest) -> Order | None:
        """The order, if it has its SIM; then the group's troubles of today do not concern it."""
        known = await self._book.find(wanted.order)
        if known is None:
            return None
        _check_same(known, wanted)
        return None if known.may_begin_anew else known

    async def _sell(
        self, wanted: SellRequest, place: Place, *, within: float, placed: Callable[[Order], None]
    ) -> Order:
        if self._has_stock:
            self._prepare()
        order, step = await self._book.place(wanted, full=place.full)
        _check_same(order, wanted)
        place.is_used = bool(step.work)
        self._has_stock = order.state is not OrderState.NO_STOCK
        placed(order)
        order = await self.carry_on(order, step, within=within)
        place.is_used = place.is_used and not order.may_begin_anew
        return order

    async def carry_on(self, order: Order, step: Step | None = None, *, within: float) -> Order:
        """Go on with an order that has a SIM."""
        until = time.monotonic() + within
        scope = Scope(order.change)
        while order.state is OrderState.IN_PROGRESS:
            order = await self._send(order, scope, step)
            if order.state is OrderState.DONE:
                return order
            if order.spoilt:
                if is_taken(order.text):
                    self._told(set_aside_words(order.order, order.endpoint_id))
                order, step = await self._book.take_another(order)
                continue
            step = None
            if not await self._wait(scope, until):
                return await self._book.find(order.order) or order
        return order

    async def _send(self, order: Order, scope: Scope, step: Step | None) -> Order:
        """Send what is ready of one order, and say where that leaves it."""
        watched, platform = _Watched(self._book, order), LookingAhead(self._platform, order.group, self._tells)
        try:
            async with self._places:
                begun = step if step is not None and step.work else None
                await self._executor(watched, platform, platform.carry_out).run(scope, begun)
        finally:
            await platform.close()
        return watched.order

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


def _check_same(order: Order, wanted: SellRequest) -> None:
    if order.settled is OrderState.CANCELLED:
        return  # perhaps before it was placed, for nobody knows what
    if (order.tag, order.group) != (wanted.tag, wanted.group):
        raise OrderDiffers(
            f"Order {order.order} was placed before for tag '{order.tag}' and group {quoted(order.group)}, and now "
            f"asks for '{wanted.tag}' and {quoted(wanted.group)}; nothing was changed, use another order number."
        )


def _next_look(outlook: Outlook) -> float:
    due = outlook.next_at - outlook.now if outlook.next_at is not None else _LONGEST_WAIT / 4
    return min(max(due, _SHORTEST_WAIT), _LONGEST_WAIT)
