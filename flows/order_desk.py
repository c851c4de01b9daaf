"""Sells for the order service: one sale for each order, however often it is asked for, and none left unfinished."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from domain.errors import LoginRefused, PreactiveError, StoreNewer, StoreUnavailable
from domain.events import of_order
from domain.order import Order, OrderState, SellRequest
from flows.in_time import Until, in_time
from flows.login_guard import LoginGuard
from flows.showing import Showcase
from flows.telling import Teller, tell
from tasks import resources, selling
from tasks.resources import Session

_CLOSE_SECONDS, _BEAT_SECONDS, _SHOW_SECONDS, _SWEEP_SECONDS = 1.0, 5.0, 5.0, 30.0
_LOOK_SECONDS = 60.0
_BY = "the shop"
_MOST_REMEMBERED = 10_000  # orders of which it is known what was told
_REFUNDING = "carry out a refund"
_LOOK_AT_MOST = 5.0  # s; a question that only the store answers
_LOOK_SHARE = 0.2  # of the time for an answer: to see where an order stands whose sale takes longer
_SHOW_AGAIN = 20  # orders that are shown late, at a time
_SHOWN_FOR = 86_400.0  # s; an order that nobody could show for a day stays without a run


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale under way in this process."""

    request: SellRequest
    task: "asyncio.Task[Order]"


