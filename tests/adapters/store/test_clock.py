"""Whatever somebody does to the machine's clock: no lease is shortened and no call is repeated."""

import time

import pytest

from adapters.store import clock
from adapters.store.lanes import LEASE_SECONDS, forget
from domain.outcome import Verdict
from tests.support.desk import came, done

DAY = 86_400.0
JUMPS = pytest.mark.parametrize("jump", [DAY, -DAY], ids=["a day forth", "a day back"])


class Machine:
    """The clock of the machine, and its start, as the store sees them."""

    def __init__(self, monkeypatch):
        self.shift, self.boot, self.ticks = 0.0, "first", 0.0
        monkeypatch.setattr(clock.time, "time", lambda: _TIME() + self.shift)
        monkeypatch.setattr(clock, "_boot", lambda: self.boot)
        monkeypatch.setattr(clock, "_ticks", lambda: _TICKS() + self.ticks)

    def start_again(self, boot):
        """A new start: another id, and the time since then begins at nothing."""
        self.boot, self.ticks = boot, -_TICKS()


_TIME, _TICKS = time.time, lambda: time.clock_gettime(time.CLOCK_BOOTTIME)


@pytest.fixture
def machine(monkeypatch):
    return Machine(monkeypatch)


def now(desk):
    return desk.store.write(clock.store_now)


@JUMPS
def test_the_stores_clock_goes_on_when_the_machines_is_set(machine, desk, jump):
    before = now(desk)
    machine.shift = jump

    assert 0 <= now(desk) - before < 5


@JUMPS
async def test_a_living_process_is_not_taken_for_dead_when_the_clock_is_set(machine, desk, jump):
    scope, first, second = desk.batch(2), await desk.ledger(), await desk.ledger(desk.another_store())
    (work,) = (await first.step(scope, [], 1)).work
    machine.shift = jump

    assert await second.doubts(scope, 5) == []
    assert desk.operations() == ["sent", "planned"]
    await first.step(scope, [done(work)], 0)
    assert desk.operations() == ["confirmed", "planned"]


async def test_an_unknown_outcome_does_not_settle_sooner_when_the_clock_is_set(machine, desk):
    scope, ledger = desk.batch(1), await desk.ledger(settle_seconds=300)
    (work,) = (await ledger.step(scope, [], 1)).work
    await ledger.step(scope, [came(work, Verdict.UNKNOWN)], 0)
    machine.shift = DAY

    outlook = await ledger.outlook(scope)

    assert outlook.next_at > outlook.now
    assert desk.one("SELECT safe_after FROM operations") - outlook.now > 300


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_after_a_new_start_of_the_machine_the_clock_does_not_go_back(machine, desk):
    desk.batch(1)
    desk.do("UPDATE operations SET updated_at = :later", later=_TIME() + DAY)
    machine.start_again("second")

    first = now(desk)

    assert first >= _TIME() + DAY - 1
    assert now(desk) >= first


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@JUMPS
async def test_the_machines_clock_is_followed_again_once_nothing_is_under_way(machine, desk, jump):
    scope, ledger = desk.batch(1), await desk.ledger()
    (work,) = (await ledger.step(scope, [], 1)).work
    machine.shift = jump

    desk.store.write(clock.set_by_machine, lease=LEASE_SECONDS)
    assert abs(now(desk) - _TIME()) < 5, "a call is under way"

    await ledger.step(scope, [done(work)], 0)
    desk.store.write(clock.set_by_machine, lease=LEASE_SECONDS)
    assert abs(now(desk) - _TIME()) < 5, "a process lives"

    desk.store.write(forget, [ledger.owner.worker])
    desk.do("UPDATE buckets SET next_at = :far", far=_TIME() + 2 * DAY)
    desk.store.write(clock.set_by_machine, lease=LEASE_SECONDS)
    assert abs(now(desk) - (_TIME() + jump)) < 5
    assert all(row.next_at <= _TIME() + jump + 901 for row in desk.see("SELECT next_at FROM buckets"))
