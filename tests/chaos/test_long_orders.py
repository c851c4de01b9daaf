"""A shop sells, asks again and refunds in any order, while operators suspend and end what it sold."""

import pytest

from adapters.platforms.simulator.model import ACTIVE, SUSPENDED
from domain.lifecycle import Kind
from domain.order import OrderState
from tasks import selling
from tests.support.desk import ACCOUNT
from tests.tasks.test_pair import HASTY, bulk, shop_of

__all__ = ["shop_of"]

pytestmark = pytest.mark.timeout(1200)

SIMS, STEPS = 12, 40
IN_SERVICE = (OrderState.DONE, OrderState.SUSPENDED)
# What may be told of a sold order, by the true state of its endpoint.
TRUTH = {ACTIVE: {"done"}, SUSPENDED: {"suspended", "refunded"}, "": {"ended", "refunded"}}
ROUTES = ("EndPointActivation", "SubscribeAddon", "EndPointLifeCycleChange")


class Counter:
    """The shop's side: its orders, what it was told last, and what it asked to have back."""

    def __init__(self, shop, work, chance):
        self.shop, self.work, self.chance = shop, work, chance
        self.told = {}

    def status(self, iccid):
        """What the platform's own state says of a SIM's endpoint; "" without one."""
        state = self.shop.simulator.state
        found = state.endpoints.get(state.sims[iccid].endpoint_id or "")
        return found.status if found is not None else ""

    async def told_of(self, number):
        """What the order's sender is told, once nothing of it is open any more."""
        for _ in range(20):
            order = await selling.sold(self.shop.order(number))
            if order.state not in (OrderState.IN_PROGRESS, OrderState.REFUNDING):
                break
            await selling.sweep(ACCOUNT)
        self.told[number] = order
        return order

    async def sell(self):
        if self.chance.random() < 0.3:
            fault = self.chance.choice(["error_before", "error_after"])
            self.shop.faults({"fault": fault, "route": self.chance.choice(ROUTES), "times": 1})
        await self.told_of(f"S-{len(self.told)}")
        self.shop.faults()

    async def ask_again(self):
        if self.told:
            number = self.chance.choice(list(self.told))
            before = self.shop.done.copy()
            await self.told_of(number)
            assert self.shop.done == before, "the same order again is no call that changes anything"

    async def refund(self):
        if in_service := [number for number, order in self.told.items() if order.state in IN_SERVICE]:
            number = self.chance.choice(in_service)
            await selling.refunded(ACCOUNT, number, by="the shop")
            assert (await self.told_of(number)).state is OrderState.REFUNDED

    async def change(self):
        """An operator suspends, resumes or ends an endpoint that was sold."""
        wanted = {Kind.SUSPEND: ACTIVE, Kind.RESUME: SUSPENDED, Kind.TERMINATE: SUSPENDED}
        kind = self.chance.choice(list(wanted))
        sold = [order.iccid for order in self.told.values() if order.state in IN_SERVICE]
        if fit := [iccid for iccid in sold if self.status(iccid) == wanted[kind]]:
            await self.work.run(self.work.plan(kind, self.chance.choice(fit)), kind)


async def test_an_order_is_told_as_it_is_and_sold_once_whatever_is_done_to_its_endpoint(shop_of, chance):
    async with shop_of(SIMS, more=HASTY) as shop, bulk(shop, ACCOUNT, "sft") as work:
        counter = Counter(shop, work, chance)
        for _ in range(STEPS):
            await chance.choice([counter.sell, counter.ask_again, counter.refund, counter.change, counter.change])()
            for number in list(counter.told):
                order = await counter.told_of(number)
                if order.iccid is None:
                    assert order.state is OrderState.NO_STOCK, number
                else:
                    assert order.state in TRUTH[counter.status(order.iccid)], number

        given = [order.iccid for order in counter.told.values() if order.iccid]
        assert len(given) == len(set(given)), "no SIM is given to two orders"
        assert len(given) >= 4
        assert all(len(endpoint.addons) <= 1 for endpoint in shop.simulator.state.endpoints.values())
        assert shop.done["activate"] <= len(given)
