"""Sending when calls fail, when nobody answers, and when somebody says stop."""

import asyncio
from contextlib import suppress

import pytest

from domain.errors import LoginRefused, Stopped, StoreFull, StoreUnavailable
from domain.operation import State
from tests.support.memory_ledger import MemoryLedger
from tests.support.memory_platform import MemoryPlatform
from tests.support.play import GROUP, LOGIN, UNKNOWN, UNREACHABLE, Play
from tests.support.virtual_time import now
from tests.support.works import works

# --- trouble ---


def test_many_unknown_outcomes_in_a_row_let_only_one_probe_at_a_time_go_out():
    at_once = []

    class Counting(MemoryPlatform):
        async def perform(self, work):
            at_once.append(self.in_flight + 1)
            return await super().perform(work)

    play = Play(works(40), max_in_flight=5, platform=Counting(seconds=1.0))
    play.answers({number: [UNKNOWN] for number in range(1, 41)})
    play.run()

    assert max(at_once[:10]) == 5
    assert at_once[14:] == [1] * 26  # what was under way when the tenth came back was already out
    assert play.ended_at > 25 * 30  # and the probes are up to a minute apart


def test_one_good_answer_ends_the_caution():
    play = Play(works(60), max_in_flight=5)
    play.answers({number: [UNKNOWN] for number in range(1, 13)})

    play.run()

    assert play.states() == {"in_doubt": 12, "confirmed": 48}
    assert play.ended_at < 40


def test_a_platform_out_of_reach_ends_the_run_after_everything_was_recorded():
    play = Play(works(10), max_in_flight=1)
    play.answers({number: [UNREACHABLE] * 9 for number in range(1, 11)})

    with pytest.raises(Stopped, match="could not be reached 5 times in a row; nothing is lost"):
        play.run()

    assert play.states() == {"planned": 10}
    assert len(play.platform.performed) == 5


def test_between_calls_to_a_platform_out_of_reach_there_is_a_longer_and_longer_pause():
    play = Play(works(1), max_in_flight=1, platform=MemoryPlatform())
    play.answers({1: [UNREACHABLE] * 4})

    play.run()

    assert play.states() == {"confirmed": 1}
    assert play.ended_at == pytest.approx(1 + 2 + 4 + 8, abs=1)


def test_the_run_does_not_wait_before_it_gives_up():
    play = Play(works(5), max_in_flight=5, platform=MemoryPlatform())
    play.answers({number: [UNREACHABLE] for number in range(1, 6)})

    with pytest.raises(Stopped):
        play.run()

    assert play.ended_at < 1.0


def test_one_that_was_reached_starts_the_count_of_failures_again():
    play = Play(works(8), max_in_flight=1, platform=MemoryPlatform())
    play.answers({1: [UNREACHABLE] * 4, 2: [UNREACHABLE] * 4})

    play.run()

    assert play.states() == {"confirmed": 8}


@pytest.mark.parametrize("outcome", [UNKNOWN, UNREACHABLE])
def test_what_was_learned_is_recorded_before_a_pause(outcome):
    """A process that dies while it waits must not take an outcome with it."""
    ended, waits = {}, []

    class Timed(MemoryPlatform):
        async def perform(self, work):
            ended[work.id, work.token] = now()
            return await super().perform(work)

    class Timing(MemoryLedger):
        async def step(self, scope, results, room, **options):
            waits.extend(now() - ended[result.work.id, result.work.token] for result in results)
            return await super().step(scope, results, room, **options)

    play = Play(works(20), max_in_flight=4, platform=Timed(), ledger=Timing)
    play.answers({number: [outcome] for number in range(1, 21)})
    with suppress(Stopped):
        play.run()

    assert play.ended_at > 1.0
    assert max(waits) < 0.1


def test_a_refused_login_ends_the_run_after_everything_was_recorded():
    play = Play(works(20), max_in_flight=4)
    play.answers({2: [LOGIN]})

    with pytest.raises(LoginRefused, match="wrong password"):
        play.run()

    assert play.ledger.states[State.SENT] == 0
    assert play.ledger.state(2) is State.PLANNED
    assert play.ledger.states[State.CONFIRMED] == len(play.platform.performed) - 1 < 10


