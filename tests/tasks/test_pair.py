"""The SIM named is the SIM changed: people work in the portal too, and the platform's own ledger is the judge."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from prefect.logging import disable_run_logger

from adapters.platforms.simulator.model import ACTIVE, SUSPENDED
from adapters.platforms.simulator.stacuity import rules
from adapters.store import selection
from domain.errors import Stopped
from domain.lifecycle import Kind
from domain.operation import State
from domain.order import OrderState
from domain.outcome import Because
from domain.pacing import Lane
from domain.ports import Result, Scope
from domain.requests import ActivateRequest
from tasks import resources, selling
from tasks.carry_out import carry_out_chunk, settle_rest
from tasks.select import select_endpoints, select_instead
from tasks.survey import look_again, look_before, look_before_rest
from tests.flows.ordering import until
from tests.support.desk import ACCOUNT, Desk
from tests.support.fleet_shop import FLEET, open_fleet_shop
from tests.support.shop import open_shop

HASTY = "deadline_seconds = 2\nsettle_seconds = 0.5"
ADDON = "654321"
STRANGER = "8944500102198304826"
IN_PORTAL = ("drift", "link", "delink", "swap")
CHANGES = [Kind.ACTIVATE, Kind.ASSIGN, Kind.SUSPEND, Kind.RESUME, Kind.TERMINATE]
NEEDED = {Kind.ASSIGN: ACTIVE, Kind.SUSPEND: ACTIVE, Kind.RESUME: SUSPENDED, Kind.TERMINATE: ACTIVE}


class Bulk:
    """Bulk changes of one account, as the flows make them."""

    def __init__(self, account: str, store_url: str, platform: str) -> None:
        self.account, self.platform = account, platform
        self.desk = Desk(store_url)

    def plan(self, kind: Kind, *iccids: str, group: str = "") -> int:
        wanted = selection.Request(self.account, iccids=iccids, kind=kind, group=group, platform=self.platform)
        return self.desk.store.write(selection.select_endpoints, wanted).change

    async def run(self, change: int, kind: Kind, *, look: bool = True) -> None:
        async with resources.session(self.account):
            if look:
                await look_before.__wrapped__(self.account, change, kind.value)
            await carry_out_chunk.__wrapped__(self.account, change, 1, 100, "go")
            await settle_rest.__wrapped__(self.account, change, "it")

    def states(self, kind: Kind) -> list[str]:
        return self.desk.operations(kind.value)


@asynccontextmanager
async def bulk(shop, account: str, platform: str) -> AsyncIterator[Bulk]:
    made = Bulk(account, shop.store_url, platform)
    try:
        yield made
    finally:
        made.desk.close()


@pytest.fixture
def shop_of(tmp_path, store_url, monkeypatch):
    """Opens shops on each store in turn."""
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))
    monkeypatch.chdir(tmp_path)
    return lambda sims, **knobs: open_shop(tmp_path, store_url, sims=sims, **knobs)


@pytest.fixture
def fleet_of(tmp_path, store_url, monkeypatch):
    """Opens shops on a Stacuity account, on each store in turn."""
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))
    monkeypatch.chdir(tmp_path)
    return lambda sims, **knobs: open_fleet_shop(tmp_path, store_url, sims=sims, **knobs)


def endpoint_of(shop, iccid):
    state = shop.simulator.state
    return state.endpoints[state.sims[iccid].endpoint_id]


def swap(shop, iccid):
    """In the portal the SIM's endpoint gets another SIM; returns the endpoint's id."""
    stranger = list(shop.simulator.state.sims)[-1]
    return shop.simulator.state.swap(endpoint_of(shop, iccid), stranger).id


def writes(shop, endpoint_id):
    """What was done to an endpoint, but for what people did in the portal and for its making."""
    entries = shop.simulator.ledger.entries
    return [e.kind for e in entries if e.endpoint_id == endpoint_id and e.kind not in (*IN_PORTAL, "create", "tag")]


def taken(shop):
    """The operations that found their endpoints taken."""
    rows = resources.unsettled(ACCOUNT)
    return [(row["iccid"], row["text"]) for row in rows if "not by us" in row["text"]]


# --- bulk changes ---


@pytest.mark.both
@pytest.mark.parametrize("look", [True, False], ids=["after a look", "by a process that skipped the look"])
@pytest.mark.parametrize("kind", CHANGES)
async def test_a_swapped_sim_ends_with_a_person_and_the_others_are_changed(shop_of, kind, look):
    async with shop_of(3, more=HASTY) as shop, bulk(shop, ACCOUNT, "sft") as work:
        state = shop.simulator.state
        for iccid in shop.iccids:
            if kind in NEEDED:
                state.change_status(endpoint_of(shop, iccid), NEEDED[kind], kind="drift")
        known = {ACTIVE: "active", SUSPENDED: "suspended"}.get(NEEDED.get(kind, ""), "pre_active")
        work.desk.do("UPDATE endpoints SET state = :known, seen_at = 0", known=known)
        strangers = swap(shop, shop.iccids[1])
        before = writes(shop, strangers)
        change = work.plan(kind, *shop.iccids, group="eu" if kind is Kind.ASSIGN else "")
        await work.run(change, kind, look=look)

        assert writes(shop, strangers) == before
        assert work.states(kind) == ["confirmed", "needs_human", "confirmed"]
        (row,) = resources.unsettled(ACCOUNT)
        assert strangers in row["text"]


async def test_a_termination_that_was_not_begun_takes_no_sim_away(shop_of):
    """Hostile: SIM free, endpoint there. It looks like half an ending of ours, and is somebody else's endpoint."""
    async with shop_of(1, more=HASTY) as shop, bulk(shop, ACCOUNT, "sft") as work:
        strangers = swap(shop, shop.iccids[0])
        change = work.plan(Kind.TERMINATE, shop.iccids[0])
        await work.run(change, Kind.TERMINATE)

        assert strangers in shop.simulator.state.endpoints
        assert writes(shop, strangers) == []
        assert work.states(Kind.TERMINATE) == ["needs_human"]


