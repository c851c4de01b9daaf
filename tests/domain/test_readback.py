"""What answers confirmed is looked at, all of it, in as few calls as it takes."""

import asyncio

import pytest

from domain.lifecycle import Lifecycle
from domain.readback import ReadBack, check_states
from domain.sight import Expected
from tests.support.memory_platform import MemoryPlatform, read_failed, sim
from tests.support.virtual_time import played
from tests.support.works import iccid

PAGE = 10
WAITS = (0, 2, 5)
PRE_ACTIVE, ACTIVE = Lifecycle.PRE_ACTIVE, Lifecycle.ACTIVE


def platform(count, state=PRE_ACTIVE):
    return MemoryPlatform([sim(iccid(n), f"E{n}", state) for n in range(count)], page_size=PAGE)


def expected(*numbers, state=ACTIVE):
    return {iccid(n): Expected(f"E{n}", state) for n in numbers}


def read_back(there, wanted, *, stop_after=1000.0):
    async def scenario():
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(stop_after, stop.set)
        return await check_states(there, wanted, waits=WAITS, stop=stop)

    return played(scenario())


def calls(there):
    return there.calls["sims_page"], there.calls["sim"]


@pytest.mark.parametrize("numbers", [[1150], range(1100, 1108), range(5, 13), range(1200)])
def test_all_that_was_confirmed_is_read_back_however_few_it_is_and_however_large_the_account(numbers):
    """The platform said yes to each, and did nothing."""
    found = read_back(platform(1200), expected(*numbers))

    assert found.differing == {iccid(n): f"E{n}" for n in numbers}
    assert found.shown == frozenset()


@pytest.mark.parametrize(
    ("numbers", "cost"), [([500], (0, 1)), (range(500, 508), (1, 8)), (range(100, 300), (120, 0)), ([], (0, 0))]
)
def test_what_is_shown_as_expected_is_looked_at_once_by_page_or_singly(numbers, cost):
    there = platform(1200)
    found = read_back(there, expected(*numbers, state=PRE_ACTIVE))

    assert found == ReadBack(frozenset(iccid(n) for n in numbers), {})
    assert calls(there) == cost


def test_a_list_that_lags_is_looked_at_again_before_it_is_believed():
    there = platform(30)

    async def scenario():
        late = sim(iccid(1), "E1", ACTIVE)
        asyncio.get_running_loop().call_later(1.0, there.sims.update, {late.iccid: late})
        return await check_states(there, expected(1, 2), waits=WAITS, stop=asyncio.Event())

    assert played(scenario()) == ReadBack(frozenset({iccid(1)}), {iccid(2): "E2"})


def test_what_is_not_answered_is_neither_shown_nor_different():
    there = platform(300)
    there.broken[f"sim {iccid(20)}"] = read_failed()
    found = read_back(there, expected(20, 21, state=PRE_ACTIVE))

    assert found == ReadBack(frozenset({iccid(21)}), {})


def test_what_no_page_ever_showed_is_looked_up_by_itself_in_the_end():
    there, missing = platform(20, ACTIVE), range(30, 36)
    found = read_back(there, expected(*range(20), *missing))

    assert found.shown == frozenset(expected(*range(20), *missing)), "a SIM that is not there contradicts nothing"
    assert there.calls["sim"] == len(missing)


def test_a_stop_keeps_what_was_seen_and_believes_no_difference_that_was_not_looked_at_again():
    found = read_back(platform(20), expected(1) | expected(2, state=PRE_ACTIVE), stop_after=1.0)

    assert found == ReadBack(frozenset({iccid(2)}), {})
