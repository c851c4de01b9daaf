"""Sending: intent first, then the call, then the outcome, and never more at once than allowed."""

import asyncio
import itertools
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import LoginRefused, Stopped
from domain.executor import Executor
from domain.lifecycle import Kind
from domain.operation import State
from domain.outcome import Answer, Because, Verdict
from tests.support.memory_ledger import EVERYTHING, MemoryLedger, Steady
from tests.support.memory_platform import DONE, MemoryPlatform
from tests.support.virtual_time import now, played
from tests.support.works import iccid, work, works

UNKNOWN = Answer(Verdict.UNKNOWN, text="no complete answer")
REFUSED = Answer(Verdict.NOT_DONE, Because.REFUSED)
UNREACHABLE = Answer(Verdict.NOT_DONE, Because.UNREACHABLE)
THROTTLED = Answer(Verdict.NOT_DONE, Because.THROTTLED)
LOGIN = Answer(Verdict.NOT_DONE, Because.LOGIN, text="wrong password")


class Play:
    """An executor with all it needs, in a time of its own."""

    def __init__(self, operations, *, max_in_flight=4, rate=10.0, waiting=0, platform=None, ledger=MemoryLedger):
        self.ledger = ledger(operations, clock=now)
        self.platform = platform or MemoryPlatform(seconds=1.0)
        self.stop = asyncio.Event()
        self.executor = Executor(
            self.ledger,
            self.platform,
            max_in_flight=max_in_flight,
            turns=Steady(rate, waiting),
            send_window=30.0,
            stop=self.stop,
            halt=self.stop.set,
        )
        self.ended_at = 0.0

    def answers(self, script):
        """What the next writes of each operation come to."""
        self.platform.script = {iccid(number): list(outcomes) for number, outcomes in script.items()}

    async def _run(self, *meanwhile):
        others = [asyncio.create_task(other) for other in meanwhile]
        try:
            await self.executor.run(EVERYTHING)
        finally:
            self.ended_at = now()
            await asyncio.gather(*others)

    def run(self, *meanwhile):
        played(self._run(*meanwhile))

    def states(self):
        return {state.value: count for state, count in self.ledger.states.items()}

    def sent_times(self):
        """How often each ICCID was written to the platform."""
        return [sum(w.iccid == iccid(n) for w in self.platform.performed) for n in self.ledger.entries]


# --- the ordinary case ---


def test_everything_ready_is_sent_once_and_recorded():
    play = Play(works(25))

    play.run()

    assert play.states() == {"confirmed": 25}
    assert play.sent_times() == [1] * 25


def test_nothing_ready_ends_at_once():
    play = Play([])

    play.run()

    assert play.ledger.rooms == [4]
    assert not play.platform.performed


def test_no_call_is_made_before_its_intent_is_in_the_ledger():
    intents = []

    class Watching(MemoryPlatform):
        async def perform(self, work):
            intents.append((play.ledger.state(work.id), ("sent", work.id) in play.ledger.facts, work.token))
            return DONE

    play = Play(works(10), platform=Watching())
    play.run()

    assert intents == [(State.SENT, True, 1)] * 10


@pytest.mark.parametrize("limit", [1, 2, 7])
@pytest.mark.parametrize(("rate", "alone"), [(10.0, True), (1000.0, True), (1000.0, False)])
def test_never_more_calls_at_once_than_allowed(limit, rate, alone):
    play = Play(works(40), max_in_flight=limit, rate=rate)
    play.ledger.alone = alone

    play.run()

    assert play.platform.most_in_flight == limit
    assert play.states() == {"confirmed": 40}


def test_beside_other_processes_no_more_is_marked_as_sent_than_may_be_under_way():
    play = Play(works(40), max_in_flight=8, rate=1000.0)
    play.ledger.alone = False

    play.run()

    assert max(play.ledger.rooms) == 8


def test_no_more_is_taken_than_can_start_in_its_send_window():
    play = Play(works(40), max_in_flight=512, rate=0.2)

    play.run()

    assert max(play.ledger.rooms) == 1


