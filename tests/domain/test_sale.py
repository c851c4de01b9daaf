"""What a sale does around its calls."""

import asyncio

from domain.lifecycle import Kind
from domain.selling_calls import LookingAhead
from tests.support.memory_platform import MemoryPlatform
from tests.support.play import UNREACHABLE
from tests.support.virtual_time import played
from tests.support.works import iccid, work


class SlowCounts(MemoryPlatform):
    """Counting takes long and fails."""

    async def assigned(self, endpoint_id: str, group: str) -> int | None:
        await asyncio.sleep(5)
        raise RuntimeError("nobody may miss this")


def test_an_activation_that_is_tried_again_leaves_no_count_of_the_first_try_behind():
    platform = SlowCounts(seconds=1.0)
    platform.script = {iccid(1): [UNREACHABLE, UNREACHABLE]}

    async def run():
        ahead = LookingAhead(platform, "eu", True)
        for _ in range(2):
            await ahead.carry_out(platform, work(kind=Kind.ACTIVATE))
        counting = len(asyncio.all_tasks()) - 1
        await ahead.close()
        return counting, len(asyncio.all_tasks()) - 1

    assert played(run()) == (2, 0)  # the SIM's row and the count of the second try
