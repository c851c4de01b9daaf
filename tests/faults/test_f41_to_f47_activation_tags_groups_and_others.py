"""F41 to F47: activation, tags and groups, answers from elsewhere, and others who work on the same account."""

import pytest

from domain.lifecycle import Kind
from domain.operation import State
from tests.support.scripted_server import ScriptedServer
from tests.support.virtual_time import now
from tests.support.virtual_world import in_virtual_time

CREATE, ACTIVATE, TAG, ADDON = "CreateEndPoint", "EndPointActivation", "createEndpointTag", "SubscribeAddon"


async def provisioned(world, *tags):
    """All SIMs have their endpoint."""
    faults = world.simulator.engine.faults.rules
    world.faults()
    world.batch("spring", *tags)
    await world.run()
    await world.until_nothing_is_left_to_happen(10)
    world.simulator.engine.set_faults(faults)


def addons(world):
    return sorted(len(endpoint.addons) for endpoint in world.simulator.state.endpoints.values())


@pytest.mark.parametrize(
    "rule",
    [{"fault": "error_after"}, {"fault": "hang_after"}, {"fault": "cut_body"}, {"fault": "late_commit", "late": 40}],
)
def test_f41_an_activation_whose_answer_is_lost_is_read_and_done_once(play, rule):
    async def scenario(world):
        await provisioned(world)
        world.activation()
        await world.run()

        assert world.states("activate") == {State.CONFIRMED: 3}
        assert world.requests(ACTIVATE) == world.commits("activate") == 3

    play(scenario, faults=[{"route": ACTIVATE, **rule}])


@in_virtual_time(faults=[{"fault": "outsider", "form": "activate", "route": ACTIVATE, "nth": 2}])
async def test_f41_active_already_without_an_attempt_of_ours_is_somebody_elses(world):
    await provisioned(world)
    world.activation()
    await world.run()

    assert world.states("activate") == {State.CONFIRMED: 2, State.NEEDS_HUMAN: 1}
    assert world.commits("activate") == 2


@in_virtual_time(faults=[{"fault": "outsider", "form": "suspend", "route": ACTIVATE, "nth": 2}])
async def test_f42_an_activation_that_the_platform_does_not_allow_is_refused(world):
    await provisioned(world)
    world.activation()
    await world.run()

    assert world.states("activate") == {State.CONFIRMED: 2, State.REFUSED: 1}
    assert world.commits("activate") == 2


@in_virtual_time()
async def test_f42_no_call_is_made_when_the_read_says_that_it_is_not_allowed(world):
    await provisioned(world)
    suspended = next(iter(world.simulator.state.endpoints.values()))
    world.simulator.state.change_status(suspended, "Suspended", kind="drift")
    await world.until_nothing_is_left_to_happen(10)
    world.activation()
    await world.run(look=Kind.ACTIVATE)

    assert world.states("activate") == {State.CONFIRMED: 2, State.REFUSED: 1}
    assert world.requests(ACTIVATE) == 2


@pytest.mark.parametrize("form", ["cut", "lower"])
def test_f43_a_tag_that_was_stored_otherwise_is_told(play, form):
    async def scenario(world):
        world.batch("Spring")
        world.faults({"fault": "odd_tag", "route": TAG, "form": form})
        await world.run()
        await world.until_nothing_is_left_to_happen(10)
        wrong = await world.read_back_tags()

        assert wrong == 3
        assert world.states("create") == {State.CONFIRMED: 3}
        assert world.states("tag") == {State.NEEDS_HUMAN: 3}

    play(scenario)


@in_virtual_time(rows=6)
async def test_f43_tags_that_reached_only_a_half_are_written_again_only_where_they_are_missing(world):
    """When a person says so: what was confirmed is never sent again without one."""
    world.batch("Spring")
    world.faults({"fault": "false_yes", "route": TAG, "nth": [1, 3, 5]})
    await world.run()
    await world.until_nothing_is_left_to_happen(10)

    assert await world.read_back_tags() == 3
    assert world.states("tag") == {State.CONFIRMED: 3, State.NEEDS_HUMAN: 3}
    for row in world.desk.see("SELECT id FROM operations WHERE state = 'needs_human'"):
        world.desk.decide(row.id, State.PLANNED)
    await world.run()
    assert world.requests(TAG) == 9
    assert world.commits("tag") == 6
    assert world.states("tag") == {State.CONFIRMED: 6}