async def test_a_termination_of_ours_that_stopped_half_way_deletes_alone(shop_of):
    async with shop_of(1, more=HASTY) as shop, bulk(shop, ACCOUNT, "sft") as work:
        ours = endpoint_of(shop, shop.iccids[0]).id
        shop.faults({"fault": "error_before", "route": "DeleteEndPoint", "times": 1})
        change = work.plan(Kind.TERMINATE, shop.iccids[0])
        await work.run(change, Kind.TERMINATE)

        assert work.states(Kind.TERMINATE) == ["confirmed"]
        assert [e.kind for e in shop.simulator.ledger.entries if e.endpoint_id == ours][-2:] == ["delink", "delete"]
        assert shop.done["delink"] == 1


async def test_a_termination_of_ours_that_stopped_half_way_spares_the_endpoint_that_got_another_sim(shop_of):
    async with shop_of(1, more=HASTY) as shop, bulk(shop, ACCOUNT, "sft") as work:
        ours = endpoint_of(shop, shop.iccids[0])
        shop.faults({"fault": "refused", "route": "DeleteEndPoint", "times": 1})
        change = work.plan(Kind.TERMINATE, shop.iccids[0])
        await work.run(change, Kind.TERMINATE)
        state = shop.simulator.state
        state.link(state.endpoints[ours.id], list(state.sims)[-1])
        (row,) = resources.unsettled(ACCOUNT)
        resources.decide_by_person(row["id"], State.PLANNED, endpoint_id=None, reason="again")
        await work.run(change, Kind.TERMINATE)

        assert ours.id in state.endpoints
        assert work.states(Kind.TERMINATE) == ["needs_human"]


async def test_a_look_that_shows_nothing_at_all_sends_nothing_and_hands_nothing_to_a_person(shop_of):
    async with shop_of(2, more=HASTY) as shop, bulk(shop, ACCOUNT, "sft") as work:
        change = work.plan(Kind.ACTIVATE, *shop.iccids)
        shop.faults({"fault": "error_before", "route": "fetchSIM", "times": 100})
        with pytest.raises(Stopped, match="showed none of the 2 SIMs"):
            await work.run(change, Kind.ACTIVATE)

        assert work.states(Kind.ACTIVATE) == ["planned", "planned"]
        assert shop.done["activate"] == 0


async def test_what_was_seen_once_is_looked_at_again_by_page_when_that_was_long_ago(shop_of):
    async with shop_of(3, more=HASTY) as shop, bulk(shop, ACCOUNT, "sft") as work:
        change = work.plan(Kind.ACTIVATE, *shop.iccids)
        async with resources.session(ACCOUNT) as session:
            await look_before.__wrapped__(ACCOUNT, change, "activate")
            quiet = await session.unseen(change)
            work.desk.later(1801)
            long_ago = await session.unseen(change)
            strangers = swap(shop, shop.iccids[0])
            settled = await look_again(session, change, first=1, last=100)
            left = await session.unseen(change)

        assert (len(quiet), len(long_ago), settled, len(left)) == (0, 3, 0, 1)
        assert writes(shop, strangers) == []


