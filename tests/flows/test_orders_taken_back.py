"""What a shop may take back over HTTP, judged by what truly happened on the platform."""

import asyncio
from dataclasses import replace

import pytest

from adapters.platforms.simulator.model import ACTIVE, SUSPENDED
from adapters.store import orders
from domain.order import OrderState
from flows.order_desk import OrderDesk
from tasks import resources, selling
from tests.flows.ordering import served, until
from tests.support.fleet_shop import FLEET, open_fleet_shop

SUSPENSION = "lifecycle"
HASTY = "deadline_seconds = 0.5\nsettle_seconds = 0.5"


def statuses(service):
    return {one.iccid: (one.status, len(one.addons)) for one in service.shop.simulator.state.endpoints.values()}


async def until_refunded(service, order="A-1"):
    async def refunded():
        answer = await service.refund(order)
        return answer if answer.status_code == 200 else None

    return (await until(refunded)).json()


# --- cancel ---


async def test_an_order_that_comes_after_its_cancel_is_not_sold(service_of):
    async with service_of(sims=1) as service:
        cancelled = await service.cancel()
        late = await service.sell()

        assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
        assert (late.status_code, late.json()["state"], late.json()["iccid"]) == (410, "cancelled", None)
        assert (await service.cancel()).json() == cancelled.json()
        assert service.shop.in_service() == {}


async def test_an_order_that_only_holds_its_sim_is_cancelled_and_the_sim_is_sold_to_another(service_of):
    async with service_of(sims=1) as service:
        full = replace(service.session.ledger.owner, max_in_flight=0, sales_places=0)
        knobs = {"hold": 900.0, "oldest": {}}
        held, _ = await service.session.store.awrite(orders.place, full, service.shop.order(), **knobs)
        answer = await service.cancel()

        assert held.iccid == service.shop.iccids[0]
        assert (answer.status_code, answer.json()["state"], answer.json()["iccid"]) == (200, "cancelled", None)
        assert (await service.sell()).status_code == 410
        assert (await service.sell("B-1")).json()["iccid"] == held.iccid
        assert service.shop.in_service() == {held.iccid: 1}


async def test_a_sold_order_is_not_cancelled_and_the_answer_names_the_refund(service_of):
    async with service_of(sims=1) as service:
        await service.sell()
        answer = await service.cancel()

        assert (answer.status_code, answer.json()["state"]) == (409, "done")
        assert answer.json()["message"] == (
            "Order A-1 cannot be cancelled, since something was or may have been done for it; "
            "nothing was changed, refund it instead."
        )
        assert (await service.sell()).status_code == 200


async def test_a_refunded_order_is_not_cancelled_any_more(service_of):
    async with service_of(sims=1) as service:
        await service.sell()
        await service.refund()
        answer = await service.cancel()

        assert (answer.status_code, answer.json()["state"]) == (409, "refunded")
        assert "was refunded, so it is not cancelled" in answer.json()["message"]


# --- refund ---


async def test_a_refund_suspends_the_endpoint_once_and_a_late_order_never_revives_it(service_of):
    async with service_of(sims=2) as service:
        sold = (await service.sell()).json()
        answers = await asyncio.gather(*(service.refund() for _ in range(20)))
        late = [await service.sell(), await service.sell(group="eu")]

        assert {(answer.status_code, answer.json()["state"]) for answer in answers} == {(200, "refunded")}
        assert {answer.status_code for answer in late} == {410}
        assert (await service.get("/orders/A-1")).json()["state"] == "refunded"
        assert service.shop.done[SUSPENSION] == service.shop.done["activate"] == 1
        assert statuses(service)[sold["iccid"]] == (SUSPENDED, 1)
        assert (await service.get("/orders/A-1/qr.png")).status_code == 404


@pytest.mark.parametrize(("setting", "events"), [("terminate", ["delink", "delete"]), ("nothing", [])])
async def test_what_a_refund_does_to_the_endpoint_is_a_setting(service_of, setting, events):
    async with service_of(sims=1, more=f'deadline_seconds = 5\nrefund_with = "{setting}"') as service:
        await service.sell()
        before = len(service.shop.simulator.ledger.entries)
        answer = await service.refund()

        assert (answer.status_code, answer.json()["state"]) == (200, "refunded")
        assert [entry.kind for entry in service.shop.simulator.ledger.entries[before:]] == events
        assert ("left in service" in answer.json()["message"]) is (setting == "nothing")


async def test_refunds_are_no_way_around_the_bound_of_terminations(service_of):
    more = 'deadline_seconds = 5\nrefund_with = "terminate"\nmax_terminate = 1'
    async with service_of(sims=2, more=more) as service:
        for order in ("A-1", "A-2"):
            await service.sell(order)
        answers = [(await service.refund(order)).json() for order in ("A-1", "A-2")]

        assert [answer["endpoint_state"] for answer in answers] == ["terminated", "suspended"]
        assert "refunds terminate at most 1 endpoints within a day (max_terminate)" in answers[1]["message"]
        assert service.shop.done["delete"] == 1


