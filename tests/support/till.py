"""Places orders on a real store as one process of the shop does, without a platform."""

from adapters.store import giving_back, orders, refunds
from domain.order import SellRequest
from domain.ports import Scope
from domain.refund import RefundWith
from tests.support.desk import ACCOUNT, done

HOLD = 900.0


def wanted(order="A-1", tag="", group="eu"):
    return SellRequest(order=order, account=ACCOUNT, tag=tag, group=group)


class Shop:
    """Places orders as one process of the shop does."""

    def __init__(self, desk, ledger):
        self.desk, self.ledger = desk, ledger
        self.store = ledger._store
        self.oldest = {}

    async def place(self, hold=HOLD, full="", marked=(), **fields):
        knobs = {"hold": hold, "oldest": self.oldest, "full": full, "marked": marked}
        return await self.store.awrite(orders.place, self.ledger.owner, wanted(**fields), **knobs)

    async def come(self, order, *results):
        owner, scope = self.ledger.owner, Scope(order.change)
        return (await self.store.awrite(orders.step, owner, order.order, scope, results, 1))[0]

    async def sold(self, **fields):
        """An order whose calls both were answered with yes."""
        order, step = await self.place(**fields)
        step = await self.come(order, done(step.work[0]))
        await self.come(order, done(step.work[0]))
        return self.find(order.order)

    async def another(self, order):
        return await self.store.awrite(orders.take_another, self.ledger.owner, order, hold=HOLD, oldest=self.oldest)

    def find(self, order="A-1"):
        return self.store.write(orders.find, ACCOUNT, order)

    def put_back(self):
        return self.store.write(giving_back.put_back, ACCOUNT)

    def release(self, order="A-1", *, apply=True):
        return self.store.write(giving_back.release, ACCOUNT, order, by="ann", apply=apply)

    def count(self):
        return self.store.write(orders.count_open, ACCOUNT)

    def close(self, **options):
        return self.store.write(orders.close_settled, ACCOUNT, 100, **options)[0]

    def cancel(self, order="A-1", *, by="the shop"):
        return self.store.write(refunds.cancel, ACCOUNT, order, by=by)

    def refund(self, order="A-1", *, wanted=RefundWith.SUSPEND, most=100):
        """Write down that the order is to be refunded, and plan what that needs."""
        if self.store.write(refunds.record_refund, ACCOUNT, order, wanted=wanted, most=most, by="the shop") is None:
            return None
        return self.advance(order)

    def advance(self, order="A-1"):
        return self.store.write(refunds.advance_refund, self.ledger.owner, order)

    async def send(self, refund):
        """Hand out what a refund planned."""
        return (await self.ledger.step(refund.scope, [], 9)).work

    async def refunded(self, order="A-1", **how):
        """An order whose endpoint the platform took out of service."""
        step = self.refund(order, **how)
        (work,) = await self.send(step)
        await self.ledger.step(step.scope, [done(work)], 0)
        return self.advance(order).order
