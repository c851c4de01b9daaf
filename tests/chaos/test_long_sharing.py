"""Several processes on one file: killed at random, or frozen for longer than others wait for them."""

import signal
import sqlite3
import time
from contextlib import closing

import pytest

from adapters.store.lanes import LEASE_SECONDS
from tests.flows.processes import until
from tests.flows.twice import provision_executed_twice
from tests.flows.world import World

pytestmark = pytest.mark.timeout(1200)

ACCOUNT = {"deadline_seconds": 2, "settle_seconds": 3, "rate_per_second": 300}


def test_two_processes_of_which_one_is_always_killed_make_each_endpoint_once(world, chance):
    here = world(rows=600, account=ACCOUNT)
    running = [here.start(*here.provision), here.start(*here.provision)]
    for _ in range(6):
        wanted = here.platform.writes + chance.randrange(1, 250)
        until(lambda: here.platform.writes >= wanted or all(one.is_over for one in running), 300)  # noqa: B023
        victim = chance.randrange(2)
        running[victim].kill()
        running[victim] = here.start(*here.provision)
    ended = [one.end(600) for one in running]

    assert [one.code for one in ended] == [0, 0], [one.err for one in ended]
    here.check_one_each()


def test_a_process_that_was_frozen_for_longer_than_its_lease_does_no_harm_when_it_wakes(world, chance):
    here = world(rows=300, account=ACCOUNT | {"rate_per_second": 40, "max_in_flight": 8}, platform={"--latency": 0.3})
    frozen = here.start(*here.provision)
    wanted = chance.randrange(5, 200)
    until(lambda: here.platform.writes >= wanted or frozen.is_over, 300)
    frozen.signal(signal.SIGSTOP)
    began = time.monotonic()
    other = here.start(*here.provision)
    until(lambda: time.monotonic() > began + LEASE_SECONDS + 3, LEASE_SECONDS + 10)
    frozen.signal(signal.SIGCONT)
    ended = [one.end(600) for one in (other, frozen)]

    assert [one.code for one in ended] == [0, 0], [one.err for one in ended]
    here.check_one_each()
    assert taken_over(here) > 0


def test_one_run_of_prefect_executed_twice_at_once_does_the_work_once(world, prefect_api, chance):
    here = world(rows=300, account=ACCOUNT, platform={"--latency": 0.05})
    provision_executed_twice(here, prefect_api, joins_at=chance.randrange(0, 200))


def taken_over(here: World) -> int:
    """How many operations were taken over from a process that was thought dead."""
    with closing(sqlite3.connect(here.store)) as store:
        return int(store.execute("SELECT count(*) FROM attempts WHERE event = 'orphaned'").fetchone()[0])
