"""A sale on the real store and the real simulator: one order, one SIM, one activation, one add-on, whatever happens."""

import asyncio

import pytest

from domain.errors import OrderDiffers, SettingsError, UnknownGroup, UsageError
from domain.order import OrderState, SellRequest
from domain.pacing import Lane
from tasks import resources, selling
from tests.support.shop import open_shop

HASTY = "deadline_seconds = 0.5\nsettle_seconds = 0.5"


@pytest.fixture
def shop_of(tmp_path, store_url, monkeypatch):
    """Opens shops on each store in turn."""
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))
    monkeypatch.chdir(tmp_path)
    return lambda sims, **knobs: open_shop(tmp_path, store_url, sims=sims, **knobs)


@pytest.mark.both
async def test_an_order_gets_one_endpoint_active_and_in_its_group(shop_of):
    async with shop_of(3) as shop:
        order = await selling.sold(shop.order())

        assert (order.state, order.iccid, order.endpoint_state) == (OrderState.DONE, shop.iccids[0], "active")
        assert shop.in_service() == {order.iccid: 1}
        assert shop.done["activate"] == 1


async def test_the_same_order_again_is_the_same_endpoint_and_no_call(shop_of):
    async with shop_of(3) as shop:
        first = await selling.sold(shop.order())
        before = len(shop.simulator.ledger.entries)
        again = await selling.sold(shop.order())

        assert (again.iccid, again.endpoint_id) == (first.iccid, first.endpoint_id)
        assert len(shop.simulator.ledger.entries) == before


async def test_turns_are_asked_for_while_an_order_is_written_unless_the_last_one_found_no_sim(shop_of):
    async with shop_of(1) as shop, resources.session("travel", Lane.SALES) as session:
        asked = []
        session.pacer.prepare = lambda: asked.append(order)
        seller = session.seller()
        for order in ("A-1", "A-1", "A-2", "A-3"):
            await seller.sell(shop.order(order), within=10)

        assert asked == ["A-1", "A-1", "A-2"]


async def test_what_cannot_be_sold_is_refused_before_anything_is_written(shop_of):
    async with shop_of(1) as shop:
        with pytest.raises(UnknownGroup, match="no group 'mars'"):
            await selling.sold(shop.order(group="mars"))
        with pytest.raises(SettingsError, match="The tag 'a b' is not usable"):
            await selling.sold(shop.order(tag="a b"))
        await selling.sold(shop.order())
        with pytest.raises(OrderDiffers, match=r"A-1 was placed before for tag 'spring' and group 'eu', and now asks"):
            await selling.sold(shop.order(group="us"))

        assert len(shop.in_service()) == 1


def test_where_the_group_activates_an_order_must_name_one(tmp_path, monkeypatch):
    settings = '[accounts.fleet]\nplatform = "stacuity"\nbase_url = "http://127.0.0.1:9"\ntoken = "t"\n'
    (tmp_path / "preactive.toml").write_text(settings)
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))

    with pytest.raises(UsageError, match="name the group"):
        selling.check(SellRequest(order="A-1", account="fleet"))
    with pytest.raises(SettingsError, match="1 to 50"):
        selling.check(SellRequest(order="A-1", account="fleet", group="eu", tag="x" * 51))


@pytest.mark.both
async def test_parallel_buyers_get_different_sims_or_a_clear_no(shop_of):
    async with shop_of(20) as shop, resources.session("travel", Lane.SALES) as session:
        seller = session.seller()
        orders = await asyncio.gather(*(seller.sell(shop.order(f"A-{n}"), within=30) for n in range(40)))

        states = [order.state for order in orders]
        assert (states.count(OrderState.DONE), states.count(OrderState.NO_STOCK)) == (20, 20)
        assert shop.in_service() == dict.fromkeys(shop.iccids, 1)


@pytest.mark.parametrize("route", ["EndPointActivation", "SubscribeAddon"])
@pytest.mark.parametrize("fault", ["error_after", "error_before"])
async def test_a_lost_answer_is_looked_up_and_nothing_is_done_twice(shop_of, route, fault):
    async with shop_of(3, more=HASTY) as shop:
        other = await selling.sold(shop.order("A-0"))  # an account that was seen to show an add-on
        shop.faults({"fault": fault, "route": route, "times": 1})
        order = await selling.sold(shop.order())

        assert order.state is OrderState.DONE
        assert shop.in_service() == {other.iccid: 1, order.iccid: 1}
        assert shop.done["activate"] == 2


@pytest.mark.both
async def test_a_sweep_finishes_what_a_crash_left(shop_of):
    async with shop_of(3, more=HASTY) as shop:
        async with resources.session("travel", Lane.SALES) as session:
            order, step = await session.orders().place(shop.order())
            assert step.work
            answer = await session.platform.perform(step.work[0])
            assert answer.verdict == "done"  # the process dies before it can write that down
        swept = await selling.sweep("travel")
        again = await selling.sold(shop.order())

        assert swept.done == 1
        assert (again.state, again.iccid) == (OrderState.DONE, order.iccid)
        assert shop.in_service() == {order.iccid: 1}
        assert shop.done["activate"] == 1


async def test_a_sim_that_the_platform_will_not_activate_is_replaced(shop_of):
    async with shop_of(3) as shop:
        shop.faults({"fault": "refused", "route": "EndPointActivation", "times": 1})
        order = await selling.sold(shop.order())

        assert (order.state, order.iccid) == (OrderState.DONE, shop.iccids[1])
        assert shop.in_service() == {shop.iccids[1]: 1}


async def test_an_order_that_waits_for_a_refused_add_on_is_listed_once_by_its_operation(shop_of):
    async with shop_of(1) as shop:
        shop.faults({"fault": "refused", "route": "SubscribeAddon", "times": 1})
        order = await selling.sold(shop.order())

        assert order.state is OrderState.NEEDS_HUMAN
        assert [row["order"] for row in resources.unsettled("travel")] == ["A-1"]
        assert resources.orders_to_decide("travel") == []


async def test_a_gateway_that_forbids_spoils_no_sim(shop_of):
    async with shop_of(3) as shop:
        shop.faults({"fault": "forbidden", "route": "EndPointActivation", "times": 1})
        order = await selling.sold(shop.order())

        assert (order.state, order.iccid) == (OrderState.DONE, shop.iccids[0])
        assert shop.in_service() == {shop.iccids[0]: 1}
        assert shop.done["activate"] == 1


async def test_what_a_platform_refuses_three_times_takes_no_sim_out_of_reach(shop_of):
    async with shop_of(3) as shop:
        shop.faults({"fault": "refused", "route": "EndPointActivation", "times": 3})
        refused = await selling.sold(shop.order())
        assert (refused.state, refused.iccid) == (OrderState.NEEDS_HUMAN, None)
        (row,) = resources.orders("travel", "needs_human")
        assert row["text"].startswith("the platform would not activate 3 SIMs in a row")
        assert [row["order"] for row in resources.orders_to_decide("travel")] == ["A-1"]

        resources.release_order("travel", "A-1", apply=True)
        orders = [await selling.sold(shop.order(name)) for name in ("A-1", "A-2", "A-3")]
        assert {order.state for order in orders} == {OrderState.DONE}
        assert shop.in_service() == dict.fromkeys(shop.iccids, 1)
