"""Plans into groups of the platform: what a name stands for, and who needs an address that is not used already."""

import shutil

import pytest

from adapters import settings
from domain.errors import NoRoom, Stopped, UnusableGroup
from domain.lifecycle import Kind
from domain.ports import Scope
from domain.requests import Action, ActivateRequest, LifecycleRequest
from domain.selection import Selected
from flows.activate import activate
from flows.lifecycle import lifecycle
from tasks import resources
from tasks.planning import find_room, plan_change, plan_selection
from tests.support.desk import Desk
from tests.support.fleet_shop import FLEET, open_fleet_shop

NARROW = "10.9.0.0/29"  # six addresses


@pytest.fixture
def fleet_of(tmp_path, store_url, monkeypatch):
    """Opens accounts on each store in turn."""
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))
    monkeypatch.chdir(tmp_path)
    return lambda sims, **knobs: open_fleet_shop(tmp_path, store_url, sims=sims, **knobs)


@pytest.fixture
def fleet_here(tmp_path, quick_path, prepared_file, monkeypatch):
    """Opens accounts on an embedded store, where no statement of ours matters."""
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))
    monkeypatch.chdir(tmp_path)
    shutil.copy(prepared_file, quick_path / "store.db")
    return lambda sims: open_fleet_shop(tmp_path, f"sqlite:///{quick_path}/store.db", sims=sims)


def activation(group="fleet-main", **fields):
    return ActivateRequest(account=FLEET, tag="spring", group=group, **fields)


def move(group, **fields):
    return LifecycleRequest(action=Action.ASSIGN, account=FLEET, tag="spring", group=group, **fields)


async def apply(request):
    """Plan it as a run does, and send it once, without looking at what stays in doubt."""
    async with resources.session(FLEET) as session:
        await find_room(session, request.group, plan_selection(request))
        selected = await resources.select_endpoints(session, request)
        await session.executor().run(Scope(selected.change))
        return selected


async def test_the_same_activation_goes_on_though_lost_answers_filled_the_last_addresses(fleet_of):
    async with fleet_of(6) as fleet:
        fleet.subnet("fleet-main", NARROW)
        fleet.faults({"fault": "reset_after", "route": "assign", "nth": [2, 4, 5]})
        await apply(activation())
        again = await plan_change(activation())

        assert len(fleet.members()) == 6
        assert (again.selected.open, again.target.room) == (3, 0)
        assert again.selected.origins == {}


async def test_what_was_planned_and_not_sent_needs_its_address(fleet_of):
    async with fleet_of(8) as fleet:
        fleet.subnet("fleet-main", "10.9.0.0/28")
        async with resources.session(FLEET) as session:
            await resources.select_endpoints(session, activation())
        assert (await plan_change(activation())).selected.origins == {"": 8}
        fleet.group().subnet = "10.9.0.0/30"
        with pytest.raises(NoRoom, match=r"addresses for 2 more endpoints in 10\.9\.0\.0/30 and 8 would"):
            await plan_change(activation())


async def test_a_count_wants_no_more_addresses_than_it_names(fleet_of):
    async with fleet_of(8) as fleet:
        fleet.subnet("fleet-main", NARROW)
        with pytest.raises(NoRoom, match="and 7 would"):
            await plan_change(activation(count=7))

        assert (await plan_change(activation(count=6))).selected.origins == {"": 6}


async def test_endpoints_that_move_within_a_vslice_use_no_new_address(fleet_of):
    async with fleet_of(6) as fleet:
        await apply(activation())
        fleet.estate.vslices[fleet.group().vslice].subnets[:] = [NARROW]
        moved = await apply(move("fleet-second"))

        assert moved.new == 6
        assert fleet.members("fleet-second") == set(fleet.iccids)


async def test_endpoints_that_move_to_a_subnet_of_its_own_use_its_addresses(fleet_of):
    async with fleet_of(7) as fleet:
        await apply(activation())
        fleet.subnet("fleet-second", NARROW)
        with pytest.raises(NoRoom, match=r"addresses for 6 more endpoints in 10\.9\.0\.0/29 and 7 would"):
            await plan_change(move("fleet-second"))
        fleet.group().subnet = NARROW
        assert (await plan_change(move("fleet-second"))).selected.new == 7


async def test_who_is_in_the_vslice_already_is_told_by_the_names_that_the_store_keeps(fleet_of):
    async with fleet_of(6) as fleet:
        await apply(activation(group=fleet.group().id))
        fleet.estate.vslices[fleet.group().vslice].subnets[:] = [NARROW]
        fleet.group().moniker = "renamed-group"

        assert (await plan_change(move("fleet-second"))).selected.origins == {fleet.group("renamed-group").id: 6}


async def test_a_name_that_means_another_group_when_the_plan_is_applied_sends_nothing(fleet_of):
    async with fleet_of(3) as fleet:
        await plan_change(activation())
        fleet.swap()
        with pytest.raises(UnusableGroup, match="when it was first used"):
            await apply(activation())
        with pytest.raises(UnusableGroup, match="when it was first used"):
            await plan_change(activation())

        assert fleet.requests("assign") == 0


