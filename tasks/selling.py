"""Sells for orders, and finishes what a crash left. Nothing here needs Prefect."""

import asyncio
from asyncio import Future
from collections.abc import Callable, Collection, Iterable
from contextvars import ContextVar
from dataclasses import dataclass

from domain.errors import NothingSelected, PreactiveError, UsageError
from domain.options import check_tag
from domain.order import CLOSED, Order, OrderState, SellRequest
from domain.pacing import Lane
from domain.sale import Seller
from tasks import resources
from tasks.resources import Session

PATIENCE_SECONDS = 60.0  # how long a command or a run waits for an outcome that only look-ups can settle


@dataclass(frozen=True, slots=True)
class Ended:
    """How a sale ended that another process made; `order` is None when it ended with an error."""

    order: int | None
    state: str
    message: str

    @property
    def is_final(self) -> bool:
        """Whether the program does nothing more for the order by itself."""
        return self.order is not None and self.state in (*CLOSED, OrderState.NEEDS_HUMAN)


# Set where a run only shows a sale: then it waits for that sale instead of making one.
shown_here: "ContextVar[Future[Ended]]" = ContextVar("shown_here")


@dataclass(frozen=True, slots=True)
class Swept:
    """What a look after unfinished orders came to."""

    done: int = 0
    put_back: int = 0
    in_progress: int = 0
    needs_human: int = 0
    no_stock: int = 0
    refunded: int = 0
    refunding: int = 0

    def sentence(self) -> str:
        """One line with the numbers."""
        return (
            f"{self.done:,} orders finished, {self.put_back:,} SIMs put back, {self.in_progress:,} orders in progress, "
            f"{self.needs_human:,} need a person, {self.no_stock:,} found no other SIM, "
            f"{self.refunded:,} refunded, {self.refunding:,} refunds not finished"
        )


def check(request: SellRequest) -> SellRequest:
    """The request for an account, tag and group that there are.

    Raises SettingsError, UnknownGroup, UsageError.
    """
    name, options = resources.account(request.account)
    if request.tag:
        check_tag(request.tag, options.capabilities.tag_chars)
    if request.group:
        options.group(request.group)
    elif options.capabilities.activates_by_assignment:
        raise UsageError("On this platform an endpoint becomes active by being put into a group; name the group.")
    return request.model_copy(update={"account": name})


async def sold(request: SellRequest, told: Callable[[str], None] = lambda _: None) -> Order:
    """Sell for an order; `told` takes what an operator should hear of.

    Raises SettingsError, UnknownGroup, UnusableGroup, OrderDiffers, LoginRefused, PlatformUnreachable, Stopped.
    """
    request = check(request)
    async with resources.session(request.account, Lane.SALES) as session:
        order = await session.seller(told).sell(request, within=PATIENCE_SECONDS)
        await session.orders().close_settled(persons=False)
        return order


async def refunded(account: str, order_no: str, *, by: str) -> Order:
    """Refund an order: recorded first, then carried out.

    Raises NothingSelected, LoginRefused, PlatformUnreachable, Stopped; a refund that is recorded stays so.
    """
    async with resources.session(account, Lane.SALES) as session:
        order = await session.orders().record_refund(order_no, by=by)
        if order is None:
            raise NothingSelected(f"Account {account} has no order {order_no}; `preactive orders list` shows them.")
        return await session.refunder().carry_on(order_no, within=PATIENCE_SECONDS)


async def sweep(account: str, told: Callable[[str], None] = lambda _: None) -> Swept:
    """Finish what was left of orders, and put back what nothing was sent for.

    Raises UnknownGroup, UnusableGroup, LoginRefused, PlatformUnreachable, Stopped, after everything else was done.
    """
    name, _ = resources.account(account)
    async with resources.session(name, Lane.SALES) as session:
        return await sweep_in(session, session.seller(told), within=PATIENCE_SECONDS)


async def sweep_in(session: Session, seller: Seller, *, within: float, without: Collection[str] = ()) -> Swept:
    """The same in a session that is open; `without` names the orders that somebody is at."""
    book = session.orders()
    put_back = len(await book.put_back()) + await book.free_untouched()
    ended: list[Order | BaseException] = [*(await book.close_settled()).values()]
    after = 0
    while page := await book.unfinished(after=after):
        after = page[-1].id
        going = [_carried_on(session, seller, one, within=within) for one in page if one.order not in without]
        ended += await asyncio.gather(*going, return_exceptions=True)
    ended += await _refunds(session, within=within, without=without)
    await book.close_settled(persons=False)
    _raise_first(ended)
    waiting = (await book.count_open()).get(OrderState.NEEDS_HUMAN, 0)
    return _counted(put_back, waiting, [one for one in ended if isinstance(one, Order)])


async def _carried_on(session: Session, seller: Seller, order: Order, *, within: float) -> Order:
    """Go on with an order, unless its group takes no endpoint any more."""
    if order.group and session.account.capabilities.has_groups:
        await resources.known_group(session, order.group)
    return await seller.carry_on(order, within=within)


async def _refunds(session: Session, *, within: float, without: Collection[str]) -> list[Order | BaseException]:
    """Go on with the refunds that are recorded and not carried out."""
    refunder = session.refunder()
    left = [one for one in await session.orders().unfinished_refunds() if one not in without]
    some = [refunder.carry_on(one, within=within) for one in left]
    return list(await asyncio.gather(*some, return_exceptions=True))


def _counted(put_back: int, needs_human: int, orders: Iterable[Order]) -> Swept:
    states = [order.state for order in orders]
    return Swept(
        done=states.count(OrderState.DONE),
        put_back=put_back,
        in_progress=states.count(OrderState.IN_PROGRESS),
        needs_human=needs_human,
        no_stock=states.count(OrderState.NO_STOCK),
        refunded=states.count(OrderState.REFUNDED),
        refunding=states.count(OrderState.REFUNDING),
    )


def _raise_first(ended: Iterable[Order | BaseException]) -> None:
    errors = [one for one in ended if isinstance(one, BaseException)]
    ours = [error for error in errors if isinstance(error, PreactiveError)]
    if errors:
        raise (ours or errors)[0]
