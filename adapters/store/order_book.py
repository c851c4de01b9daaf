"""The store, for selling: each method is one durable transaction."""

from collections.abc import Mapping, Sequence

from adapters.store import giving_back, orders, refunds, untouched
from adapters.store.store import AccountLedger, Store
from domain.options import Account
from domain.order import Order, OrderState, SellRequest
from domain.ports import Result, Scope, Step
from domain.refund import RefundWith
from domain.refunder import RefundStep

AT_ONCE = 500


class StoreOrders:
    """The orders of one account. Implements domain.sale.OrderBook and domain.refunder.RefundBook."""

    def __init__(self, store: Store, ledger: AccountLedger, account: Account) -> None:
        self._store = store
        self._owner = ledger.owner
        self._handed_out = ledger.handed_out
        self._hold = account.reservation_seconds
        self._refund = {"wanted": RefundWith(account.refund_with), "most": account.max_terminate}
        self._marked = frozenset(mark.tag for mark in account.stock)
        self._oldest: orders.Oldest = {}

    async def place(self, wanted: SellRequest, *, full: str = "") -> tuple[Order, Step]:
        """See domain.sale.OrderBook."""
        knobs = {"hold": self._hold, "oldest": self._oldest, "full": full, "marked": self._marked}
        asked = self._store.awrite(orders.place, self._owner, wanted, **knobs)
        return await self._handed_out.by(asked, (), lambda made: made[1])

    async def step(
        self, order_no: str, scope: Scope, results: Sequence[Result], room: int
    ) -> tuple[Step, Order | None]:
        """See domain.sale.OrderBook."""
        asked = self._store.awrite(orders.step, self._owner, order_no, scope, results, room)
        return await self._handed_out.by(asked, results, lambda made: made[0])

    async def take_another(self, order: Order) -> tuple[Order, Step]:
        """See domain.sale.OrderBook."""
        asked = self._store.awrite(orders.take_another, self._owner, order, hold=self._hold, oldest=self._oldest)
        return await self._handed_out.by(asked, (), lambda made: made[1])

    async def find(self, order_no: str) -> Order | None:
        """See domain.sale.OrderBook."""
        return await self._store.awrite(orders.find, self._owner.account, order_no)

    async def look(self, order_no: str, *, within: float) -> Order | None:
        """The order as it stands, for somebody who waits: asked beside all that is written. Raises StoreSilent."""
        return await self._store.look(orders.find, self._owner.account, order_no, within=within)

    async def look_at_open(self, *, within: float) -> Mapping[OrderState, int]:
        """How many orders that are not closed stand where, asked in the same way. Raises StoreSilent."""
        return await self._store.look(orders.count_open, self._owner.account, within=within)

    async def cancel(self, order_no: str, *, by: str) -> Order:
        """Cancel an order if nothing was sent for it, and return it as it stands then."""
        return await self._store.awrite(refunds.cancel, self._owner.account, order_no, by=by)

    async def record_refund(self, order_no: str, *, by: str) -> Order | None:
        """Write down that an order is to be refunded; None when there is no such order."""
        return await self._store.awrite(refunds.record_refund, self._owner.account, order_no, **self._refund, by=by)

    async def advance_refund(self, order_no: str) -> RefundStep:
        """See domain.refunder.RefundBook."""
        return await self._store.awrite(refunds.advance_refund, self._owner, order_no)

    async def unfinished_refunds(self) -> list[str]:
        """The orders whose refund is recorded and not carried out yet, oldest first."""
        return await self._store.awrite(refunds.unfinished_refunds, self._owner.account)

    async def unfinished(self, *, after: int = 0) -> list[Order]:
        """The next orders in progress, oldest first; none when there are no more."""
        return await self._store.awrite(orders.unfinished, self._owner.account, AT_ONCE, after=after)

    async def count_open(self) -> Mapping[OrderState, int]:
        """How many orders that are not closed stand where."""
        return await self._store.awrite(orders.count_open, self._owner.account)

    async def put_back(self) -> list[str]:
        """Give back SIMs whose reservation is over and of which no call was carried out, and name their orders."""
        return await self._store.awrite(giving_back.put_back, self._owner.account)

    async def free_untouched(self) -> int:
        """Give back SIMs that were set aside though nothing was ever sent for them, and return how many."""
        return await self._store.awrite(untouched.free_untouched, self._owner.account)

    async def close_settled(self, *, persons: bool = True) -> Mapping[str, Order]:
        """Write down how open orders ended, and name them; without `persons` those that wait for one are left alone."""
        closed: dict[str, Order] = {}
        after = -1
        while after:
            some, after = await self._store.awrite(
                orders.close_settled, self._owner.account, AT_ONCE, after=max(after, 0), persons=persons
            )
            closed.update(some)
        return closed

    async def note_runs(self, runs: Mapping[int, str]) -> None:
        """Remember which run of Prefect shows which order."""
        await self._store.awrite(orders.note_runs, runs)

    async def unshown(self, *, since: float, limit: int) -> list[Order]:
        """Closed orders that no run of Prefect shows yet."""
        return await self._store.awrite(orders.unshown, self._owner.account, since=since, limit=limit)
