"""The reads around a write that must not be made twice."""

import pytest

from domain.carry import carry_out
from domain.errors import LoginRefused, PlatformUnreachable
from domain.lifecycle import Kind, Lifecycle
from domain.outcome import Answer, Because, Verdict
from domain.ports import ReadStopped
from tests.support.memory_platform import DONE, MemoryPlatform, read_failed, sim
from tests.support.virtual_time import played
from tests.support.works import work

ASSIGN = work(1, Kind.ASSIGN, target="eu")
UNKNOWN = Answer(Verdict.UNKNOWN, text="no answer")
REFUSED = Answer(Verdict.NOT_DONE, Because.REFUSED)


@pytest.fixture
def platform():
    return MemoryPlatform()


def carried(platform, operation=ASSIGN):
    answer = played(carry_out(platform, operation))
    return answer, len(platform.performed)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in (Kind.ASSIGN, Kind.TERMINATE)])
def test_any_other_change_is_one_write_and_nothing_else(platform, kind):
    _, writes = carried(platform, work(1, kind))

    assert writes == 1
    assert not platform.calls


def test_instances_are_counted_before_and_after(platform):
    answer, writes = carried(platform)

    assert (answer, writes, platform.calls["assigned"]) == (DONE, 1, 2)


def test_an_endpoint_that_is_in_the_group_is_not_written(platform):
    platform.groups["E1"] = ["eu"]

    answer, writes = carried(platform)

    assert (answer.verdict, answer.already, writes) == (Verdict.DONE, True, 0)


def test_another_group_does_not_count(platform):
    platform.groups["E1"] = ["us", "us"]

    answer, writes = carried(platform)

    assert (answer.verdict, writes) == (Verdict.DONE, 1)


def test_two_instances_before_the_write_are_a_contradiction(platform):
    platform.groups["E1"] = ["eu", "eu"]

    answer, writes = carried(platform)

    assert (answer.verdict, answer.because, writes) == (Verdict.NOT_DONE, Because.CONTRADICTION, 0)
    assert answer.text == "the endpoint is in the group 2 times"


def test_two_instances_after_the_write_are_a_contradiction(platform):
    """Somebody else put the endpoint into the group between the count and the write."""

    class Crowded(MemoryPlatform):
        async def perform(self, work):
            self.groups["E1"].append("eu")
            return await super().perform(work)

    answer, _ = carried(Crowded())

    assert (answer.verdict, answer.because) == (Verdict.NOT_DONE, Because.CONTRADICTION)


def test_a_write_that_does_not_show_yet_is_done(platform):
    platform.script["89445001" + "1".zfill(11)] = [DONE]

    answer, _ = carried(platform)

    assert platform.groups["E1"] == []
    assert answer == DONE


def test_a_platform_that_cannot_count_gets_one_write(platform):
    platform.counts_groups = False

    answer, writes = carried(platform)

    assert (answer, writes, platform.calls["assigned"]) == (DONE, 1, 1)


@pytest.mark.parametrize("outcome", [UNKNOWN, REFUSED])
def test_nothing_is_counted_after_a_write_that_was_not_done(platform, outcome):
    platform.script[ASSIGN.iccid] = [outcome]

    answer, _ = carried(platform)

    assert (answer, platform.calls["assigned"]) == (outcome, 1)


# --- counts that fail ---


@pytest.mark.parametrize(
    ("error", "because"),
    [
        (read_failed("http 500"), Because.UNREACHABLE),
        (ReadStopped("http 500"), Because.STOPPED),
        (PlatformUnreachable("http 500"), Because.UNREACHABLE),
        (LoginRefused("http 500"), Because.LOGIN),
    ],
)
def test_without_a_count_nothing_is_written(platform, error, because):
    platform.broken["assigned 1"] = error

    answer, writes = carried(platform)

    assert (answer.verdict, answer.because, writes) == (Verdict.NOT_DONE, because, 0)
    assert answer.text == "http 500"


@pytest.mark.parametrize("error", [read_failed(), ReadStopped(), PlatformUnreachable(), LoginRefused()])
def test_a_write_that_was_done_stays_done_when_the_count_after_it_fails(platform, error):
    platform.broken["assigned 2"] = error

    answer, writes = carried(platform)

    assert (answer.verdict, answer.text, writes) == (Verdict.DONE, "done; the count afterwards failed", 1)


@pytest.mark.parametrize(
    ("state", "because"), [(Lifecycle.TERMINATED, Because.ENDED), (Lifecycle.ACTIVE, Because.REFUSED)]
)
def test_a_refused_create_of_a_sim_that_was_terminated_says_so(platform, state, because):
    operation = work(1, token=2)
    platform.sims[operation.iccid] = sim(operation.iccid, "E9", state)
    platform.script[operation.iccid] = [REFUSED]

    answer, _ = carried(platform, operation)

    assert (answer.verdict, answer.because) == (Verdict.NOT_DONE, because)