@pytest.mark.parametrize("moniker", ["renamed-group", "fleet-main"])
async def test_work_that_is_gone_on_with_goes_into_the_group_that_was_meant(fleet_here, moniker):
    async with fleet_here(3) as fleet:
        async with resources.session(FLEET) as session:
            await resources.find_group(session, "fleet-main")
            change = (await resources.select_endpoints(session, activation())).change
        meant = fleet.group().id
        fleet.group().moniker, fleet.group("fleet-second").moniker = "renamed-group", moniker
        async with resources.session(FLEET) as session:
            await resources.check_groups_of(session, change)
            await session.executor().run(Scope(change))

        assert {one.group for one in fleet.estate.endpoints.values()} == {meant}


async def test_work_whose_group_is_not_to_be_found_stays_planned(fleet_of, store_url):
    async with fleet_of(3) as fleet:
        async with resources.session(FLEET) as session:
            change = (await resources.select_endpoints(session, activation())).change
        fleet.group().moniker = "renamed-group"
        async with resources.session(FLEET) as session:
            with pytest.raises(Stopped, match=r"no group 'fleet-main'.*what is left stays planned, run the same"):
                await session.executor().run(Scope(change))
        desk = Desk(store_url)
        left = desk.operations("activate")
        desk.close()

        assert left == ["planned"] * 3
        assert fleet.requests("assign") == 0


async def test_who_names_a_secondary_is_told_how_many_have_its_apn_through_their_primary(fleet_here):
    async with fleet_here(5):
        await apply(activation(count=3))
        await apply(activation("fleet-second", count=2))
        told = "it is a secondary group of fleet-main.*assign to fleet-main\\. 3 of the 5 endpoints are in fleet-main"
        with pytest.raises(UnusableGroup, match=f"{told} already, 2 are not"):
            await plan_change(move("video-apn"))
        with pytest.raises(UnusableGroup, match=r"that no primary group is associated with.*to the primary\.$"):
            await plan_change(move("meter-apn"))
        await apply(move("fleet-main"))
        with pytest.raises(UnusableGroup, match="5 of the 5 endpoints are in fleet-main already, so nothing is left"):
            await plan_change(move("video-apn"))


async def test_a_group_that_the_settings_name_otherwise_is_one_group_for_plans_and_lists(fleet_here, tmp_path):
    async with fleet_here(8) as fleet:
        with (tmp_path / "preactive.toml").open("a") as file:
            file.write('[accounts.fleet.groups.eu]\nendpoint_group = "fleet-second"\n')
        settings.load.cache_clear()
        await apply(activation(group="eu", count=3))
        await apply(activation(count=3))
        for name in (fleet.group().id, "fleet-second"):
            plan = await plan_change(activation(group=name, count=4))
            listed = list(resources.endpoints({"group": name}))
            assert (plan.selected.already, plan.selected.new, len(listed)) == (3, 1, 3)


async def test_a_group_in_use_under_a_name_that_means_another_by_now_is_not_taken_for_it(fleet_here):
    async with fleet_here(4) as fleet:
        await apply(activation(count=2))
        meant = fleet.group().id
        fleet.group().moniker = "renamed-group"
        plan = await plan_change(activation(group="renamed-group", count=3))

        assert (plan.selected.already, plan.selected.new, plan.target.id) == (2, 1, meant)


async def test_a_change_without_a_group_of_the_platform_is_planned_without_asking_it(fleet_here):
    async with fleet_here(2) as fleet:
        await apply(activation())
        before = fleet.requests()
        plan = await plan_change(LifecycleRequest(action=Action.SUSPEND, account=FLEET, tag="spring"))

        assert fleet.requests() == before
        assert plan.sentence().startswith(
            "2 to suspend, 0 to go on with, 0 done before, 0 in another state; to write: 2 suspensions; about 5 calls"
        )


async def test_the_plan_names_the_group_and_its_addresses(fleet_here):
    async with fleet_here(2) as fleet:
        plan = await plan_change(activation())

        assert plan.sentence().endswith(
            f"group fleet-main ({fleet.group().id}): 0 endpoints, addresses for 65,788 more in 10.0.0.0/16, 10.1.0.0/24"
        )


@pytest.mark.parametrize(
    ("flow", "request_of"),
    [(activate, activation), (lifecycle, lambda: move("fleet-second"))],
    ids=["activate", "move"],
)
async def test_a_dry_run_in_prefect_shows_and_checks_the_group_as_the_terminal_does(fleet_here, flow, request_of):
    async with fleet_here(7) as fleet:
        if flow is lifecycle:
            await apply(activation())
        shown = await flow.fn(request_of())
        fleet.subnet(request_of().group, NARROW)
        held = await flow.fn(request_of())

        assert f"group {request_of().group} (" in shown.message
        assert shown.message.endswith("; nothing was changed")
        assert "and 7 would be put into it" in held.message


def test_a_selection_without_origins_wants_no_address():
    assert Selected(already=1, open=0, new=0, unusable=0, kind=Kind.ASSIGN).origins == {}