async def test_going_on_looks_at_tags_and_groups_too(shop_of):
    async with shop_of(2, more=HASTY) as shop, bulk(shop, ACCOUNT, "sft") as work:
        for iccid in shop.iccids:
            shop.simulator.state.change_status(endpoint_of(shop, iccid), ACTIVE, kind="drift")
        work.desk.do("UPDATE endpoints SET state = 'active', seen_at = 0")
        change = work.plan(Kind.ASSIGN, *shop.iccids, group="eu")
        async with resources.session(ACCOUNT) as session:
            await look_before_rest.__wrapped__(ACCOUNT, change)
            unseen = await session.unseen(change)

        assert unseen == []


# --- sales ---


async def test_a_sale_of_a_swapped_sim_buys_nothing_and_ends_with_a_person(shop_of):
    async with shop_of(3, more=HASTY) as shop:
        strangers = swap(shop, shop.iccids[0])
        order = await selling.sold(shop.order())

        assert order.state is OrderState.NEEDS_HUMAN
        assert strangers in order.text
        assert writes(shop, strangers) == ["activate"]
        assert [row["order"] for row in resources.unsettled(ACCOUNT)] == ["A-1"]


@pytest.mark.both
async def test_a_sale_of_a_sim_that_has_another_endpoint_ends_with_a_person_who_is_told_both(shop_of):
    async with shop_of(2, more=HASTY) as shop:
        strangers = swap(shop, shop.iccids[0])
        fields = {"roaming_profile_id": "1234", "apn_group_id": "PDP_1", "plan_id": "123456"}
        new = shop.simulator.state.create_endpoint(name="new", status="Pre-Active", iccid=shop.iccids[0], **fields)
        order = await selling.sold(shop.order())

        assert order.state is OrderState.NEEDS_HUMAN
        assert new.id in order.text
        assert strangers in order.text
        assert shop.done["subscribe_addon"] == 0


async def test_an_add_on_is_not_bought_for_a_sim_that_was_swapped_after_a_crash(shop_of):
    async with shop_of(2, more=HASTY) as shop:
        async with resources.session(ACCOUNT, Lane.SALES) as session:
            order, step = await session.orders().place(shop.order())
            answer = await session.platform.perform(step.work[0])
            await session.ledger.step(Scope(order.change), [Result(step.work[0], answer)], 0)
        strangers = swap(shop, shop.iccids[0])
        await selling.sweep(ACCOUNT)
        (found,) = resources.orders(ACCOUNT, None)

        assert found["state"] == "needs_human"
        assert writes(shop, strangers) == ["activate"]
        assert shop.done["subscribe_addon"] == 0


@pytest.mark.both
async def test_a_sim_that_is_in_service_for_somebody_is_not_sold_and_the_next_one_is(shop_of):
    async with shop_of(3) as shop:
        state = shop.simulator.state
        state.subscribe_addon(state.change_status(endpoint_of(shop, shop.iccids[0]), ACTIVE, kind="drift"), ADDON)
        told = []
        order = await selling.sold(shop.order(), told.append)
        again = await selling.sold(shop.order("A-2"), told.append)

        assert (order.state, order.iccid) == (OrderState.DONE, shop.iccids[1])
        assert (again.state, again.iccid) == (OrderState.DONE, shop.iccids[2])
        assert writes(shop, endpoint_of(shop, shop.iccids[0]).id) == ["subscribe_addon"]
        assert [iccid for iccid, _ in taken(shop)] == [shop.iccids[0]]
        (words,) = told
        assert words.startswith("Order A-1: endpoint ")


async def test_an_activation_that_was_turned_away_before_somebody_else_made_it_is_not_ours(shop_of):
    async with shop_of(2) as shop, bulk(shop, ACCOUNT, "sft") as work:
        shop.faults({"fault": "throttle", "route": "EndPointActivation", "times": 1})
        change = work.plan(Kind.ACTIVATE, shop.iccids[0])
        async with resources.session(ACCOUNT) as session:
            step = await session.ledger.step(Scope(change), [], 1)
            answer = await session.platform.perform(step.work[0])
            await session.ledger.step(Scope(change), [Result(step.work[0], answer)], 0)
        shop.simulator.state.change_status(endpoint_of(shop, shop.iccids[0]), ACTIVE, kind="drift")
        await work.run(change, Kind.ACTIVATE, look=False)

        assert answer.because is Because.THROTTLED
        assert work.states(Kind.ACTIVATE) == ["needs_human"]


async def test_a_pair_that_is_shown_late_is_waited_for_and_then_changed(shop_of):
    async with shop_of(1, more="deadline_seconds = 2\nsettle_seconds = 10") as shop, bulk(shop, ACCOUNT, "sft") as work:
        state, iccid = shop.simulator.state, shop.iccids[0]
        endpoint = state.delink(endpoint_of(shop, iccid))
        work.desk.do("UPDATE endpoints SET seen_at = 0")
        change = work.plan(Kind.ACTIVATE, iccid)
        running = asyncio.create_task(work.run(change, Kind.ACTIVATE))

        async def missed():
            return work.desk.see("SELECT id FROM attempts WHERE verdict = 'unseen'")

        await until(missed)
        state.link(endpoint, iccid)
        await running

        assert work.states(Kind.ACTIVATE) == ["confirmed"]


