"""Reading many SIMs takes as few calls as possible."""

import pytest

from domain.lifecycle import Lifecycle
from domain.survey import survey
from tests.support.memory_platform import MemoryPlatform, read_failed, sim
from tests.support.virtual_time import played
from tests.support.works import iccid

PAGE = 10


def platform(count):
    return MemoryPlatform([sim(iccid(n)) for n in range(count)], page_size=PAGE)


def some(*numbers):
    return [iccid(n) for n in numbers]


def looked(there, wanted, **options):
    found = played(survey(there, wanted, **options))
    return found, (there.calls["sims_page"], there.calls["sim"])


def test_nothing_wanted_asks_nothing():
    found, calls = looked(platform(100), [])

    assert (found.sims, calls) == ({}, (0, 0))


def test_one_sim_is_asked_for_by_its_iccid():
    found, calls = looked(platform(100), some(55))

    assert list(found.sims) == some(55)
    assert calls == (0, 1)


@pytest.mark.parametrize(
    ("total", "wanted", "calls"),
    [
        (100, range(10, 19), (10, 0)),  # nine more pages for nine SIMs: as cheap by page, and read in one go
        (100, range(10, 18), (1, 8)),  # eight SIMs are cheaper one by one
        (100, range(0, 10), (1, 0)),  # all on the first page
        (100, range(5, 15), (1, 5)),  # half of them on the first page
        (100, range(100), (10, 0)),
        (5, range(5), (1, 0)),
        (10_000, [500, 9000], (1, 2)),
    ],
)
def test_pages_or_iccids_whichever_costs_fewer_calls(total, wanted, calls):
    found, made = looked(platform(total), some(*wanted))

    assert made == calls
    assert set(found.sims) == set(some(*wanted))
    assert all(row.iccid == one for one, row in found.sims.items())


def test_the_same_iccid_twice_is_asked_for_once():
    _, calls = looked(platform(100), some(55, 55))

    assert calls == (0, 1)


def test_a_sim_that_the_platform_does_not_have_is_known_to_be_missing():
    found, _ = looked(platform(100), some(500, 600))

    assert found.sims == {iccid(500): None, iccid(600): None}


def test_what_all_pages_did_not_show_is_looked_up_alone():
    """Rows may move between two page reads, so a list is no proof that something is missing."""
    found, calls = looked(platform(30), some(*range(28), 500))

    assert found.sims[iccid(500)] is None
    assert calls == (3, 1)


def test_without_chasing_many_missing_ones_stay_unanswered():
    found, calls = looked(platform(20), some(*range(20), 500, 600, 700), chase=False)

    assert set(found.sims) == set(some(*range(20)))
    assert calls == (2, 0)


def test_without_chasing_a_few_missing_ones_are_looked_up():
    found, calls = looked(platform(20), some(*range(20), 500, 600), chase=False)

    assert found.sims[iccid(500)] is None
    assert calls == (2, 2)


def test_when_the_list_cannot_be_read_each_sim_is_looked_up():
    there = platform(100)
    there.broken["sims_page"] = read_failed()

    found, calls = looked(there, some(1, 2, 3))

    assert set(found.sims) == set(some(1, 2, 3))
    assert calls == (1, 3)


def test_a_page_that_cannot_be_read_is_made_up_for_by_look_ups():
    there = platform(30)
    there.broken["sims_page 2"] = read_failed()

    found, calls = looked(there, some(*range(30)))

    assert set(found.sims) == set(some(*range(30)))
    assert calls == (3, 10)


def test_a_look_up_without_an_answer_is_neither_there_nor_missing():
    there = platform(100)
    there.broken[f"sim {iccid(50)}"] = read_failed()

    found, _ = looked(there, some(50, 51))

    assert set(found.sims) == {iccid(51)}


def test_the_state_that_is_shown_is_handed_on():
    there = MemoryPlatform([sim("A", "E1", Lifecycle.SUSPENDED)])

    assert looked(there, ["A"])[0].sims["A"] == sim("A", "E1", Lifecycle.SUSPENDED)