async def test_a_refund_of_an_order_that_nobody_placed_is_not_found(service_of):
    async with service_of(sims=1) as service:
        answer = await service.refund("A-9")

        assert (answer.status_code, list(answer.json())) == (404, ["message"])


async def test_a_refund_while_the_activation_has_no_answer_is_kept_and_carried_out_when_its_outcome_is_known(
    service_of,
):
    async with service_of(more=HASTY, answer_within=0.2) as service:
        service.shop.faults({"fault": "hang_after", "route": "EndPointActivation", "times": 1, "seconds": 3})
        assert (await service.sell()).status_code == 202
        wish = await service.refund()
        late = await service.sell()
        refunded = await until_refunded(service)

        assert (wish.status_code, wish.json()["state"], wish.headers["Retry-After"]) == (202, "refunding", "2")
        assert (late.status_code, late.json()["state"]) == (409, "refunding")
        assert refunded["state"] == "refunded"
        assert statuses(service)[service.shop.iccids[0]] == (SUSPENDED, 0)
        assert service.shop.done["subscribe_addon"] == 0
        assert service.shop.done[SUSPENSION] == 1


async def test_a_suspension_whose_answer_is_lost_is_looked_up_and_not_sent_twice(service_of):
    async with service_of(more=HASTY, answer_within=0.2) as service:
        await service.sell()
        service.shop.faults({"fault": "error_after", "route": "EndPointLifeCycleChange", "times": 1})
        refunded = await until_refunded(service)

        assert refunded["endpoint_state"] == "suspended"
        assert service.shop.done[SUSPENSION] == 1


async def test_a_refund_that_the_platform_refuses_stays_open_and_says_that_the_endpoint_is_in_service(service_of):
    async with service_of(sims=1) as service:
        await service.sell()
        service.shop.faults({"fault": "refused", "route": "EndPointLifeCycleChange", "times": 1})
        answer = await service.refund()

        assert (answer.status_code, answer.json()["state"]) == (202, "refunding")
        assert "so the endpoint is still in service" in answer.json()["message"]
        assert statuses(service)[service.shop.iccids[0]][0] == ACTIVE
        assert [row["order"] for row in resources.orders_to_decide("travel")] == ["A-1"]
        assert (await service.get("/health")).json()["unfinished"] == 1


async def test_two_desks_on_one_store_refund_once(service_of):
    async with service_of(sims=1) as service:
        await service.sell()
        desks = [service.desk, OrderDesk(service.session, answer_within=20, prefect=False)]
        found = await asyncio.gather(*(desk.refund("A-1") for desk in desks for _ in range(5)))

        assert {order.state for order in found} == {OrderState.REFUNDED}
        assert service.shop.done[SUSPENSION] == 1


async def test_a_sweep_carries_out_a_refund_that_nobody_was_left_to_carry_out(service_of):
    async with service_of(sims=1) as service:
        await service.sell()
        await service.session.orders().record_refund("A-1", by="the shop")
        assert resources.with_open_orders("travel") == ["travel"]
        swept = await selling.sweep_in(service.session, service.session.seller(), within=10)

        assert (swept.refunded, swept.refunding) == (1, 0)
        assert (await service.get("/orders/A-1")).json()["state"] == "refunded"
        assert service.shop.done[SUSPENSION] == 1


async def test_a_refund_on_a_platform_with_groups_suspends_too(store_here):
    async with served(open_fleet_shop(*store_here, sims=2), account=FLEET) as service:
        sold = (await service.sell(group="fleet-main")).json()
        before = len(service.shop.simulator.ledger.entries)
        answer = await service.refund()

        made = [(one.kind, one.iccid) for one in service.shop.simulator.ledger.entries[before:]]
        assert (answer.status_code, answer.json()["state"]) == (200, "refunded")
        assert made == [("suspend", sold["iccid"])]
        assert (await service.sell(group="fleet-main")).status_code == 410


# --- told as it is ---


async def test_an_order_is_told_as_its_endpoint_is_after_somebody_suspended_and_ended_it(service_of):
    async with service_of(sims=1) as service:
        first = (await service.sell()).json()
        answers = {}
        for state in ("suspended", "terminated"):
            await service.session.store.awrite(_set_state, state)
            answers[state] = [await service.sell(), await service.get("/orders/A-1")]
            assert (await service.get("/orders/A-1/qr.png")).status_code == 404

        assert [answer.status_code for answer in answers["suspended"]] == [409, 200]
        assert {answer.json()["state"] for answer in answers["suspended"]} == {"suspended"}
        assert [answer.status_code for answer in answers["terminated"]] == [410, 200]
        assert {answer.json()["state"] for answer in answers["terminated"]} == {"ended"}
        told = [answer.json() for some in answers.values() for answer in some]
        assert {one["iccid"] for one in told} == {first["iccid"]}
        assert all("active and in its group" not in one["message"] for one in told)
        assert service.shop.done["activate"] == 1


def _set_state(connection, state):
    from adapters.store.tables import endpoints

    connection.execute(endpoints.update().where(endpoints.c.state != "pre_active").values(state=state))