def test_calls_whose_answers_take_long_keep_no_others_from_starting():
    """At two calls a second and answers after a minute, a hundred calls are under way: they have had their turn."""
    play = Play(works(120), max_in_flight=100, rate=2.0, platform=MemoryPlatform(seconds=60.0))

    play.run()

    assert play.platform.most_in_flight == 100


def test_where_calls_wait_for_their_turn_no_more_are_taken_than_have_theirs_in_time():
    """After refusals the turns come slowly; what was taken too early would be given back, again and again."""
    play = Play(works(40), max_in_flight=16, rate=2.0, waiting=7)

    play.run()

    assert max(play.ledger.rooms) == 3


def test_a_refusal_of_one_is_a_result_and_the_others_go_on():
    play = Play(works(10))
    play.answers({3: [REFUSED]})

    play.run()

    assert play.states() == {"confirmed": 9, "refused": 1}
    assert play.ledger.state(3) is State.REFUSED


def test_a_call_that_was_refused_for_asking_too_often_is_sent_again():
    play = Play(works(3))
    play.answers({2: [THROTTLED, THROTTLED]})

    play.run()

    assert play.states() == {"confirmed": 3}
    assert play.sent_times() == [1, 3, 1]


def test_an_unknown_outcome_is_not_sent_again():
    play = Play(works(3))
    play.answers({2: [UNKNOWN]})

    play.run()

    assert play.states() == {"confirmed": 2, "in_doubt": 1}
    assert play.sent_times() == [1, 1, 1]


def test_a_defect_in_the_platform_is_an_unknown_outcome_and_nothing_is_lost():
    play = Play(works(6))
    play.answers({2: [ZeroDivisionError("token eyJ.secret")]})

    play.run()

    assert play.states() == {"confirmed": 5, "in_doubt": 1}


def test_the_text_of_a_defect_is_not_recorded_since_it_may_hold_a_secret():
    answers = []

    class Listening(MemoryLedger):
        async def step(self, scope, results, room, **options):
            answers.extend(result.answer for result in results)
            return await super().step(scope, results, room, **options)

    play = Play(works(1), ledger=Listening)
    play.answers({1: [ValueError("Bearer eyJ.secret")]})
    play.run()

    assert [answer.text for answer in answers] == ["internal error: ValueError"]


def test_groups_are_carried_out_with_their_counts():
    play = Play([work(1, Kind.ASSIGN, target="eu"), work(2, Kind.ASSIGN, target="eu")])
    play.platform.groups["E2"] = ["eu"]

    play.run()

    assert play.states() == {"confirmed": 2}
    assert [w.iccid for w in play.platform.performed] == [iccid(1)]


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


# --- whatever happens ---

outcomes = st.sampled_from([DONE, UNKNOWN, REFUSED, UNREACHABLE, THROTTLED, LOGIN, ValueError("x")])


@settings(max_examples=60)
@given(
    script=st.dictionaries(st.integers(1, 20), st.lists(outcomes, max_size=3)),
    max_in_flight=st.integers(1, 6),
    stop_after=st.none() | st.floats(0, 20),
)
def test_every_outcome_is_recorded_and_nothing_in_doubt_is_sent_again(script, max_in_flight, stop_after):
    play = Play(works(20), max_in_flight=max_in_flight)
    play.answers(script)

    async def stop():
        if stop_after is not None:
            await asyncio.sleep(stop_after)
            play.stop.set()

    with suppress(LoginRefused, Stopped):
        play.run(stop())

    assert play.ledger.states[State.SENT] == 0
    assert play.platform.most_in_flight <= max_in_flight
    for number in play.ledger.entries:
        history = [state for state, which in play.ledger.facts if which == number]
        assert ("in_doubt", "sent") not in itertools.pairwise(history)
        sent = [w for w in play.platform.performed if w.id == number]
        assert len({w.token for w in sent}) == len(sent)  # one call for each intent
