"""The rules of a call that creates many endpoints at once."""

import asyncio
from collections.abc import Sequence

import pytest

from domain.bulk import BulkAnswer, BulkCreator, create_many
from domain.errors import StoreUnavailable
from domain.lifecycle import Kind
from domain.operation import State, Work
from domain.outcome import Answer, Because, Verdict
from domain.ports import Result, Scope, Step
from tests.support.memory_ledger import EVERYTHING, MemoryLedger
from tests.support.virtual_time import now, played

REFUSED = Answer(Verdict.NOT_DONE, Because.REFUSED, code="10117")
DONE = Answer(Verdict.DONE)


def works(count: int) -> list[Work]:
    return [Work(n, Kind.CREATE, 1, n, f"89445000000000000{n:02d}", f"sim {n}") for n in range(count)]


class AllOrNothing:
    """A platform that refuses a whole call when one item in it is bad."""

    def __init__(self, bad: set[str]) -> None:
        self.bad = bad
        self.calls: list[int] = []

    async def create_many(self, asked: Sequence[Work]) -> BulkAnswer:
        self.calls.append(len(asked))
        if any(work.iccid in self.bad for work in asked):
            return BulkAnswer(REFUSED)
        items = {work.iccid: Answer(Verdict.DONE, endpoint_id=f"e{work.id}") for work in reversed(asked)}
        return BulkAnswer(DONE, items)


class Fixed:
    """A platform with one answer."""

    def __init__(self, answer: BulkAnswer) -> None:
        self.answer = answer
        self.calls = 0

    async def create_many(self, asked: Sequence[Work]) -> BulkAnswer:
        self.calls += 1
        return self.answer


@pytest.mark.parametrize("bad", [0, 7, 15])
async def test_one_bad_item_that_rejects_all_is_found_and_the_others_are_created(bad: int) -> None:
    asked = works(16)
    platform = AllOrNothing({asked[bad].iccid})
    results = await create_many(platform, asked)
    refused = [result.work.id for result in results if result.answer.because is Because.REFUSED]
    assert refused == [bad]
    assert sum(result.answer.verdict is Verdict.DONE for result in results) == 15
    assert len(platform.calls) <= 2 * 4 + 1


async def test_halving_ends_when_every_item_is_bad() -> None:
    asked = works(8)
    platform = AllOrNothing({work.iccid for work in asked})
    results = await create_many(platform, asked)
    assert all(result.answer.because is Because.REFUSED for result in results)
    assert len(platform.calls) == 15


async def test_items_are_matched_by_iccid_not_by_position() -> None:
    asked = works(5)
    results = await create_many(AllOrNothing(set()), asked)
    assert [result.answer.endpoint_id for result in results] == [f"e{work.id}" for work in asked]


async def test_an_item_that_the_answer_does_not_name_is_unknown() -> None:
    asked = works(3)
    answer = BulkAnswer(DONE, {asked[1].iccid: Answer(Verdict.DONE, endpoint_id="e1")})
    verdicts = [result.answer.verdict for result in await create_many(Fixed(answer), asked)]
    assert verdicts == [Verdict.UNKNOWN, Verdict.DONE, Verdict.UNKNOWN]


async def test_a_call_with_unknown_outcome_is_not_halved_and_leaves_every_item_unknown() -> None:
    platform = Fixed(BulkAnswer(Answer(Verdict.UNKNOWN, text="no complete answer")))
    results = await create_many(platform, works(4))
    assert platform.calls == 1
    assert {result.answer.verdict for result in results} == {Verdict.UNKNOWN}


async def test_a_throttled_call_is_not_halved() -> None:
    platform = Fixed(BulkAnswer(Answer(Verdict.NOT_DONE, Because.THROTTLED)))
    results = await create_many(platform, works(4))
    assert platform.calls == 1
    assert {result.answer.because for result in results} == {Because.THROTTLED}


def test_what_a_bulk_call_came_to_while_the_store_was_away_is_recorded_when_it_answers_again() -> None:
    class Away(MemoryLedger):
        async def step(self, scope: Scope, results: Sequence[Result], room: int, *, bulk: bool = False) -> Step:
            if 0.5 <= now() < 30.5:
                raise StoreUnavailable
            return await super().step(scope, results, room, bulk=bulk)

    class Slow(AllOrNothing):
        async def create_many(self, asked: Sequence[Work]) -> BulkAnswer:
            await asyncio.sleep(1.0)
            return await super().create_many(asked)

    ledger, platform = Away(works(6), clock=now), Slow(set())

    async def run() -> None:
        stop = asyncio.Event()
        await BulkCreator(ledger, platform, size=2, at_once=2, stop=stop, halt=stop.set).run(EVERYTHING)

    played(run())

    assert ledger.states == {State.CONFIRMED: 6}
    assert platform.calls == [2, 2, 2]
