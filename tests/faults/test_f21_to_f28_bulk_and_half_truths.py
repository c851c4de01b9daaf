"""F21 to F28: bulk calls, of which a part was done, and answers that say less than they seem to."""

from collections import Counter

import pytest

from domain.operation import State
from tests.support.virtual_world import in_virtual_time

CREATE = "CreateEndPoint"
BULK = "CreateBulkEndPoint"
SYNC = {"knobs": {"bulk": "sync", "duplicates": True}, "bulk": {"path": f"/{BULK}", "size": 6, "deadline_seconds": 30}}


@pytest.mark.parametrize("count", [0, 1, 5, 6])
@pytest.mark.parametrize("status", [200, 207])
def test_f21_f25_each_item_has_its_own_outcome(play, count, status):
    """Of 6 so many were created, and the others are listed as failed, with a status that says yes or "mixed"."""

    async def scenario(world):
        world.batch()
        await world.run()

        expected = Counter({State.CONFIRMED: count, State.REFUSED: 6 - count})
        assert world.states() == +expected
        assert world.commits("create") == count
        world.check_nothing_twice()

    play(scenario, rows=6, faults=[{"fault": "bulk_part", "route": BULK, "count": count, "status": status}], **SYNC)


@pytest.mark.parametrize("count", [1, 3, 6])
def test_f22_an_item_that_the_answer_does_not_name_is_looked_up(play, count):
    async def scenario(world):
        world.batch()
        await world.run()

        world.check_all_made()
        assert world.commits("create") == 6

    play(scenario, rows=6, faults=[{"fault": "bulk_missing", "route": BULK, "count": count}], **SYNC)


@in_virtual_time(rows=6, faults=[{"fault": "bulk_shuffled", "route": BULK}], **SYNC)
async def test_f23_items_are_matched_by_iccid_in_whatever_order_and_however_often(world):
    world.batch()
    await world.run()

    world.check_all_made()
    assert world.requests(CREATE) == 0


@pytest.mark.parametrize("count", [0, 1, 5, 6])
def test_f24_after_a_call_that_failed_half_way_every_item_is_looked_up(play, count):
    async def scenario(world):
        world.batch()
        await world.run()

        world.check_all_made()
        assert world.commits("create") == 6
        assert world.requests(CREATE) == 6 - count  # what proved absent is made one by one

    play(scenario, rows=6, faults=[{"fault": "bulk_cut", "route": BULK, "count": count, "times": 1}], **SYNC)


@pytest.mark.parametrize("bad", [0, 3, 5])
def test_f26_one_bad_item_that_rejects_all_is_found_by_halving(play, bad):
    async def scenario(world):
        world.batch()
        world.faults({"fault": "refused", "route": BULK, "iccids": world.iccids[bad]})
        await world.run()

        assert world.states() == {State.CONFIRMED: 5, State.REFUSED: 1}
        assert world.state_of(world.iccids[bad])[0] is State.REFUSED
        assert world.requests(BULK) <= 7
        world.check_nothing_twice()

    play(scenario, rows=6, **SYNC)


@pytest.mark.parametrize("fault", ["error_body", "html_502"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_f27_a_200_that_is_no_answer_of_the_platform_proves_nothing(play, fault, when):
    async def scenario(world):
        world.batch()
        await world.run()

        world.check_all_made()
        assert world.commits("create") == 3
        assert world.requests(CREATE) == (3 if when == "after" else 4)

    rule = {"fault": fault, "route": CREATE, "status": 200, "when": when}
    play(scenario, knobs={"duplicates": True}, faults=[rule | ({"nth": 1} if when == "before" else {})])


@pytest.mark.parametrize("late", [1, 6, 40])
def test_f28_what_was_only_accepted_is_looked_up_until_it_is_there(play, late):
    async def scenario(world):
        world.batch()
        await world.run()

        world.check_all_made()
        assert world.requests(CREATE) == 3

    play(scenario, knobs={"duplicates": True}, faults=[{"fault": "accepted", "route": CREATE, "late": late}])


@in_virtual_time(knobs={"duplicates": True}, faults=[{"fault": "accepted", "form": "never", "route": CREATE, "nth": 1}])
async def test_f28_what_was_accepted_and_never_done_is_sent_again_after_proof(world):
    world.batch()
    await world.run()

    world.check_all_made()
    assert world.requests(CREATE) == 4


@in_virtual_time(rows=6, **SYNC | {"knobs": {"bulk": "async", "bulk_row_seconds": 4, "duplicates": True}})
async def test_f28_a_bulk_call_that_is_worked_off_later_ends_in_look_ups(world):
    world.batch()
    await world.run()

    world.check_all_made()
    assert (world.requests(BULK), world.requests(CREATE)) == (1, 0)


@in_virtual_time(faults=[{"fault": "accepted", "form": "never", "route": "EndPointActivation", "times": 1}])
async def test_f28_an_activation_that_was_only_accepted_is_not_taken_for_done(world):
    world.batch("spring")
    await world.run()
    world.activation()
    await world.run()

    assert world.commits("activate") == 3
    assert world.requests("EndPointActivation") == 4
