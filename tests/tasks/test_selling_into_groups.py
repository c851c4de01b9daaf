"""Sales where groups are objects of the platform: the group is found first, and no SIM pays for its troubles."""

import asyncio
import shutil

import pytest

from adapters.platforms.simulator.stacuity import rules
from adapters.platforms.simulator.stacuity.model import TERMINATED
from adapters.store import pins
from domain.errors import UnknownGroup, UnusableGroup
from domain.order import OrderState
from domain.outcome import Answer, Because, Verdict
from domain.pacing import Lane
from domain.ports import Result, Scope
from tasks import resources, selling
from tests.support.fleet_shop import FLEET, open_fleet_shop, states

LAST_TWO = "10.9.0.0/30"


@pytest.fixture
def shop_of(tmp_path, store_url, monkeypatch):
    """Opens shops on each store in turn."""
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))
    monkeypatch.chdir(tmp_path)
    return lambda sims, **knobs: open_fleet_shop(tmp_path, store_url, sims=sims, **knobs)


@pytest.fixture
def shop_here(tmp_path, quick_path, prepared_file, monkeypatch):
    """Opens shops on an embedded store, where no statement of ours matters."""
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))
    monkeypatch.chdir(tmp_path)
    shutil.copy(prepared_file, quick_path / "store.db")
    return lambda sims: open_fleet_shop(tmp_path, f"sqlite:///{quick_path}/store.db", sims=sims)


async def sell_all(shop, names, **fields):
    """One session, many buyers at once."""
    async with resources.session(FLEET, Lane.SALES) as session:
        seller = session.seller()
        return await asyncio.gather(*(seller.sell(shop.order(name, **fields), within=10) for name in names))


@pytest.mark.parametrize("group", ["typo-group", "meter-apn", "no-routing"])
async def test_an_order_for_a_group_that_takes_no_endpoints_is_a_wrong_request_and_touches_no_sim(shop_of, group):
    async with shop_of(4) as shop:
        for number in range(4):
            with pytest.raises((UnknownGroup, UnusableGroup), match=group):
                await selling.sold(shop.order(f"A-{number}", group=group))
        sold = [await selling.sold(shop.order(f"B-{number}")) for number in range(4)]

        assert states(sold) == ["done"] * 4
        assert shop.members() == set(shop.iccids)
        assert shop.requests("assign") == 4


async def test_a_sale_costs_a_look_and_a_call_once_its_group_is_known(shop_here):
    async with shop_here(6) as shop:
        await sell_all(shop, ["A"])
        async with resources.session(FLEET, Lane.SALES) as session:
            seller = session.seller()
            await seller.sell(shop.order("B"), within=10)
            before = shop.requests()
            for name in "CDE":
                await seller.sell(shop.order(name), within=10)

        assert shop.requests() - before == 6


async def test_a_group_that_is_gone_in_the_middle_stops_sales_and_spoils_no_sim(shop_here):
    async with shop_here(4) as shop, resources.session(FLEET, Lane.SALES) as session:
        seller = session.seller()
        await seller.sell(shop.order("A"), within=10)
        shop.group().routing_policy = None
        stopped = await asyncio.gather(seller.sell(shop.order("B"), within=10), return_exceptions=True)
        kept = await session.orders().find("B")
        shop.group().routing_policy = next(iter(shop.estate.routing_policies))
        sold = [await seller.sell(shop.order(name), within=10) for name in "BCD"]

        assert "no routing policy" in str(stopped[0])
        assert (kept.state, kept.spoilt) == (OrderState.IN_PROGRESS, False)
        assert states(sold) == ["done"] * 3
        assert sold[0].iccid == kept.iccid


async def test_an_order_that_is_done_is_answered_as_before_whatever_became_of_its_group(shop_of):
    async with shop_of(2) as shop:
        first = await selling.sold(shop.order())
        shop.group().moniker = "renamed-group"
        again = await selling.sold(shop.order())
        with pytest.raises(UnusableGroup, match="somebody renamed or replaced it"):
            await selling.sold(shop.order("A-2"))

        assert (again.state, again.iccid) == (OrderState.DONE, first.iccid)
        assert shop.requests("assign") == 1


