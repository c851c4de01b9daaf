"""F29 to F40: answers about something else, in odd forms, or against what is known. No mapping is ever overwritten."""

import resource

import pytest

from domain.lifecycle import Kind
from domain.operation import State
from tests.support.virtual_world import in_virtual_time

CREATE, SIMS = "CreateEndPoint", "fetchSIM"


def needing_a_person(world):
    return {iccid for iccid in world.iccids if world.state_of(iccid)[0] is State.NEEDS_HUMAN}


def true_mapping(world):
    """What the store has recorded is true."""
    made = world.made()
    return all(made[iccid] == [known] for iccid, known in world.mapping().items() if known)


@in_virtual_time(max_in_flight=1, faults=[{"fault": "replayed", "route": CREATE, "nth": 2}])
async def test_f29_the_answer_to_another_create_puts_both_into_a_persons_hands(world):
    world.batch()
    await world.run()

    assert needing_a_person(world) == set(world.iccids[:2])
    assert world.mapping()[world.iccids[1]] is None
    assert true_mapping(world)
    assert world.requests(CREATE) == world.commits("create") == 3


@in_virtual_time(rows=1, faults=[{"fault": "error_before", "route": CREATE, "nth": 1}])
async def test_f29_the_answer_to_another_look_up_says_nothing(world):
    world.batch()
    session = await world.process()
    await session.platform.sim(world.iccids[-1])  # its answer is what comes next
    world.faults(
        {"fault": "error_before", "route": CREATE, "nth": 1},
        {"fault": "replayed", "route": SIMS, "start": 0, "stop": 40},
    )
    await world.run(session)

    world.check_all_made()


@in_virtual_time(max_in_flight=1, faults=[{"fault": "duplicate_id", "route": CREATE, "nth": 3}])
async def test_f30_one_id_for_two_sims_is_recorded_once_and_both_are_looked_at_by_a_person(world):
    world.batch()
    await world.run()

    first, _, third = world.iccids
    assert needing_a_person(world) == {first, third}
    assert len(set(filter(None, world.mapping().values()))) == 2
    assert true_mapping(world)


@pytest.mark.parametrize("lag", [0, 5, 30])
def test_f31_an_endpoint_that_reads_do_not_show_yet_is_not_made_again(play, lag):
    async def scenario(world):
        world.batch()
        await world.run()

        world.check_all_made()
        assert world.requests(CREATE) == 3

    play(
        scenario,
        knobs={"read_lag": lag, "duplicates": True},
        faults=[{"fault": "hang_after", "route": CREATE, "nth": [1, 3]}],
    )


@in_virtual_time(rows=12, knobs={"duplicates": True}, faults=[{"fault": "error_before", "route": CREATE, "nth": 12}])
async def test_f32_a_look_up_that_ignores_its_filter_proves_nothing_and_a_person_decides(world):
    """The SIM is not on the first page, which is all that the look-up ever shows."""
    world.batch()
    world.faults({"fault": "error_before", "route": CREATE, "nth": 12}, {"fault": "filter_ignored", "route": SIMS})
    await world.run()

    assert world.states() == {State.CONFIRMED: 11, State.NEEDS_HUMAN: 1}
    assert world.requests(CREATE) == 12


@in_virtual_time(faults=[{"fault": "error_after", "route": CREATE, "nth": 1}, {"fault": "two_rows", "route": SIMS}])
async def test_f33_two_endpoints_for_one_sim_go_to_a_person_and_nothing_is_deleted(world):
    world.batch()
    await world.run()

    assert needing_a_person(world) == {world.iccids[0]}
    assert "several endpoints" in world.state_of(world.iccids[0])[1]
    assert world.requests(CREATE) == 3
    assert {entry.kind for entry in world.simulator.ledger.entries} == {"create"}


@pytest.mark.parametrize("form", ["skip", "repeat", "endless"])
def test_f34_pages_that_are_left_out_repeated_or_endless_change_nothing(play, form):
    async def scenario(world):
        world.batch()
        await world.run(look=Kind.CREATE)

        world.check_all_made()
        assert world.requests(CREATE) == 22
        assert world.requests(SIMS) < 60

    faults = [{"fault": "odd_pages", "form": form}, {"fault": "error_after", "route": CREATE, "nth": [2, 22]}]
    play(scenario, rows=22, knobs={"duplicates": True}, faults=faults)