class OrderDesk:
    """Implements adapters.http.order_api.OrderDesk for one account."""

    def __init__(self, session: Session, *, answer_within: float, prefect: bool) -> None:
        self._session = session
        self.outdated: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._book = session.orders()
        self._seller = session.seller(tell)
        self._teller = Teller()
        self._login = LoginGuard(session.platform.login)
        self._answer_within = answer_within
        self._sales: dict[str, Sale] = {}
        self._refunds: dict[str, asyncio.Task[Order]] = {}
        self._told_of: dict[int, str] = {}
        self._runs: dict[int, str] = {}  # that show orders, until the store knows
        self._shown: set[int] = set()  # orders that got a run since the store was last asked which have none
        self._showcase = Showcase(self._note) if prefect else None
        self._numbers = count(1)
        self._helpers: list[asyncio.Task[None]] = []
        self._closing = asyncio.Event()
        self._sold = False

    async def open(self) -> None:
        """Begin to look after what a crash left, and to show sales in Prefect."""
        if self._showcase is not None:
            await self._showcase.start()
        turns: list[tuple[str, Callable[[], Awaitable[object]], float]] = [
            ("write to its store", self._session.ledger.beat, _BEAT_SECONDS),
            ("write down how orders ended", self._close_settled, _CLOSE_SECONDS),
            ("look after unfinished orders", self._sweep, _SWEEP_SECONDS),
            ("show sales in Prefect", self._show_late, _SHOW_SECONDS),
            ("look at its groups", self._seller.look_at_groups, _LOOK_SECONDS),
        ]
        self._helpers = [asyncio.create_task(self._again_and_again(*turn)) for turn in turns]

    def note_login(self, login: "asyncio.Task[None]") -> None:
        """Take in how the login ended that was not waited for."""
        self._login.note(None if login.cancelled() else login.exception())

    def tell(self, error: Exception) -> None:
        """See adapters.http.order_api.OrderDesk."""
        self._teller.unexpected(error)

    def halt(self) -> None:
        """Let no new call start, and wait for the store only shortly."""
        self._session.halt()
        resources.hurry_store()

    async def close(self) -> None:
        """Let the calls under way end, and write down what they came to."""
        self.halt()
        under_way = [*(sale.task for sale in self._sales.values()), *self._refunds.values()]
        await asyncio.gather(*under_way, return_exceptions=True)
        self._closing.set()  # a sweep may have calls under way too, so no helper is cut off
        await asyncio.gather(*self._helpers, return_exceptions=True)
        if self._showcase is not None:
            await self._showcase.stop()
        self._sold = not self.outdated.done()
        with contextlib.suppress(StoreUnavailable):  # the next start does it
            await self._close_settled()

    async def sell(self, order: str, tag: str, group: str) -> Order:
        """Sell, or join the sale of the same order, and answer in good time."""
        request = selling.check(SellRequest(order=order, account=self._session.name, tag=tag, group=group))
        until = Until(self._answer_within)
        sale = self._sales.get(order)
        if sale is None:
            await in_time(self._let_in(order), until)
            sale = self._sales.get(order) or self._begin(request)
        if sale.request != request:
            return await in_time(self._seller.sell(request, within=0), until)
        done, _ = await asyncio.wait({sale.task}, timeout=until.left - self._look_seconds)
        if done:
            return sale.task.result()
        known = await self._book.look(order, within=until.left)
        if known is None or known.may_begin_anew:  # what is being sold is not out of stock yet
            return Order(0, request.account, order, OrderState.IN_PROGRESS)
        return known

    @property
    def _look_seconds(self) -> float:
        return min(_LOOK_AT_MOST, _LOOK_SHARE * self._answer_within)

    async def _let_in(self, order: str) -> None:
        """Let no order take a SIM while the login is refused. Raises LoginRefused."""
        try:
            await self._login.check()
        except LoginRefused:
            known = await self.find(order)
            if known is None or known.may_begin_anew:
                raise

    def _begin(self, request: SellRequest) -> Sale:
        number = next(self._numbers)

        def show(order: Order) -> None:
            # An order that is finished already needs no second run.
            if self._showcase is not None and order.state is OrderState.IN_PROGRESS:
                self._showcase.begin(request, number)

        task = asyncio.create_task(self._seller.sell(request, within=selling.PATIENCE_SECONDS, placed=show))
        sale = self._sales[request.order] = Sale(request, task)
        task.add_done_callback(lambda ended: self._end(request.order, number, ended))
        return sale

    def _end(self, order: str, number: int, task: "asyncio.Task[Order]") -> None:
        del self._sales[order]
        self._sold = True
        error = None if task.cancelled() else task.exception()
        self._login.note(error)
        if isinstance(error, Exception) and not isinstance(error, PreactiveError):
            self._teller.unexpected(error)
        if self._showcase is not None:
            sold = task.result() if error is None and not task.cancelled() else None
            message = str(error) if isinstance(error, PreactiveError) else type(error).__name__
            self._showcase.end(number, order=sold, message=message)

    async def cancel(self, order: str) -> Order:
        """Cancel an order if nothing was sent for it, and say where it stands."""
        found = await in_time(self._book.cancel(order, by=_BY), Until(self._answer_within))
        self._tell_of(found)
        return found

    async def refund(self, order: str) -> Order | None:
        """Record a refund, carry it out, and answer in good time; None when there is no such order."""
        until = Until(self._answer_within)
        found = await in_time(self._book.record_refund(order, by=_BY), until)
        if found is None or found.state is not OrderState.REFUNDING:
            return self._tell_of(found)
        task = self._refunds.get(order) or self._begin_refund(order)
        done, _ = await asyncio.wait({task}, timeout=until.left - self._look_seconds)
        if done and task.exception() is None:
            return task.result()
        return await self._book.look(order, within=until.left)

    def _begin_refund(self, order: str) -> "asyncio.Task[Order]":
        refunder = self._session.refunder()
        task = self._refunds[order] = asyncio.create_task(refunder.carry_on(order, within=selling.PATIENCE_SECONDS))
        task.add_done_callback(lambda ended: self._end_refund(order, ended))
        return task

    def _end_refund(self, order: str, task: "asyncio.Task[Order]") -> None:
        """What went wrong is told once; the refund is recorded, and a sweep goes on with it."""
        del self._refunds[order]
        error = None if task.cancelled() else task.exception()
        self._login.note(error)
        if isinstance(error, Exception):
            self._teller.failed(_REFUNDING, error)
        else:
            self._teller.worked(_REFUNDING)
            self._tell_of(task.result())

    def _tell_of(self, order: Order | None) -> Order | None:
        """Let Prefect know of an order that was taken back, once for each state."""
        event = None if order is None else of_order(order)
        if self._showcase is None or order is None or event is None or self._told_of.get(order.id) == event[0]:
            return order
        if len(self._told_of) >= _MOST_REMEMBERED:
            self._told_of.clear()
        self._told_of[order.id] = event[0]
        self._showcase.tell(*event)
        return order

    async def find(self, order: str) -> Order | None:
        """The order as it stands. Raises StoreSilent."""
        return await self._book.look(order, within=min(_LOOK_AT_MOST, self._answer_within))

    async def health(self) -> Mapping[str, Any]:
        """Whether the store answers, and how busy the service is. Raises StoreSilent."""
        left = await self._book.look_at_open(within=min(_LOOK_AT_MOST, self._answer_within))
        return {
            "well": not self._login.is_refused,
            "account": self._session.name,
            "login": "refused" if self._login.is_refused else "ok",
            "selling": len(self._sales),
            "unfinished": sum(left.values()),
            "needs_human": left.get(OrderState.NEEDS_HUMAN, 0),
            "prefect": "off" if self._showcase is None else "away" if self._showcase.is_away else "ok",
        }

    def qr_code(self, lpa: str) -> bytes:
        """The QR code of an LPA string as PNG."""
        return resources.qr_png(lpa)

    # --- in the background ---

    def _note(self, order: int, run: str) -> None:
        self._runs[order] = run  # written down with the next closing
        self._shown.add(order)
        self._sold = True

    async def _close_settled(self) -> None:
        if not (self._sold or self._runs):
            return
        self._sold = False
        await self._book.close_settled(persons=False)
        runs = dict(self._runs)
        if runs:
            await self._book.note_runs(runs)
            self._runs = {order: run for order, run in self._runs.items() if order not in runs}

    async def _sweep(self) -> None:
        try:
            await self._login.check()
            await selling.sweep_in(
                self._session, self._seller, within=_SWEEP_SECONDS, without={*self._sales, *self._refunds}
            )
        except LoginRefused as error:
            self._login.note(error)

    async def _show_late(self) -> None:
        """Hand in again what could not be shown when it was sold."""
        showcase = self._showcase
        if showcase is None or showcase.is_away or not showcase.is_idle:
            return
        self._shown = set(self._runs)
        late = await self._book.unshown(since=time.time() - _SHOWN_FOR, limit=_SHOW_AGAIN)
        if not showcase.is_idle:  # one of them may be the sale that began meanwhile, and is being shown
            return
        for order in late:
            if order.id not in self._shown:
                number = next(self._numbers)
                request = SellRequest(order=order.order, account=order.account, tag=order.tag, group=order.group)
                showcase.begin(request, number)
                showcase.end(number, order=order)

    def _end_for(self, error: StoreNewer) -> None:
        """Let no new call start, and let the service end: this program can write no more."""
        self.halt()
        if not self.outdated.done():
            self.outdated.set_exception(error)

    async def _again_and_again(self, what: str, function: Callable[[], Awaitable[object]], seconds: float) -> None:
        while not self._closing.is_set():
            try:
                await function()
            except StoreNewer as error:
                self._end_for(error)
            except Exception as error:  # the next turn tries again, and a sale tells its own buyer
                self._teller.failed(what, error)
            else:
                self._teller.worked(what)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), seconds)
