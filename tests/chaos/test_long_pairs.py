"""People swap SIMs in the portal between our changes: the platform's own ledger says whether a stranger was touched."""

import pytest

from domain.lifecycle import Kind
from domain.order import OrderState
from tasks import selling
from tests.support.desk import ACCOUNT
from tests.tasks.test_pair import HASTY, bulk, endpoint_of, shop_of, writes

__all__ = ["shop_of"]

pytestmark = pytest.mark.timeout(1200)

SIMS, SALES = 40, 4
# Each change, and the state that it wants of an endpoint.
ROUNDS = [
    (Kind.ACTIVATE, "pre_active"),
    (Kind.ASSIGN, "active"),
    (Kind.SUSPEND, "active"),
    (Kind.RESUME, "suspended"),
    (Kind.SUSPEND, "active"),
    (Kind.TERMINATE, "suspended"),
    (Kind.TERMINATE, "active"),
]


class Portal:
    """What people do beside us, and what had been done to each endpoint until then."""

    def __init__(self, shop, chance):
        self.shop, self.chance = shop, chance
        self.swapped = {}

    def swap_some(self, iccids):
        """Put strangers on the endpoints of a few of these SIMs; returns those SIMs."""
        state = self.shop.simulator.state
        free = [one for one, sim in state.sims.items() if not sim.endpoint_id and one not in self.shop.iccids]
        some = self.chance.sample(iccids, min(len(iccids), len(free), self.chance.randint(1, 3)))
        for iccid, stranger in zip(some, free, strict=False):
            endpoint = state.swap(endpoint_of(self.shop, iccid), stranger).id
            self.swapped[iccid] = (endpoint, writes(self.shop, endpoint))
        return some

    def touched(self):
        """What was done to strangers' endpoints since they are theirs."""
        return {
            iccid: later[len(before) :]
            for iccid, (endpoint, before) in self.swapped.items()
            if len(later := writes(self.shop, endpoint)) > len(before)
        }


async def test_whoever_is_swapped_whenever_no_change_and_no_add_on_reaches_a_stranger(shop_of, chance):
    async with shop_of(SIMS, more=HASTY) as shop, bulk(shop, ACCOUNT, "sft") as work:
        portal = Portal(shop, chance)
        for kind, wanted in ROUNDS:
            work.desk.do("UPDATE endpoints SET seen_at = 0")
            fit = work.desk.see("SELECT iccid FROM endpoints WHERE state = :state ORDER BY id", state=wanted)
            ours = [row.iccid for row in fit if row.iccid not in portal.swapped]
            count = SIMS // 2 if kind is Kind.ACTIVATE else chance.randint(1, max(1, 2 * len(ours) // 3))
            chosen = chance.sample(ours, min(count, len(ours)))
            if not chosen:
                continue
            strangers = portal.swap_some(chosen)
            change = work.plan(kind, *chosen, group="eu" if kind is Kind.ASSIGN else "")
            await work.run(change, kind, look=chance.random() < 0.5)
            states = work.desk.see(
                "SELECT e.iccid, o.state FROM operations o JOIN endpoints e ON e.id = o.endpoint "
                "WHERE o.change_id = :change",
                change=change,
            )

            assert {row.iccid: row.state for row in states} == {
                iccid: "needs_human" if iccid in strangers else "confirmed" for iccid in chosen
            }, kind
        assert portal.touched() == {}
        for number in range(SALES):
            left = work.desk.see("SELECT iccid FROM endpoints WHERE state = 'pre_active' ORDER BY id LIMIT 1")
            swapped = left[0].iccid in portal.swapped or (
                chance.random() < 0.5 and bool(portal.swap_some([left[0].iccid]))
            )
            order = await selling.sold(shop.order(f"S-{number}"))

            assert order.state in ((OrderState.NEEDS_HUMAN, OrderState.DONE) if swapped else (OrderState.DONE,))
        # A sale sees the pair beside its activation, and buys nothing for a stranger.
        assert all(after == ["activate"] for after in portal.touched().values())