# --- one name, one id ---


async def test_the_first_sale_keeps_what_the_name_stands_for_and_a_later_one_goes_nowhere_else(shop_of):
    async with shop_of(3) as shop:
        first_id = shop.group().id
        await selling.sold(shop.order("A"))
        store = resources.open_store()
        kept = store.write(pins.all_pinned, FLEET)
        store.close()
        shop.swap()
        with pytest.raises(UnusableGroup, match=f"was {first_id} when it was first used, and is .* now"):
            await selling.sold(shop.order("B"))
        by_id = await selling.sold(shop.order("B", group=first_id))

        assert kept == {"fleet-main": first_id}
        assert by_id.state is OrderState.DONE
        assert shop.members("fleet-second") == set(shop.iccids[:2]), "the group that was meant goes by this name now"
        assert shop.members("fleet-main") == set()


async def test_a_sweep_goes_on_in_the_group_that_was_meant_whatever_it_is_called_by_now(shop_of):
    async with shop_of(2) as shop:
        async with resources.session(FLEET, Lane.SALES) as session:
            await resources.find_group(session, "fleet-main")
            order, step = await session.orders().place(shop.order())
            unsent = [Result(work, Answer(Verdict.NOT_DONE, Because.STOPPED)) for work in step.work]
            await session.ledger.step(Scope(order.change), unsent, 0)
        shop.swap()
        swept = await selling.sweep(FLEET)

        assert swept.done == 1
        assert shop.members("fleet-second") == {order.iccid}


async def test_a_sweep_sends_nothing_for_an_order_whose_group_takes_no_endpoints(shop_here):
    async with shop_here(2) as shop:
        async with resources.session(FLEET, Lane.SALES) as session:
            order, step = await session.orders().place(shop.order(group="no-routing"))
            unsent = [Result(work, Answer(Verdict.NOT_DONE, Because.STOPPED)) for work in step.work]
            await session.ledger.step(Scope(order.change), unsent, 0)
        with pytest.raises(UnusableGroup, match="no routing policy"):
            await selling.sweep(FLEET)
        async with resources.session(FLEET, Lane.SALES) as session:
            left = await session.orders().find("A-1")

        assert (left.state, left.spoilt) == (OrderState.IN_PROGRESS, False)
        assert shop.requests("assign") == 0


# --- addresses ---


async def test_a_group_with_two_addresses_takes_two_sales_and_the_others_keep_their_sims(shop_of):
    async with shop_of(5) as shop:
        shop.subnet("fleet-main", LAST_TWO)
        orders = [await selling.sold(shop.order(f"A-{number}")) for number in range(4)]
        elsewhere = await selling.sold(shop.order("B", group="fleet-second"))
        shop.subnet("fleet-main", "10.10.0.0/24")
        later = await selling.sold(shop.order("A-3"))

        assert states(orders) == ["done", "done", "no_stock", "no_stock"]
        assert "addresses for 0 more endpoints in 10.9.0.0/30" in orders[2].text
        assert orders[2].iccid is None
        assert (elsewhere.state, later.state) == (OrderState.DONE, OrderState.DONE)


async def test_many_buyers_at_once_get_the_last_addresses_and_no_more(shop_of):
    async with shop_of(12, latency_write=0.02) as shop:
        shop.subnet("fleet-main", "10.9.0.0/29")
        orders = await sell_all(shop, [f"A-{number}" for number in range(12)])

        assert (states(orders).count("done"), states(orders).count("no_stock")) == (6, 6)
        assert len(shop.members()) == 6


async def test_an_address_that_gets_free_is_sold(shop_here):
    async with shop_here(4) as shop, resources.session(FLEET, Lane.SALES) as session:
        shop.subnet("fleet-main", LAST_TWO)
        seller = session.seller()
        sold = [await seller.sell(shop.order(name), within=10) for name in "AB"]
        rules.change_status(shop.estate, shop.estate.with_iccid(sold[0].iccid), TERMINATED)
        again = await seller.sell(shop.order("C"), within=10)

        assert again.state is OrderState.DONE