async def test_an_add_on_that_somebody_bought_before_is_not_sold_as_ours(shop_of):
    async with shop_of(2) as shop:
        shop.simulator.state.subscribe_addon(endpoint_of(shop, shop.iccids[0]), ADDON)
        order = await selling.sold(shop.order())

        assert order.state is OrderState.NEEDS_HUMAN
        assert "before this order asked for it" in order.text
        assert shop.done["subscribe_addon"] == 1


async def test_an_activation_whose_answer_was_lost_is_ours(shop_of):
    async with shop_of(2, more=HASTY) as shop:
        shop.faults({"fault": "error_after", "route": "EndPointActivation", "times": 1})
        order = await selling.sold(shop.order())

        assert (order.state, order.iccid) == (OrderState.DONE, shop.iccids[0])


async def test_a_taken_sim_is_known_as_active_and_stays_so_in_a_store_made_again(shop_of):
    async with shop_of(2) as shop, bulk(shop, ACCOUNT, "sft") as work:
        shop.simulator.state.change_status(endpoint_of(shop, shop.iccids[0]), ACTIVE, kind="drift")
        await selling.sold(shop.order())

        states = [row.state for row in work.desk.see("SELECT state FROM endpoints ORDER BY id")]
        assert states == ["active", "active"]


# --- a total ---


@asynccontextmanager
async def _quiet() -> AsyncIterator[None]:
    with disable_run_logger():
        yield


@pytest.mark.parametrize("look", [True, False], ids=["seen before", "answered"])
async def test_what_somebody_else_activated_does_not_count_and_another_is_taken(shop_of, look):
    async with shop_of(4, more=HASTY) as shop, bulk(shop, ACCOUNT, "sft") as work:
        request = ActivateRequest(account=ACCOUNT, tag="spring", group="eu", count=2)
        async with resources.session(ACCOUNT) as session, _quiet():
            selected = await select_endpoints.__wrapped__(request)
            if not look:
                await look_before.__wrapped__(ACCOUNT, selected.change, "activate")
            shop.simulator.state.change_status(endpoint_of(shop, shop.iccids[0]), ACTIVE, kind="drift")
            more = []
            for _ in range(3):
                await look_before.__wrapped__(ACCOUNT, selected.change, "activate") if look else None
                await carry_out_chunk.__wrapped__(ACCOUNT, selected.change, 1, 100, "go")
                more.append(await select_instead.__wrapped__(request))
            assert session.stop.is_set() is False

        assert more == [1, 0, 0]
        assert shop.in_service() == {shop.iccids[0]: 0, shop.iccids[1]: 1, shop.iccids[2]: 1}
        assert [iccid for iccid, _ in taken(shop)] == [shop.iccids[0]]
        assert "1 active already, not by us" in work.desk.preview(tag="spring", group="eu", count=2).sentence()


# --- Stacuity ---


async def test_on_stacuity_too_nothing_is_sent_for_a_swapped_sim(fleet_of):
    async with fleet_of(3) as shop, bulk(shop, FLEET, "stacuity") as work:
        endpoint = shop.estate.with_iccid(shop.iccids[1])
        shop.estate.swap(endpoint, STRANGER)
        work.desk.do("UPDATE endpoints SET seen_at = 0")
        change = work.plan(Kind.ACTIVATE, *shop.iccids, group="fleet-main")
        await work.run(change, Kind.ACTIVATE)
        ending = work.plan(Kind.TERMINATE, *shop.iccids)
        await work.run(ending, Kind.TERMINATE)

        assert shop.members() == set()
        assert (endpoint.status, endpoint.group) == (30, None)
        assert work.states(Kind.ACTIVATE) == ["confirmed", "needs_human", "confirmed"]


async def test_on_stacuity_a_sale_takes_no_sim_that_somebody_put_into_the_group(fleet_of):
    async with fleet_of(3) as shop:
        rules.assign(shop.estate, shop.estate.with_iccid(shop.iccids[0]), shop.group())
        shop.estate.swap(shop.estate.with_iccid(shop.iccids[1]), STRANGER)
        sold = [await selling.sold(shop.order(f"A-{number}")) for number in range(2)]

        assert (sold[0].state, sold[0].iccid) == (OrderState.NEEDS_HUMAN, shop.iccids[1])
        assert (sold[1].state, sold[1].iccid) == (OrderState.DONE, shop.iccids[2])
        assert shop.requests("assign") == 1
