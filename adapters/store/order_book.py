"""The store, for selling: each method is one durable transaction."""

from collections.abc import Mapping, Sequence

from adapters.store import giving_back, orders, untouched
from adapters.store.store import AccountLedger, Store
from domain.order import Order, OrderState, SellRequest
from domain.ports import Result, Scope, Step

AT_ONCE = 500


class StoreOrders:
    """The orders of one account. Implements domain.sale.OrderBook."""

    def __init__(self, store: Store, ledger: AccountLedger, *, hold: float) -> None:
        self._store = store
        self._owner = ledger.owner
        self._hold = hold
        self._oldest: orders.Oldest = {}

    async def place(self, wanted: SellRequest, *, full: str = "") -> tuple[Order, Step]:
        """See domain.sale.OrderBook."""
        return await self._store.awrite(
            orders.place, self._owner, wanted, hold=self._hold, oldest=self._oldest, full=full
        )

    async def step(
        self, order_no: str, scope: Scope, results: Sequence[Result], room: int
    ) -> tuple[Step, Order | None]:
        """See domain.sale.OrderBook."""
        return await self._store.awrite(orders.step, self._owner, order_no, scope, results, room)

    async def take_another(self, order: Order) -> tuple[Order, Step]:
        """See domain.sale.OrderBook."""
        return await self._store.awrite(orders.take_another, self._owner, order, hold=self._hold, oldest=self._oldest)

    async def find(self, order_no: str) -> Order | None:
        """See domain.sale.OrderBook."""
        return await self._store.awrite(orders.find, self._owner.account, order_no)

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
