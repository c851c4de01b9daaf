"""A platform that refuses one SIM after the other is not given the rest of stock."""

import asyncio

import pytest

from domain.executor import Executor
from domain.outcome import Answer, Because, Verdict
from domain.ports import Scope
from domain.until_refused import UntilRefused
from tests.support.memory_ledger import MemoryLedger, Steady
from tests.support.memory_platform import MemoryPlatform
from tests.support.works import iccid, works

NO = Answer(Verdict.NOT_DONE, Because.REFUSED)
PERSON = Answer(Verdict.NOT_DONE, Because.CONTRADICTION)


async def sent(script, *, most=5, rows=40):
    """How many creates went out, and whether the row of refusals ended it."""
    ledger, platform = MemoryLedger(works(rows)), MemoryPlatform()
    platform.script = {iccid(number): [answer] for number, answer in script.items()}
    steps, stop = UntilRefused(ledger, most=most), asyncio.Event()
    await Executor(steps, platform, max_in_flight=1, turns=Steady(1.0), send_window=30.0, stop=stop, halt=stop.set).run(
        Scope(1)
    )
    return len(platform.performed), steps.is_over


async def test_so_many_refusals_in_a_row_are_the_end():
    assert await sent(dict.fromkeys(range(1, 41), NO)) == (5, True)


async def test_one_that_is_done_begins_a_new_row():
    assert await sent({number: NO for number in range(1, 41) if number % 5}) == (40, False)


@pytest.mark.parametrize("first", [3, 30])
async def test_a_row_ends_it_wherever_it_begins(first):
    assert await sent(dict.fromkeys(range(first, 41), NO)) == (first + 4, True)


async def test_only_refusals_count_and_only_a_yes_ends_their_row():
    assert await sent({1: NO, 2: NO, 3: PERSON, 4: NO, 5: NO, 6: NO}) == (6, True)
