"""Eight hours in which everything goes wrong at once, and then calm."""

import pytest

from tests.faults.conftest import play
from tests.support.weather import CALM_SECONDS, all_final, brown_out

__all__ = ["play"]

pytestmark = pytest.mark.timeout(1200)


def test_after_eight_hours_of_everything_going_wrong_calm_brings_everything_to_an_end(play, chance):
    seed = chance.randrange(10**6)

    async def scenario(world):
        weather = await brown_out(world, hours=8, batch=5, every=1800)
        print(f"platform seed {seed}: {weather}")

        assert all_final(world, weather)
        assert {iccid: ids for iccid, ids in world.made().items() if len(ids) > 1} == {}
        assert weather.calm_seconds < CALM_SECONDS
        assert weather.calls < 8 * 1500

    play(scenario, rows=80, knobs={"duplicates": True, "seed": seed}, throttled_may_be_done=True)