@pytest.mark.parametrize(
    ("form", "state"),
    [
        ("spaced", "confirmed"),
        ("padded", "confirmed"),
        *((f, "needs_human") for f in ("short", "number", "float", "other")),
    ],
)
def test_f35_an_iccid_is_compared_in_its_plain_form_and_never_guessed(play, form, state):
    async def scenario(world):
        world.batch()
        await world.run()

        assert world.state_of(world.iccids[0])[0] == state
        assert world.requests(CREATE) == 3
        world.check_nothing_twice()

    lost = {"fault": "error_after", "route": CREATE, "nth": 1}
    play(scenario, knobs={"duplicates": True}, faults=[lost, {"fault": "wrong_iccid", "route": SIMS, "form": form}])


@pytest.mark.parametrize("form", ["number", "float", "empty", "null"])
def test_f36_an_id_is_kept_as_text_and_one_that_is_none_is_looked_up(play, form):
    async def scenario(world):
        world.batch()
        await world.run()

        world.check_all_made()
        assert all(isinstance(known, str) for known in world.mapping().values())
        assert world.requests(CREATE) == 3

    play(scenario, faults=[{"fault": "odd_id", "route": CREATE, "form": form}])


@pytest.mark.parametrize(("form", "expected"), [("huge", "9223372036854775808"), ("uuid", "00000000-0000-4000-8000-")])
def test_f36_an_id_of_any_form_is_kept_to_the_last_character(play, form, expected):
    async def scenario(world):
        world.batch()
        await world.run()

        assert str(world.mapping()[world.iccids[0]]).startswith(expected)

    play(scenario, faults=[{"fault": "odd_id", "route": CREATE, "form": form, "nth": 1}])


@pytest.mark.parametrize("form", ["twice", "nan", "deep", "bomb"])
def test_f37_what_is_no_strict_json_or_too_large_says_nothing(play, form):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    async def scenario(world):
        world.batch()
        await world.run()

        world.check_all_made()
        assert world.requests(CREATE) == world.commits("create") == 3
        assert world.requests(SIMS) > 0

    play(
        scenario, knobs={"duplicates": True}, faults=[{"fault": "odd_json", "route": CREATE, "form": form, "count": 60}]
    )
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 60  # MB; nothing was unpacked


@pytest.mark.parametrize("late", [0, 5])
def test_f38_an_endpoint_that_vanishes_is_told_and_never_made_again(play, late):
    async def scenario(world):
        world.batch()
        await world.run()
        await world.until_nothing_is_left_to_happen()
        differing = await world.read_back(Kind.CREATE)

        assert len(differing) == 1
        assert needing_a_person(world) == set(differing)
        await world.run()
        assert world.requests(CREATE) == 3

    play(scenario, faults=[{"fault": "undone", "route": CREATE, "nth": 2, "late": late}])


@in_virtual_time(faults=[{"fault": "false_yes", "route": "EndPointActivation", "nth": 2}])
async def test_f38_an_activation_that_is_said_to_be_done_and_is_not_is_told(world):
    world.batch("spring")
    await world.run()
    world.activation()
    await world.run()
    await world.until_nothing_is_left_to_happen()

    assert len(await world.read_back(Kind.ACTIVATE)) == 1
    assert world.states("activate") == {State.CONFIRMED: 2, State.NEEDS_HUMAN: 1}


@pytest.mark.parametrize("form", ["bare", "envelope"])
def test_f39_a_create_that_is_refused_as_there_already_may_be_our_own(play, form):
    async def scenario(world):
        world.batch()
        await world.run()

        world.check_all_made()
        assert world.requests(CREATE) == world.commits("create") == 3

    play(scenario, faults=[{"fault": "conflict", "route": CREATE, "form": form, "when": "after", "nth": 2}])


@in_virtual_time(settle_seconds=0, faults=[{"fault": "late_commit", "route": CREATE, "late": 45, "nth": 1}])
async def test_f39_the_second_attempt_that_is_refused_takes_over_what_the_first_has_made(world):
    """The platform was later than it may be; it refuses a second endpoint, and so nothing is lost."""
    world.batch()
    world.faults({"fault": "late_commit", "route": CREATE, "late": 39.9, "nth": 1})
    await world.run()

    world.check_all_made()


@pytest.mark.parametrize("form", ["bare", "envelope"])
def test_f40_a_sim_that_belongs_to_somebody_else_is_refused_and_not_taken_over(play, form):
    async def scenario(world):
        world.batch()
        world.faults({"fault": "conflict", "route": CREATE, "form": form, "iccids": world.iccids[1]})
        await world.run()

        assert world.states() == {State.CONFIRMED: 2, State.REFUSED: 1}
        assert world.mapping()[world.iccids[1]] is None
        assert world.requests(CREATE) == 3

    play(scenario)
