"""Real processes, a real store and a platform that is late: killed at random, and never a second endpoint."""

import asyncio
from collections import Counter

import pytest

from domain.operation import State
from tests.lives.conftest import urls
from tests.support.lives import SETTINGS, RealWorld

__all__ = ["urls"]

pytestmark = pytest.mark.timeout(1200)

RUNS, AT_ONCE = 70, 16  # for each seed; three seeds are asked for by default
SETTLE = 2.0
# A tenth of the settle time is left for a busy machine.
LATEST = SETTINGS["deadline_seconds"] + 0.9 * SETTLE


def troubles(chance):
    """Most answers are lost, and what was lost is done at once, late, or never."""
    create = {"route": "CreateEndPoint"}
    return [
        *(
            {"fault": "late_commit", "late": chance.uniform(0.1, LATEST), "probability": 0.2, **create}
            for _ in range(2)
        ),
        {"fault": "timeout_code_applied", "late": chance.uniform(0.1, LATEST), "probability": 0.1, **create},
        {"fault": "hang_before", "probability": 0.1, **create},
        {"fault": "error_after", "probability": 0.1, **create},
        {"fault": "reset_before", "probability": 0.1, **create},
        {"fault": "accepted", "late": chance.uniform(0.1, LATEST), "probability": 0.1, **create},
    ]


@pytest.mark.parametrize("urls", ["sqlite"], indirect=True)
async def test_whatever_is_late_or_lost_and_whoever_is_killed_no_sim_gets_two_endpoints(urls, chance):
    limit, ends, processes = asyncio.Semaphore(AT_ONCE), Counter(), Counter()

    async def once(number: int) -> None:
        seed, deaths = chance.randrange(10**6), [chance.randrange(1, 60) for _ in range(chance.randrange(3))]
        knobs = {"duplicates": True, "seed": seed}
        faults = troubles(chance)
        async with limit, RealWorld(urls(), knobs=knobs, faults=faults, settle_seconds=SETTLE) as world:
            for deadly in deaths:
                processes[await world.live(world.job(tags=()), deadly=deadly).ended()] += 1
            processes[await world.live(world.job(tags=())).ended()] += 1
            await asyncio.sleep(LATEST)
            twice = {iccid: ids for iccid, ids in world.made().items() if len(ids) > 1}
            assert twice == {}, f"run {number}, platform seed {seed}, killed at {deaths}: {twice}"
            world.check_nothing_twice()
            assert set(world.states()) <= {State.CONFIRMED, State.NEEDS_HUMAN}
            ends.update(world.states())

    await asyncio.gather(*map(once, range(RUNS)))
    print(f"{RUNS} runs, {processes.total()} processes, {processes[-9]} of them killed: {dict(ends)}, 0 twice")
