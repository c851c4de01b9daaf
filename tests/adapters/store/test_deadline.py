"""No call to the store is waited for endlessly, a stop ends what is planned, and what was handed in is never lost."""

import asyncio
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from adapters.store import committer, deadline, engine
from adapters.store.deadline import PLANNING, STEP, Deadline
from domain.errors import Stopped, StoreLocked, StoreSilent, StoreUnavailable
from tests.support.desk import Desk, done

ROOT = Path(__file__).parents[3]
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture(autouse=True)
def _going_on():
    yield
    deadline.go_on()


@pytest.fixture
def hasty(monkeypatch):
    """A step may take a moment only."""
    monkeypatch.setattr(deadline, "STEP", short := Deadline(0.3, 0.3))
    monkeypatch.setattr(deadline._Here, "deadline", short)
    monkeypatch.setattr(deadline, "_EMBEDDED", 1)


def work_endlessly(connection):
    connection.execute(text(ENDLESS))


@deadline.planning
def plan_endlessly(connection):
    connection.execute(text(ENDLESS))


def count(connection):
    return connection.execute(text("SELECT count(*) FROM stops")).scalar_one()


# --- stops ---


@pytest.mark.parametrize("way", ["awrite", "survey"])
async def test_a_stop_ends_what_is_planned_at_once_and_the_store_goes_on(desk, way):
    planned = asyncio.create_task(getattr(desk.store, way)(plan_endlessly))
    await asyncio.sleep(0.3)
    deadline.stop()

    with pytest.raises(Stopped, match="told to stop while it planned; nothing of that was changed"):
        await asyncio.wait_for(planned, 5)
    assert await desk.store.awrite(count) == 0
    assert not desk.is_embedded or desk.one("SELECT count(*) FROM stops") == 0


async def test_a_stop_spares_the_server_the_statement_too(postgres):
    desk = Desk(postgres.fresh())
    planned = asyncio.create_task(desk.store.awrite(plan_endlessly))
    await asyncio.sleep(0.3)
    deadline.stop()
    with pytest.raises(Stopped):
        await planned
    await asyncio.sleep(0.3)

    busy = desk.one("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'WITH RECURSIVE n%'")
    desk.close()
    assert busy == 0


async def test_a_stop_ends_nothing_that_is_recorded(desk):
    scope, ledger = desk.batch(1), await desk.ledger()
    (work,) = (await ledger.step(scope, [], 1)).work
    deadline.stop()
    await ledger.step(scope, [done(work)], 0)

    assert desk.operations() == ["confirmed"]


