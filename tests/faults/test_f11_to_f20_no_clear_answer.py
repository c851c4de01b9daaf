"""F11 to F20: a create whose answer is lost. Whatever is true, there is one endpoint in the end, and it is known."""

import pytest

from domain.operation import State
from tests.support.virtual_time import now
from tests.support.virtual_world import SETTINGS, in_virtual_time

CREATE = "CreateEndPoint"
GIVES_UP = SETTINGS["deadline_seconds"]
# From when absence counts: as long as its deadline a call may wait to start, then its deadline, then the settle time.
SPACING = SETTINGS["settle_seconds"] / 5
SAFE_AFTER = 2 * GIVES_UP + SETTINGS["settle_seconds"]

LOST_BEFORE = {
    "f11 500 before the commit": {"fault": "error_before"},
    "f15 hang, never done": {"fault": "hang_before"},
    "f16 reset before": {"fault": "reset_before"},
    "f20 idle connection closed": {"fault": "reset_before", "form": "fin"},
}
LOST_AFTER = {
    "f12 500 after the commit": {"fault": "error_after"},
    "f13 hang after the commit": {"fault": "hang_after"},
    "f16 reset after the commit": {"fault": "reset_after"},
    "f17 short of its length": {"fault": "cut_body"},
    "f18 cut without a length": {"fault": "cut_body", "form": "close"},
    "f19 a byte a second": {"fault": "drip", "delay": 0.3},
    "f20 idle connection closed": {"fault": "reset_after", "form": "fin"},
}


@pytest.mark.parametrize("name", LOST_BEFORE)
def test_a_create_that_was_not_done_is_sent_once_more_and_only_after_proof(play, name):
    """The platform would make a second endpoint if asked."""

    async def scenario(world):
        world.batch()
        await world.run()

        world.check_all_made()
        assert world.requests(CREATE) == 4
        assert world.commits("create") == 3
        assert world.times(CREATE)[3] >= world.times(CREATE)[0] + SAFE_AFTER + 2 * SPACING - 1

    play(scenario, knobs={"duplicates": True}, faults=[{"route": CREATE, "nth": 1, **LOST_BEFORE[name]}])


@pytest.mark.parametrize("name", LOST_AFTER)
def test_a_create_that_was_done_is_found_and_never_sent_again(play, name):
    async def scenario(world):
        world.batch()
        await world.run()

        world.check_all_made()
        assert world.requests(CREATE) == world.commits("create") == 3
        assert now() < GIVES_UP + 5

    play(scenario, knobs={"duplicates": True}, faults=[{"route": CREATE, **LOST_AFTER[name]}])


@pytest.mark.parametrize("late", [1, 6, 19, 25, 35, 49])
def test_f14_a_create_that_is_done_late_is_found_and_never_sent_again(play, late):
    """Up to 30 s after the client gave up. Look-ups before that showed nothing, and counted for nothing."""

    async def scenario(world):
        world.batch()
        await world.run()
        await world.until_nothing_is_left_to_happen()

        world.check_all_made()
        assert world.requests(CREATE) == world.commits("create") == 3

    play(scenario, knobs={"duplicates": True}, faults=[{"fault": "late_commit", "route": CREATE, "late": late}])


@in_virtual_time(
    knobs={"duplicates": True},
    faults=[{"fault": "late_commit", "route": CREATE, "late": 48, "nth": 1}],
    settle_seconds=0,
)
async def test_f14_without_a_settle_time_a_late_create_is_made_twice(world):
    """What the settle time is for; this would be the proof that it has no effect."""
    world.batch()
    await world.run()
    await world.until_nothing_is_left_to_happen()

    assert world.commits("create") == 4


@in_virtual_time(faults=[{"fault": "hang_before", "route": CREATE, "nth": 1}], resend_after_absence=False)
async def test_f15_an_account_may_want_a_person_to_decide_before_anything_is_sent_again(world):
    world.batch()
    await world.run()

    assert world.states() == {State.CONFIRMED: 2, State.NEEDS_HUMAN: 1}
    assert world.requests(CREATE) == 3


@in_virtual_time(faults=[{"fault": "error_before", "route": CREATE}], max_unknown=3)
async def test_f15_a_create_that_never_works_ends_with_a_person(world):
    """No platform is asked for ever."""
    world.batch()
    await world.run()

    assert world.states() == {State.NEEDS_HUMAN: 3}
    assert world.state_of(world.iccids[0])[1] == "the outcome of 3 attempts was unknown; it is not there"
    assert world.requests(CREATE) == 9


@in_virtual_time(rows=1, faults=[{"fault": "drip", "route": CREATE, "delay": 60}])
async def test_f19_a_slow_answer_is_cut_at_the_deadline_of_the_whole_call(world):
    world.batch()
    await world.run()

    world.check_all_made()
    assert GIVES_UP < now() < GIVES_UP + 5


@in_virtual_time(rows=1, faults=[{"fault": "reset_after", "form": "fin", "route": CREATE}])
async def test_f20_no_layer_sends_a_write_again_by_itself(world):
    """The connection is an idle one, kept from the login, and is closed just as the create goes out."""
    world.batch()
    await world.run()

    assert world.requests(CREATE) == world.commits("create") == 1
    world.check_all_made()
