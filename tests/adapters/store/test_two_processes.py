"""Several processes on one store: each has a store, a writer thread and a worker of its own."""

import asyncio
import threading
import time
from urllib.parse import quote

import pytest
from sqlalchemy import text

from adapters.store import work
from adapters.store.store import Store
from domain.errors import PreactiveError
from domain.executor import Executor
from domain.operation import State
from domain.outcome import Because, Verdict
from domain.ports import Scope
from tests.support.desk import accepted, came, done, manifest
from tests.support.memory_ledger import Steady
from tests.support.memory_platform import MemoryPlatform

THROTTLED = (Verdict.NOT_DONE, Because.THROTTLED)


async def processes(desk, count, **settings):
    return [await desk.ledger(**settings) for _ in range(count)]


async def test_two_processes_never_get_the_same_operation(desk):
    scope = desk.batch(120)
    ledgers = await processes(desk, 4, max_in_flight=512)

    steps = await asyncio.gather(*(ledger.step(scope, [], 5) for _ in range(6) for ledger in ledgers))

    handed_out = [sent.id for step in steps for sent in step.work]
    assert len(handed_out) == len(set(handed_out)) == 120
    assert desk.one("SELECT count(*) FROM attempts") == 120


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)  # an embedded store has one writer at a time
async def test_what_one_transaction_is_about_to_hand_out_no_other_does(desk):
    """Also when the two processes do not know of each other yet."""
    scope, ledger = desk.batch(10), await desk.ledger()
    with desk.changing() as one, desk.changing() as two:
        two.execute(text("SET LOCAL lock_timeout = '2s'"))
        first = work.claim(one, ledger.owner, scope, 4, time.time())
        second = work.claim(two, ledger.owner, scope, 4, time.time())

    assert len({granted.id for granted in (*first, *second)}) == len(first) + len(second) == 8


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_no_more_is_marked_than_is_handed_out_whatever_way_the_planner_takes(desk):
    """A claim by IN (SELECT … LIMIT n) runs its inner query once for each row when the planner joins by a loop."""
    ways = ("hashjoin", "mergejoin", "hashagg", "material", "sort", "indexscan", "bitmapscan")
    options = quote(" ".join(f"-c enable_{way}=off" for way in ways))
    scope = desk.batch(200)
    loops = Store(f"{desk.url}&options={options}")
    ledger = await desk.ledger(loops)

    works = (await ledger.step(scope, [], 7)).work

    assert len(works) == 7
    assert desk.operations().count("sent") == 7
    loops.close()


async def test_all_processes_together_make_each_call_once(desk):
    scope = desk.batch(60)
    ledgers = await processes(desk, 3, rate_per_second=1000, max_in_flight=8)
    platform = MemoryPlatform(seconds=0.002)
    stop = asyncio.Event()
    settings = {"max_in_flight": 8, "turns": Steady(1000.0), "send_window": 30.0, "stop": stop, "halt": stop.set}
    executors = [Executor(ledger, platform, **settings) for ledger in ledgers]
    while (await ledgers[0].outlook(scope)).ready:
        await asyncio.gather(*(executor.run(scope) for executor in executors))

    assert sorted(sent.id for sent in platform.performed) == list(range(1, 61))
    assert desk.operations() == ["confirmed"] * 60


# --- as many at once as the account allows ---


async def test_what_others_have_under_way_is_left_out(desk):
    scope = desk.batch(20)
    first, second = await processes(desk, 2, max_in_flight=4)

    assert len((await first.step(scope, [], 4)).work) == 4
    step = await second.step(scope, [], 4)

    assert (len(step.work), step.alone) == (0, False)


async def test_two_processes_stay_within_the_accounts_limit_whatever_each_has_room_for(desk):
    """Each may think that it has room for two more; together they have room for none."""
    scope = desk.batch(20)
    first, second = await processes(desk, 2, max_in_flight=4)
    await first.step(scope, [], 2)
    await second.step(scope, [], 2)

    await first.step(scope, [], 2)
    await second.step(scope, [], 2)

    assert desk.operations().count("sent") == 4


async def test_two_processes_that_ask_at_the_same_moment_stay_within_the_accounts_limit(desk):
    scope = desk.batch(200)
    ledgers = await processes(desk, 4, max_in_flight=4)
    for _ in range(10):
        steps = await asyncio.gather(*(ledger.step(scope, [], 4) for ledger in ledgers))
        assert desk.operations().count("sent") <= 4
        for ledger, step in zip(ledgers, steps, strict=True):
            await ledger.step(scope, [came(sent, *THROTTLED) for sent in step.work], 0)


async def test_room_that_was_freed_can_be_used_by_either(desk):
    scope = desk.batch(20)
    first, second = await processes(desk, 2, max_in_flight=4)
    under_way = (await first.step(scope, [], 4)).work

    await first.step(scope, [done(sent) for sent in under_way[:3]], 0)

    assert len((await second.step(scope, [], 4)).work) == 3