CTRL_C = """
import signal, sys
from adapters.store.reading import Reader
from adapters.store.store import Store

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever starts the tests in the background ignores it
try:
    print("begins", flush=True)
    if sys.argv[2] == "read":
        with Reader(sys.argv[1]).open() as reader:
            reader.rows(sys.argv[3])
    else:
        Store(sys.argv[1]).write(lambda c: c.exec_driver_sql(sys.argv[3]).all())
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("way", ["read", "write"])
def test_ctrl_c_ends_a_statement_that_a_command_waits_for(store_url, way):
    command = [sys.executable, "-c", CTRL_C, store_url, way, ENDLESS]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "begins\n"
        time.sleep(1.0)
        child.send_signal(signal.SIGINT)
        try:
            said, _ = child.communicate(timeout=60)
        finally:
            child.kill()

    assert said == "interrupted\n"


# --- deadlines ---


async def test_a_step_that_takes_too_long_is_ended_and_told(desk, hasty):
    with pytest.raises(StoreSilent, match="has not answered for 0 s; look at the database and the network"):
        await asyncio.wait_for(desk.store.awrite(work_endlessly), 5)

    assert await desk.store.awrite(count) == 0


async def test_planning_may_take_longer_than_a_step(desk, hasty):
    def slowly(connection):
        until = time.monotonic() + 0.6
        while time.monotonic() < until:
            count(connection)
        return count(connection)

    assert await desk.store.awrite(deadline.planning(slowly)) == 0


async def test_who_looks_waits_no_longer_than_said_whatever_is_written(desk):
    began = threading.Event()

    def write_slowly(connection):
        count(connection)
        began.set()
        time.sleep(1.0)

    writing = asyncio.create_task(desk.store.awrite(write_slowly))
    await asyncio.to_thread(began.wait)

    assert await desk.store.look(count, within=0.8) == 0
    assert not writing.done(), "it was answered beside the writer, not after it"
    await writing


async def test_a_question_that_is_not_answered_in_time_is_told(desk):
    with pytest.raises(StoreSilent, match=r"has not answered for 0\.2 s; ask again"):
        await desk.store.look(lambda _: time.sleep(0.6), within=0.2)


async def test_who_only_reads_changes_nothing(desk):
    with pytest.raises(Exception, match=r"cannot be written|read-only"):
        desk.store.read(lambda c: c.execute(text("INSERT INTO stops VALUES ('a', 'b', 0)")))


async def test_a_table_that_is_held_is_told_as_locked(postgres, monkeypatch):
    monkeypatch.setattr(engine, "_SESSION", "SET lock_timeout = '200ms'")
    url = postgres.fresh()
    desk = Desk(url)
    with psycopg.connect(url.replace("+psycopg", "")) as holder:
        holder.execute("LOCK TABLE stops")
        with pytest.raises(StoreLocked, match="locked by another program"):
            await desk.store.awrite(count)

    assert await desk.store.awrite(count) == 0
    desk.close()


async def test_while_a_connection_is_lost_all_who_wait_hear_of_it_at_once(postgres):
    direct = postgres.copied()
    with postgres.relay() as relay:
        desk = Desk(postgres.through(relay, direct))
        await desk.store.awrite(count)
        relay.__exit__()
        began = time.monotonic()
        said = await asyncio.gather(*(desk.store.awrite(count) for _ in range(60)), return_exceptions=True)
        desk.close()
    postgres.drop(direct)

    assert {isinstance(one, StoreUnavailable) for one in said} == {True}
    assert time.monotonic() - began < 10


# --- what is lost on the way ---


async def test_work_whose_commit_got_no_answer_was_never_sent_and_is_planned_again(postgres, hasty):
    direct = postgres.copied()
    with postgres.relay() as relay:
        desk = Desk(direct)
        scope = desk.batch(3)
        store = Desk(postgres.through(relay, direct)).store
        ledger = await desk.ledger(store)
        (held,) = (await ledger.step(scope, [], 1)).work
        before = relay.requests
        await ledger.step(scope, [], 0)
        lost = []
        for request in range(
            relay.requests - before, relay.requests - before + 6
        ):  # the last ones: marking, and the commit
            relay.be_silent_at(request, after=True)
            step = await given(ledger, scope)
            was_silent = relay.is_silent
            relay.pass_on()
            lost.append(was_silent and desk.operations().count("sent") == 2)
            await ledger.step(scope, [not_sent(work) for work in step], 0)
            await asyncio.sleep(0.7)
            await ledger.beat()
            assert desk.operations() == ["sent", "planned", "planned"], request
        await ledger.step(scope, [done(held)], 0)
        assert desk.operations()[0] == "confirmed"
        store.close()
        desk.close()
    postgres.drop(direct)

    assert any(lost), "at one of the requests the commit was made and its answer lost"


async def given(ledger, scope):
    """The work of a step; none when the store did not answer."""
    try:
        return (await ledger.step(scope, [], 1)).work
    except StoreUnavailable:
        return ()


def not_sent(work):
    from domain.outcome import Because, Verdict
    from tests.support.desk import came

    return came(work, Verdict.NOT_DONE, Because.STOPPED)


async def test_a_writer_that_does_not_come_back_is_replaced_and_its_late_commit_does_no_harm(desk, monkeypatch, capsys):
    monkeypatch.setattr(committer, "_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(committer, "_TELL_AFTER", 5)
    monkeypatch.setattr(committer, "_STUCK_AFTER", 20)
    scope, ledger = desk.batch(2), await desk.ledger()
    first, second = (await ledger.step(scope, [], 2)).work
    free = threading.Event()
    stuck = asyncio.create_task(desk.store.awrite(lambda _: free.wait(10)))
    with pytest.raises(StoreSilent, match="does not come back; what was handed in is handed in again"):
        await stuck
    free.set()
    again = [await ledger.step(scope, [done(first), done(second)], 0) for _ in range(2)]

    assert [step.work for step in again] == [(), ()]
    assert desk.operations() == ["confirmed", "confirmed"]
    told = capsys.readouterr().err
    assert "has not answered for 0 s; waiting for it" in told
    assert "answers again" in told


async def test_what_waits_is_not_begun_when_who_asked_has_left(desk):
    free, begun = threading.Event(), []
    first = asyncio.create_task(desk.store.awrite(lambda _: free.wait(10)))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(desk.store.awrite(begun.append))
    await asyncio.sleep(0.1)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    free.set()
    await first
    await desk.store.awrite(count)

    assert begun == []


def test_the_end_of_a_store_does_not_wait_for_a_writer_that_does_not_come_back(store_url, monkeypatch):
    monkeypatch.setattr(committer, "_CLOSE_SECONDS", 0.2)
    free = threading.Event()

    async def leave_it_stuck(store):
        task = asyncio.create_task(store.awrite(lambda _: free.wait(10)))
        await asyncio.sleep(0.1)
        task.cancel()

    desk = Desk(store_url)
    asyncio.run(leave_it_stuck(desk.store))
    began = time.monotonic()
    desk.store.close()
    took = time.monotonic() - began
    free.set()
    desk.close()

    assert took < 5


def test_the_deadlines_leave_the_server_time_to_end_a_statement_itself():
    assert "statement_timeout = '120s'" in engine._SESSION
    assert PLANNING.seconds > 120 > STEP.seconds > engine._BUSY_SECONDS