@in_virtual_time(faults=[{"fault": "refused", "route": TAG, "nth": 2, "code": "2002"}])
async def test_f43_a_tag_beyond_the_platforms_limit_is_refused_and_the_endpoint_stays(world):
    world.batch("spring")
    await world.run()

    assert world.states("tag") + world.states("create") == {State.CONFIRMED: 5, State.REFUSED: 1}
    world.check_all_made()


@in_virtual_time(groups={"eu": {"addon_plan_id": "000000"}})
async def test_f44_a_group_that_is_not_there_leaves_the_endpoint_as_it_was(world):
    await provisioned(world)
    world.activation(group="eu")
    await world.run()

    assert world.states("assign") == {State.REFUSED: 3}
    assert world.states("activate") == {State.CONFIRMED: 3}
    assert addons(world) == [0, 0, 0]


@pytest.mark.parametrize(
    "rule", [{"fault": "error_after"}, {"fault": "hang_after"}, {"fault": "error_before", "nth": 1}]
)
def test_f44_an_endpoint_is_put_into_its_group_once_though_each_call_would_add_one_more(play, rule):
    async def scenario(world):
        await provisioned(world)
        world.activation(group="eu")
        await world.run()

        assert world.states("assign") == {State.CONFIRMED: 3}
        assert addons(world) == [1, 1, 1]

    play(scenario, faults=[{"route": ADDON, **rule}])


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_f45_a_redirect_is_not_followed(play, status):
    async def scenario(world):
        elsewhere = await ScriptedServer().start()
        world.batch()
        location = elsewhere.base_url
        world.faults({"fault": "redirect", "status": status, "location": location, "route": CREATE, "nth": 1})
        await world.run()
        await elsewhere.stop()

        world.check_all_made()
        assert elsewhere.requests == []

    play(scenario)


@pytest.mark.parametrize("form", ["ahead", "behind"])
def test_f46_a_clock_that_is_a_day_off_decides_nothing(play, form):
    async def scenario(world):
        world.batch()
        await world.run()

        world.check_all_made()
        assert now() < 60
        assert world.requests("login") == 1

    odd = {"fault": "odd_date", "form": form}
    play(scenario, faults=[{"fault": "error_after", "route": CREATE, "nth": 1}, odd])


@in_virtual_time(faults=[{"fault": "outsider", "form": "create", "route": CREATE, "nth": 2}])
async def test_f47_a_sim_that_somebody_else_takes_under_way_is_refused_and_not_taken_over(world):
    world.batch()
    await world.run()

    assert world.states() == {State.CONFIRMED: 2, State.REFUSED: 1}
    assert world.commits("create") == 3  # theirs among them
    world.check_nothing_twice()


@in_virtual_time(faults=[{"fault": "outsider", "form": "delete", "route": ACTIVATE, "nth": 2}])
async def test_f47_an_endpoint_that_somebody_else_deletes_under_way_is_refused_and_not_made_again(world):
    await provisioned(world)
    world.activation()
    await world.run()

    assert world.states("activate") == {State.CONFIRMED: 2, State.REFUSED: 1}
    assert world.requests(CREATE) == 3


@in_virtual_time()
async def test_f47_an_endpoint_that_is_gone_when_we_look_goes_to_a_person(world):
    """Its activation went out, the answer was lost, and meanwhile somebody else has deleted it."""
    await provisioned(world)
    world.activation()
    world.faults({"fault": "reset_before", "route": ACTIVATE, "iccids": world.iccids[1]})
    state = world.simulator.state
    gone = state.endpoints[world.mapping()[world.iccids[1]]]
    world.simulator.engine.deferred.after(0.5, lambda: state.delete(state.delink(gone)))
    await world.run()

    assert world.states("activate") == {State.CONFIRMED: 2, State.NEEDS_HUMAN: 1}
    assert world.state_of(world.iccids[1], "activate")[1].startswith("the platform shows no endpoint for this SIM")
    assert world.requests(CREATE) == 3