async def test_a_dead_process_takes_no_room(desk):
    scope = desk.batch(20)
    dead, alive = await processes(desk, 2, max_in_flight=4)
    await dead.step(scope, [], 4)
    desk.do("UPDATE workers SET heartbeat_at = 0 WHERE id = :id", id=dead.owner.worker)

    step = await alive.step(scope, [], 4)

    assert (len(step.work), step.alone) == (4, True)


async def test_a_process_of_another_account_takes_no_room(desk):
    scope, other_scope = desk.batch(4), desk.batch(4, account="other")
    ledger, other = await desk.ledger(max_in_flight=4), await desk.ledger(name="other", max_in_flight=4)
    await other.step(other_scope, [], 4)

    step = await ledger.step(scope, [], 4)

    assert (len(step.work), step.alone) == (4, True)


# --- at the same moment ---


def run_together(*functions):
    """Run each in a thread of its own, from the same moment on, and return what each raised."""
    together = threading.Barrier(len(functions))
    told = [None] * len(functions)

    def run(number, function):
        together.wait()
        try:
            function()
        except Exception as error:
            told[number] = error

    threads = [threading.Thread(target=run, args=item) for item in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_the_same_file_handed_in_twice_at_the_same_moment_is_one_batch(desk):
    def hand_in(store):
        def run():
            desk_of(desk, store).ingest(manifest(accepted(1, 2, 3)))

        return run

    told = run_together(*(hand_in(desk.another_store()) for _ in range(4)))

    assert told == [None] * 4
    assert desk.one("SELECT count(*) FROM batches") == 1
    assert desk.one("SELECT count(*) FROM operations") == 3


def test_the_same_selection_made_twice_at_the_same_moment_is_one_selection(desk):
    desk.pre_active(10)

    def select(store):
        return lambda: desk_of(desk, store).select(tag="march", count=4)

    told = run_together(*(select(desk.another_store()) for _ in range(4)))

    assert told == [None] * 4
    assert len(desk.operations("activate")) == 4


def desk_of(desk, store):
    """The same desk, working through another store."""
    other = object.__new__(type(desk))
    other.__dict__.update(desk.__dict__, store=store)
    return other


async def test_one_id_given_to_two_processes_at_the_same_moment_is_mapped_once(desk):
    for number in range(5):
        scope = Scope(desk.ingest(manifest(accepted(10 * number + 1, 10 * number + 2))).change)
        first, second = await processes(desk, 2, max_in_flight=99)
        (one,) = (await first.step(scope, [], 1)).work
        (two,) = (await second.step(scope, [], 1)).work

        await asyncio.gather(
            first.step(scope, [done(one, f"E{number}")], 0), second.step(scope, [done(two, f"E{number}")], 0)
        )

        assert desk.operations()[-2:] == ["needs_human", "needs_human"]
        assert desk.one("SELECT count(*) FROM endpoints WHERE endpoint_id = :id", id=f"E{number}") == 1


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)  # an embedded store has one writer at a time
def test_a_person_who_decides_while_the_answer_arrives_does_not_undo_it(desk):
    """A create that a person wants sent again, at the moment in which the late answer confirms it."""
    desk.batch(1)
    desk.do("UPDATE operations SET state = 'needs_human', token = 1")
    told = []

    def decide():
        try:
            desk.decide(1, State.PLANNED, store=desk.another_store())
        except PreactiveError as error:
            told.append(str(error))

    person = threading.Thread(target=decide)
    with desk.changing() as answer:
        answer.execute(text("UPDATE operations SET state = 'confirmed'"))
        person.start()
        while not desk.one("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            time.sleep(0.005)
    person.join()

    assert desk.operations() == ["confirmed"]
    assert told == ["Operation 1 has changed meanwhile; look at it again with `preactive resolve`."]


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)  # an embedded store has one writer at a time
async def test_of_two_transactions_that_wait_for_each_other_both_are_made(desk):
    first, second = desk.store, Store(desk.url)
    desk.store.write(
        lambda connection: connection.execute(text("CREATE TABLE pair (id integer PRIMARY KEY, n integer)"))
    )
    desk.store.write(lambda connection: connection.execute(text("INSERT INTO pair VALUES (1, 0), (2, 0)")))
    both, tries = threading.Barrier(2, timeout=10), []

    def add_to(*rows):
        def added(connection):
            tries.append(rows)
            for nth, row in enumerate(rows):
                connection.execute(text("UPDATE pair SET n = n + 1 WHERE id = :row"), {"row": row})
                if not nth and len(tries) <= 2:
                    both.wait()

        return added

    await asyncio.gather(first.awrite(add_to(1, 2)), second.awrite(add_to(2, 1)))
    second.close()

    assert len(tries) == 3  # one of them was undone and made again
    assert (desk.one("SELECT min(n) FROM pair"), desk.one("SELECT max(n) FROM pair")) == (2, 2)
