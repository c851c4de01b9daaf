"""An hour of refusals, four processes on one account, and a brown-out: in virtual time, counted by the simulator."""

import asyncio
from itertools import pairwise

import pytest

from domain.operation import State
from tests.support.virtual_time import now
from tests.support.virtual_world import in_virtual_time
from tests.support.weather import CALM_SECONDS, all_final, brown_out

CREATE = "CreateEndPoint"
HOUR = 3600


def test_an_hour_of_refusals_loses_and_doubles_nothing_and_costs_few_calls(play):
    values = ["1", "date", "-5", "soon", None]
    rules = [
        {"fault": "throttle", "stop": HOUR, "retry_after": value, "probability": 1 / n}
        for n, value in enumerate(values, 1)
    ]

    async def scenario(world):
        world.batch()
        session = await world.process()
        await session.platform.login()
        world.faults(*reversed(rules))
        error = await world.run(session)
        during = sum(at < HOUR for at in [*world.times(CREATE), *world.times("login")])

        assert error is None
        world.check_all_made()
        assert during <= 70
        assert HOUR < now() < HOUR + 16 * 60 + 120
        print(f"an hour of refusals: {during} calls in it, {world.requests()} in all")

    play(scenario, rows=40)


RATE, PROCESSES = 20, 4


@in_virtual_time(rows=60, knobs={"latency_write": "0.2-1.2"}, rate_per_second=RATE, max_in_flight=32)
async def test_four_processes_never_ask_more_often_than_the_rate_and_use_it(world):
    """The clock is virtual, so that what is measured is the sharing and not how busy this machine is."""
    world.batch()
    first, *others = [await world.process() for _ in range(PROCESSES)]
    looks = [process.platform.sim(iccid) for process in others for iccid in world.iccids * 2]
    await asyncio.gather(world.run(first), *looks)

    world.check_all_made()
    times = sorted(at for path in ("login", CREATE, "fetchSIM") for at in world.times(path))
    assert len(times) > 60 * 7
    busy = times[-1] - times[0]
    used = (len(times) - 1) / busy / RATE
    window = max(sum(at <= other < at + 1 for other in times) for at in times)
    print(f"{PROCESSES} processes, rate {RATE}: at most {window} calls in a second, {used:.1%} of the rate used")
    assert world.simulator.engine.stats.max_in_one_second <= RATE
    assert window <= RATE
    assert used >= 0.95


@pytest.mark.long
@in_virtual_time(rows=10, knobs={"duplicates": True}, throttled_may_be_done=True)
async def test_after_an_hour_of_everything_going_wrong_calm_brings_everything_to_an_end(world):
    weather = await brown_out(world, hours=1, batch=5, every=1800)
    print(weather)

    assert all_final(world, weather)
    assert {iccid: ids for iccid, ids in world.made().items() if len(ids) > 1} == {}
    assert weather.calm_seconds < CALM_SECONDS
    assert weather.calls < 1500


@in_virtual_time(rows=30, faults=[{"fault": "hang_after", "route": CREATE, "probability": 0.3}])
async def test_after_a_cancel_no_call_starts_and_nothing_is_lost(world):
    world.batch()
    session = await world.process()
    running = asyncio.create_task(world.run(session))
    await asyncio.sleep(1.5)
    world.cancel()
    cancelled = now()
    await running

    late = [at for at in world.times(CREATE) if at > cancelled + 1.1]  # a process looks once a second
    assert late == []
    assert 0 < world.requests(CREATE) < 30
    made = {iccid for iccid, ids in world.made().items() if ids}
    unsettled = world.states()[State.IN_DOUBT]
    known = {iccid for iccid, found in world.mapping().items() if found}
    assert len(made - known) <= unsettled
    world.allow()
    world.faults()
    await world.run()
    world.check_all_made()
    assert all(b >= a for a, b in pairwise(world.times(CREATE)))
