"""An endpoint that is to be ended: what is read first, what follows, and how a doubt about it is settled."""

from dataclasses import replace

import pytest

from domain.carry import carry_out
from domain.doubt import Sight
from domain.ending import look
from domain.errors import LoginRefused, PlatformUnreachable
from domain.lifecycle import Kind, Lifecycle
from domain.outcome import Answer, Because, Verdict
from domain.ports import ReadRefused, ReadStopped
from tests.support.memory_platform import MemoryPlatform, read_failed, sim
from tests.support.virtual_time import played
from tests.support.works import iccid, work

A = iccid(1)
TERMINATE = work(1, Kind.TERMINATE)
ATTACHED = sim(A, "E1", Lifecycle.ACTIVE)
REFUSED = Answer(Verdict.NOT_DONE, Because.REFUSED, text="no")


BEGUN = replace(TERMINATE, token=2, unclear=1)  # an earlier attempt of ours may have taken the SIM away


def platform(*sims, without_sim=(), tells=True):
    made = MemoryPlatform(sims)
    made.without_sim, made.tells_ends = set(without_sim), tells
    return made


def carried(on, asked=TERMINATE):
    answer = played(carry_out(on, asked))
    return answer, len(on.performed)


@pytest.mark.parametrize(
    ("on", "sight"),
    [
        (platform(ATTACHED), Sight.ABSENT),
        (platform(sim(A)), Sight.PRESENT),
        (platform(), Sight.PRESENT),
        (platform(sim(A), without_sim=["E1"]), Sight.DETACHED),
        (platform(sim(A), tells=False), Sight.UNPROVEN),
        (platform(sim(A, "E1", Lifecycle.TERMINATED)), Sight.PRESENT),
        (platform(sim(A, "E2", Lifecycle.ACTIVE)), Sight.CONTRADICTION),
        (platform(replace(ATTACHED, rivals=("E2",))), Sight.CONTRADICTION),
        (platform(replace(ATTACHED, state=Lifecycle.TERMINATED, rivals=("E2",))), Sight.CONTRADICTION),
    ],
    ids=[
        "attached",
        "detached",
        "unknown SIM",
        "half done",
        "not told",
        "shown as ended",
        "another endpoint",
        "rivals",
        "rivals of an ended one",
    ],
)
def test_a_sim_without_an_endpoint_is_only_half_a_proof(on, sight):
    assert played(look(on, A, "E1")).sight is sight


def test_an_endpoint_is_read_and_then_ended():
    on = platform(ATTACHED)

    answer, writes = carried(on)

    assert (answer.verdict, answer.already, writes, on.calls["sim"]) == (Verdict.DONE, False, 1, 1)


def test_an_endpoint_that_is_gone_is_not_written():
    answer, writes = carried(platform(sim(A)))

    assert (answer.verdict, answer.already, writes) == (Verdict.DONE, True, 0)


def test_another_endpoint_on_the_sim_is_not_touched():
    answer, writes = carried(platform(sim(A, "E2", Lifecycle.ACTIVE)))

    assert (answer.because, writes) == (Because.CONTRADICTION, 0)


@pytest.mark.parametrize(
    ("trouble", "because"),
    [
        (read_failed(), Because.UNREACHABLE),
        (PlatformUnreachable(), Because.UNREACHABLE),
        (ReadStopped("stopped"), Because.STOPPED),
        (ReadRefused("not shown"), Because.REFUSED),
        (LoginRefused("no"), Because.LOGIN),
    ],
)
def test_without_a_look_nothing_is_sent(trouble, because):
    on = platform(ATTACHED)
    on.broken["sim"] = trouble

    answer, writes = carried(on)

    assert (answer.verdict, answer.because, writes) == (Verdict.NOT_DONE, because, 0)


def test_a_refusal_stands_while_the_endpoint_is_there():
    on = platform(ATTACHED)
    on.script[A] = [REFUSED]

    assert carried(on) == (REFUSED, 1)


@pytest.mark.parametrize(("token", "verdict"), [(1, Verdict.NOT_DONE), (2, Verdict.UNKNOWN)])
def test_a_refusal_that_cannot_be_looked_into_stands_only_for_a_first_attempt(token, verdict):
    class Unreadable(MemoryPlatform):
        async def perform(self, asked):
            self.broken["sim"] = read_failed()
            return REFUSED

    answer = played(carry_out(Unreadable([ATTACHED]), replace(TERMINATE, token=token)))

    assert answer.verdict is verdict


def test_a_refusal_of_what_was_half_done_and_is_gone_by_now_counts_as_done():
    on = platform(sim(A), without_sim=["E1"])

    class Ending(MemoryPlatform):
        async def perform(self, asked):
            self.without_sim.clear()
            return REFUSED

    on.__class__ = Ending
    answer = played(carry_out(on, BEGUN))

    assert (answer.verdict, answer.because, answer.already) == (Verdict.DONE, None, True)


def test_an_endpoint_that_is_there_without_its_sim_is_only_ended_by_who_took_the_sim_away():
    first, writes = carried(platform(sim(A), without_sim=["E1"]))
    on = platform(sim(A), without_sim=["E1"])
    again, _ = carried(on, BEGUN)

    assert (first.because, writes) == (Because.CONTRADICTION, 0)
    assert "it may serve another SIM by now" in first.text
    assert (again.verdict, [one.detached for one in on.performed]) == (Verdict.DONE, [True])


@pytest.mark.parametrize("asked", [TERMINATE, BEGUN])
def test_an_endpoint_that_lives_on_with_another_sim_is_never_ended(asked):
    answer, writes = carried(platform(sim(A), sim(iccid(2), "E1", Lifecycle.ACTIVE)), asked)

    assert (answer.because, writes) == (Because.CONTRADICTION, 0)
    assert answer.text == "endpoint E1 holds another SIM by now"


def test_an_endpoint_that_says_itself_that_it_holds_the_sim_is_ended_though_the_list_lags():
    on = platform(sim(A))

    class Lagging(MemoryPlatform):
        async def endpoint_exists(self, endpoint_id):
            return True

        async def iccid_on(self, endpoint_id):
            return A

        async def perform(self, asked):
            self.performed.append(asked)
            return Answer(Verdict.DONE)

    on.__class__ = Lagging
    answer, writes = carried(on)

    assert (answer.verdict, writes, on.performed[0].detached) == (Verdict.DONE, 1, False)


def test_what_is_not_told_of_an_endpoint_ends_it_only_for_who_took_the_sim_away():
    first, writes = carried(platform(sim(A), tells=False))
    on = platform(sim(A), tells=False)
    carried(on, BEGUN)

    assert (first.because, writes) == (Because.CONTRADICTION, 0)
    assert [one.detached for one in on.performed] == [True]


def test_a_refused_delete_of_an_endpoint_that_is_still_there_goes_to_a_person():
    on = platform(sim(A), without_sim=["E1"])
    on.script[A] = [REFUSED]

    answer, writes = carried(on, BEGUN)

    assert (answer.because, writes) == (Because.CONTRADICTION, 1)
