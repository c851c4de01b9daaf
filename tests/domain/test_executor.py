"""Sending: intent first, then the call, then the outcome, and never more at once than allowed."""

import asyncio
import itertools
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import LoginRefused, Stopped
from domain.lifecycle import Kind
from domain.operation import State
from tests.support.memory_ledger import MemoryLedger
from tests.support.memory_platform import DONE, MemoryPlatform
from tests.support.play import LOGIN, REFUSED, THROTTLED, UNKNOWN, UNREACHABLE, Play
from tests.support.works import iccid, work, works

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
