"""Settling what is left, beside other processes."""

import asyncio
from pathlib import Path

import pytest

from tasks import resources
from tasks.carry_out import settle_rest
from tests.support.desk import Desk

LOOKS = 1.0  # s between two looks


def write_transactions(store: Path) -> int:
    """How many transactions have changed an embedded store, which it counts in its header."""
    return int.from_bytes(store.read_bytes()[24:28], "big")


async def test_a_process_that_may_send_nothing_for_now_waits_between_looks(folder):
    store = folder / "store.db"
    desk = Desk(f"sqlite:///{store}")
    scope = desk.batch(20)
    other = await desk.ledger(max_in_flight=4)
    assert len((await other.step(scope, [], 4)).work) == 4  # every place is taken by the other process
    async with resources.session("travel"):
        before = write_transactions(store)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(settle_rest.__wrapped__("travel", scope.change, "march"), 3 * LOOKS)
        looks = write_transactions(store) - before
    await other.close()
    desk.close()

    assert looks < 20