def test_a_group_that_takes_no_endpoints_ends_the_run_and_leaves_the_rest_planned():
    play = Play(works(20), max_in_flight=4)
    play.answers({2: [GROUP]})

    with pytest.raises(Stopped, match="no routing policy; what is left stays planned, run the same command again"):
        play.run()

    assert play.ledger.states[State.SENT] == 0
    assert play.ledger.state(2) is State.PLANNED
    assert play.ledger.states[State.CONFIRMED] == len(play.platform.performed) - 1 < 10


# --- a store that is away ---


class Away(MemoryLedger):
    """A store that does not answer between two moments."""

    between = (1.5, 41.5)

    async def step(self, scope, results, room, **options):
        if self.between[0] <= now() < self.between[1]:
            raise StoreUnavailable
        return await super().step(scope, results, room, **options)


class AwayForGood(Away):
    between = (1.5, 10_000.0)


def test_what_was_learned_while_the_store_was_away_is_recorded_when_it_answers_again():
    play = Play(works(12), max_in_flight=4, ledger=Away)

    play.run()

    assert play.states() == {"confirmed": 12}
    assert play.sent_times() == [1] * 12
    assert play.ended_at < 41.5 + 5 + 4


def test_a_run_whose_store_stays_away_ends_and_leaves_no_call_behind():
    play = Play(works(12), max_in_flight=4, platform=MemoryPlatform(seconds=90.0), ledger=AwayForGood)

    with pytest.raises(StoreUnavailable):
        play.run()

    assert play.platform.in_flight == 0
    assert len(play.platform.performed) == 4  # and nothing was started meanwhile


def test_a_full_disk_ends_a_run_soon_since_a_person_has_to_see_to_it():
    class Full(MemoryLedger):
        async def step(self, scope, results, room, **options):
            if now() >= 1.5:
                raise StoreFull
            return await super().step(scope, results, room, **options)

    play = Play(works(12), max_in_flight=4, ledger=Full)

    with pytest.raises(StoreFull):
        play.run()

    assert play.ended_at < 30


def test_a_stop_does_not_wait_for_a_store_that_is_away():
    play = Play(works(12), max_in_flight=4, ledger=AwayForGood)

    async def stop():
        await asyncio.sleep(3.0)
        play.stop.set()

    with pytest.raises(StoreUnavailable):
        play.run(stop())

    assert play.ended_at < 20


def test_a_store_that_is_away_before_anything_was_sent_ends_the_run_at_once():
    class Gone(AwayForGood):
        between = (0.0, 10_000.0)

    play = Play(works(2), ledger=Gone)

    with pytest.raises(StoreUnavailable):
        play.run()

    assert play.ended_at == 0.0


# --- stopping ---


def test_a_stop_lets_no_new_call_start_and_waits_for_those_under_way():
    play = Play(works(100), max_in_flight=4)

    async def stop():
        await asyncio.sleep(2.5)
        play.stop.set()

    play.run(stop())

    assert play.states() == {"confirmed": 12, "planned": 88}
    assert len(play.platform.performed) == 12


def test_a_stop_gives_back_what_was_marked_and_not_sent():
    play = Play(works(100), max_in_flight=8, rate=1000.0)

    async def stop():
        await asyncio.sleep(1.5)
        assert play.ledger.states[State.SENT] > 8
        play.stop.set()

    play.run(stop())

    assert play.states() == {"confirmed": 16, "planned": 84}
    assert len(play.platform.performed) == 16


def test_a_stop_ends_a_pause():
    play = Play(works(1), max_in_flight=1, platform=MemoryPlatform())
    play.answers({1: [UNREACHABLE] * 9})

    async def stop():
        await asyncio.sleep(0.5)
        play.stop.set()

    play.run(stop())

    assert play.ended_at == pytest.approx(0.5)
    assert play.states() == {"planned": 1}


def test_a_cancel_in_the_store_stops_the_process_within_a_second():
    play = Play(works(100), max_in_flight=4, platform=MemoryPlatform(seconds=30.0))

    async def cancel():
        await asyncio.sleep(5.0)
        play.ledger.cancelled = True
        await asyncio.sleep(1.1)
        assert play.stop.is_set()

    play.run(cancel())

    assert play.states() == {"confirmed": 4, "planned": 96}


def test_while_calls_are_under_way_the_store_hears_from_the_process_every_second():
    play = Play(works(1), platform=MemoryPlatform(seconds=30.0))

    play.run()

    assert len(play.ledger.rooms) >= 30
