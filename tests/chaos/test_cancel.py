"""A cancel at random moments: no call starts after it, and whoever asks again gets everything done once."""

import asyncio

import pytest

from tests.faults.conftest import play
from tests.support.virtual_time import now

__all__ = ["play"]

pytestmark = pytest.mark.timeout(1200)

FAULTS = [
    {"fault": "hang_after", "route": "CreateEndPoint", "probability": 0.1},
    {"fault": "late_commit", "route": "CreateEndPoint", "probability": 0.1, "late": 40},
    {"fault": "error_before", "route": "CreateEndPoint", "probability": 0.1},
    {"fault": "throttle", "probability": 0.05},
]
WRITES = ("CreateEndPoint", "createEndpointTag", "EndPointActivation", "SubscribeAddon")
MOMENTS = 20


def test_after_a_cancel_at_a_random_moment_no_write_starts(play, chance):
    seed, moments = chance.randrange(10**6), sorted(chance.uniform(0, 90) for _ in range(MOMENTS))

    async def scenario(world):
        world.batch("spring")
        for moment in moments:
            world.allow()
            running = asyncio.create_task(world.run(await world.process()))
            await asyncio.sleep(max(0.0, moment - now()))
            if running.done():
                await running
                break
            world.cancel()
            cancelled = now()
            await running
            late = [at for path in WRITES for at in world.times(path) if cancelled + 1.1 < at]
            assert late == [], f"platform seed {seed}, cancelled at {cancelled}"
        world.allow()
        world.faults()
        await world.run()
        await world.until_nothing_is_left_to_happen()
        world.check_all_made()

    play(scenario, rows=60, knobs={"duplicates": True, "seed": seed}, faults=FAULTS)
