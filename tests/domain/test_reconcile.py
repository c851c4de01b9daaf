"""An account is read to its last page, and a difference is believed after a second look."""

import pytest

from domain.drift import Drift, Held
from domain.errors import PlatformUnreachable
from domain.lifecycle import Lifecycle
from domain.ports import SimPage
from domain.reconcile import compare, read_account
from tests.support.memory_platform import MemoryPlatform, read_failed, sim
from tests.support.virtual_time import played
from tests.support.works import iccid

ACTIVE, SUSPENDED = Lifecycle.ACTIVE, Lifecycle.SUSPENDED


def account(count, *, page_size=10, state=ACTIVE):
    return MemoryPlatform([sim(iccid(n), f"E{n}", state) for n in range(1, count + 1)], page_size=page_size)


def store(held):
    return lambda iccids: held if iccids is None else {i: held[i] for i in iccids if i in held}


def alike(count):
    return {iccid(n): Held(f"E{n}", ACTIVE) for n in range(1, count + 1)}


def test_every_page_is_read_and_nothing_is_written():
    platform = account(95)

    found = played(compare(platform, store(alike(95))))

    assert (found.found, found.held, found.seen) == ((), 95, 95)
    assert platform.calls["sims_page"] == 10
    assert platform.performed == []


def test_pages_that_are_told_of_only_at_the_end_are_read_too():
    class Modest(MemoryPlatform):
        async def sims_page(self, page):
            whole = await super().sims_page(page)
            return SimPage(whole.sims, min(whole.pages, page + 1))

    platform = Modest([sim(iccid(n)) for n in range(35)], page_size=10)

    assert len(played(read_account(platform))) == 35


def test_a_page_that_cannot_be_read_ends_the_comparison():
    platform = account(35)
    platform.broken["sims_page 3"] = read_failed("http 500")

    with pytest.raises(PlatformUnreachable, match=r"pages 2 to 4 .* cannot be read \(http 500\); nothing was compared"):
        played(compare(platform, store(alike(35))))


def test_a_row_that_the_list_skipped_is_no_difference():
    class Skipping(MemoryPlatform):
        async def sims_page(self, page):
            whole = await super().sims_page(page)
            return SimPage(whole.sims[1:], whole.pages)

    platform = Skipping([sim(iccid(n), f"E{n}", ACTIVE) for n in range(1, 31)], page_size=10)

    assert played(compare(platform, store(alike(30)))).found == ()


def test_what_changed_in_the_store_while_the_platform_was_read_is_no_difference():
    held = alike(1)

    def read(iccids):
        return held if iccids is None else {iccid(1): Held("E1", SUSPENDED)}

    assert played(compare(account(1, state=SUSPENDED), read)).found == ()


def test_a_difference_that_could_not_be_looked_at_again_stays_and_says_so():
    platform = account(2, state=SUSPENDED)
    platform.broken[f"sim {iccid(2)}"] = read_failed()

    found = played(compare(platform, store(alike(2))))

    assert [(one.iccid, one.drift, one.looked) for one in found.found] == [
        (iccid(1), Drift.DIFFERENT, True),
        (iccid(2), Drift.DIFFERENT, False),
    ]
    assert found.sentence() == (
        "2 in the store and 2 SIMs on the platform compared: 0 store-only, 0 platform-only, 2 different"
    )


def test_pending_sims_of_a_tenant_that_the_store_does_not_know_are_stock_and_cost_no_look_up():
    platform = account(30, state=Lifecycle.PRE_ACTIVE)
    platform.sims[iccid(2)] = sim(iccid(2), "E2", ACTIVE)

    found = played(compare(platform, store({iccid(1): Held("E1", ACTIVE)}), stock_is_listed=True))
    strict = played(compare(account(3, state=Lifecycle.PRE_ACTIVE), store({})))

    assert [(one.iccid, one.drift) for one in found.found] == [
        (iccid(1), Drift.DIFFERENT),
        (iccid(2), Drift.PLATFORM_ONLY),
    ]
    assert (found.waiting, platform.calls["sims_page"], platform.calls["sim"]) == (28, 3, 2)
    assert found.sentence().endswith("1 different; 28 SIMs wait on the account, not known here")
    assert (strict.waiting, len(strict.found)) == (0, 3)


def test_a_sim_that_is_shown_with_two_endpoints_agrees_with_nothing():
    class Twice(MemoryPlatform):
        async def sims_page(self, page):
            whole = await super().sims_page(page)
            return SimPage((*whole.sims, sim(iccid(1), "E9", ACTIVE)), whole.pages)

    platform = Twice([sim(iccid(1), "E1", ACTIVE)])
    platform.broken["sim"] = read_failed("the platform shows two endpoints for one ICCID")
    (found,) = played(compare(platform, store(alike(1)))).found

    assert (found.drift, found.seen_id, found.looked) == (Drift.DIFFERENT, "E1 and E9", False)


def test_a_row_that_came_twice_is_one_row():
    platform = account(1)
    twice = {iccid(1): platform.sims[iccid(1)], "again": platform.sims[iccid(1)]}
    platform.sims = twice

    assert played(compare(platform, store(alike(1)))).found == ()
