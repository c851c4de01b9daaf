"""What processes that ended left undone, and accounts that a person stopped."""

import socket
import subprocess
import sys

import pytest

from adapters.store import bulk_changes, unfinished
from domain.outcome import Because, Verdict
from domain.ports import Scope
from tests.support.desk import ACCOUNT, came, done

LEASE = 30.0


@pytest.fixture
def left(desk):
    """What is unfinished: request, to send, sent, in doubt. What a process works on is not, unless asked for."""

    def ask(name=ACCOUNT, *, is_worked_on=False):
        found = desk.store.write(unfinished.unfinished, name, "sft")
        return [(one.request, one.planned, one.sent, one.in_doubt) for one in found if one.is_worked_on is is_worked_on]

    return ask


async def test_a_change_that_no_living_process_works_on_is_unfinished(desk, left):
    scope, ledger = desk.batch(5), await desk.ledger()
    works = (await ledger.step(scope, [], 3)).work
    await ledger.step(scope, [done(works[0]), came(works[1], Verdict.UNKNOWN)], 0)

    assert left() == []
    assert left(is_worked_on=True) == [("provision march", 2, 1, 1)]

    desk.later(LEASE)

    assert left() == [("provision march", 2, 1, 1)]
    assert left(is_worked_on=True) == []
    assert left("other") == []


@pytest.mark.parametrize(("host", "unfinished_at_once"), [(socket.gethostname(), True), ("another-machine", False)])
async def test_what_a_process_of_this_machine_left_is_unfinished_from_its_death_on(
    desk, left, host, unfinished_at_once
):
    scope, ledger = desk.batch(5), await desk.ledger()
    await ledger.step(scope, [], 3)
    desk.do("UPDATE workers SET host = :host, pid = :pid", host=host, pid=ended_process())

    assert left() == ([("provision march", 2, 3, 0)] if unfinished_at_once else [])


def ended_process() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


async def test_what_was_planned_and_never_begun_is_unfinished(desk, left):
    desk.batch(5)

    assert left() == [("provision march", 5, 0, 0)]


async def test_what_waits_for_something_that_was_refused_is_finished(desk, left):
    scope, ledger = desk.batch(1, platform_tags="now", tags=["eu"]), await desk.ledger()
    (work,) = (await ledger.step(scope, [], 1)).work
    await ledger.step(scope, [came(work, Verdict.NOT_DONE, Because.REFUSED)], 0)

    assert (desk.operations("create"), desk.operations("tag")) == (["refused"], ["planned"])
    assert left() == []


def test_what_was_cancelled_is_left_alone(desk, left):
    scope = desk.batch(5)
    desk.store.write(bulk_changes.cancel, [scope.change])

    assert left() == []


async def test_nothing_is_handed_out_for_a_stopped_account_by_any_process(desk):
    scope, ledger = desk.batch(5), await desk.ledger()
    other = await desk.ledger(desk.another_store(), name="other")
    assert len((await ledger.step(scope, [], 1)).work) == 1
    desk.store.write(unfinished.stop_account, ACCOUNT, "storm")
    elsewhere = Scope(desk.batch(3, account="other", batch="elsewhere").change)

    step = await ledger.step(scope, [], 4)

    assert (step.work, step.cancelled) == ((), True)
    assert len((await other.step(elsewhere, [], 3)).work) == 3
    assert desk.store.write(unfinished.start_account, ACCOUNT)
    assert len((await ledger.step(scope, [], 4)).work) == 4


def test_a_second_stop_has_the_last_word(desk):
    for reason in ("first", "second"):
        desk.store.write(unfinished.stop_account, ACCOUNT, reason)

    assert desk.store.write(unfinished.stop_of, ACCOUNT) == "second"
    assert [desk.store.write(unfinished.start_account, ACCOUNT) for _ in range(2)] == [True, False]
    assert desk.store.write(unfinished.stop_of, ACCOUNT) is None
