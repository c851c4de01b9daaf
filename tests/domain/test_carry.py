"""The reads around a write that must not be made twice."""

from dataclasses import replace

import pytest

from domain.carry import carry_out
from domain.endpoint import SimRecord
from domain.errors import LoginRefused, PlatformUnreachable
from domain.lifecycle import Kind, Lifecycle
from domain.outcome import Answer, Because, Verdict
from domain.ports import GroupUnusable, ReadStopped
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


# --- a refusal of what was tried before ---

CHANGES = {Kind.SUSPEND: Lifecycle.SUSPENDED, Kind.RESUME: Lifecycle.ACTIVE, Kind.ACTIVATE: Lifecycle.ACTIVE}
BEFORE = {Kind.SUSPEND: Lifecycle.ACTIVE, Kind.RESUME: Lifecycle.SUSPENDED, Kind.ACTIVATE: Lifecycle.PRE_ACTIVE}
NOT_ALLOWED = replace(REFUSED, text="Status change not allowed")


def refused_again(platform, kind, shown, *, token=2, **fields):
    """What a refusal of this attempt comes to on a platform that shows this SIM."""
    operation = work(1, kind, token=token, **fields)
    platform.sims[operation.iccid] = shown
    platform.script[operation.iccid] = [NOT_ALLOWED]
    return carried(platform, operation)[0]


@pytest.mark.parametrize("kind", CHANGES)
def test_a_refusal_because_an_earlier_attempt_was_carried_out_is_done(platform, kind):
    answer = refused_again(platform, kind, sim(work(1).iccid, "E1", CHANGES[kind]), unclear=1)

    assert (answer.verdict, answer.because, answer.already) == (Verdict.DONE, None, True)
    assert "Status change not allowed" in answer.text


@pytest.mark.parametrize("kind", CHANGES)
def test_a_first_attempt_that_is_refused_is_refused_and_nobody_looks(platform, kind):
    answer = refused_again(platform, kind, sim(work(1).iccid, "E1", CHANGES[kind]), token=1)

    assert answer == NOT_ALLOWED
    assert not platform.calls


@pytest.mark.parametrize("kind", CHANGES)
def test_a_refusal_stands_when_the_platform_shows_after_some_seconds_that_nothing_was_done(platform, kind):
    answer = refused_again(platform, kind, sim(work(1).iccid, "E1", BEFORE[kind]))

    assert answer == NOT_ALLOWED
    assert platform.calls["sim"] == 3, "reads lag behind writes"


@pytest.mark.parametrize("kind", CHANGES)
def test_a_refusal_stands_when_the_sim_holds_no_endpoint_any_more(platform, kind):
    assert refused_again(platform, kind, None) == NOT_ALLOWED


def test_a_change_that_shows_late_is_done(platform):
    class Late(MemoryPlatform):
        async def sim(self, iccid):
            if self.calls["sim"] == 2:
                self.sims[iccid] = sim(iccid, "E1", Lifecycle.SUSPENDED)
            return await super().sim(iccid)

    answer = refused_again(Late(), Kind.SUSPEND, sim(work(1).iccid, "E1", Lifecycle.ACTIVE))

    assert (answer.verdict, answer.already) == (Verdict.DONE, True)


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("error", [read_failed(), ReadStopped("x"), PlatformUnreachable(), LoginRefused()])
def test_a_refusal_that_cannot_be_looked_into_is_unknown(platform, kind, error):
    platform.broken["sim"] = error

    assert refused_again(platform, kind, None).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize(
    "shown",
    [
        SimRecord(work(1).iccid, "E1", Lifecycle.ACTIVE, "Active", rivals=("E2",)),
        SimRecord(work(1).iccid, "E2", Lifecycle.ACTIVE, "Active"),
        SimRecord(work(1).iccid, "E1", Lifecycle.TERMINATED, "terminated"),
    ],
    ids=["rivals", "another endpoint", "terminated"],
)
def test_a_refusal_beside_a_contradiction_goes_to_a_person(platform, kind, shown):
    answer = refused_again(platform, kind, shown)

    assert (answer.verdict, answer.because) == (Verdict.NOT_DONE, Because.CONTRADICTION)
    assert "Status change not allowed" in answer.text


def test_an_endpoint_that_became_active_in_another_group_was_not_put_into_ours(platform):
    shown = replace(sim(work(1).iccid, "E1", Lifecycle.ACTIVE), groups=frozenset({"us"}))
    answer = refused_again(platform, Kind.ACTIVATE, shown, target="eu")

    assert answer.because is Because.CONTRADICTION
    assert "another group" in answer.text


def test_a_second_assignment_that_is_refused_because_of_the_first_is_done(platform):
    class Late(MemoryPlatform):
        async def assigned(self, endpoint_id, group):
            if self.performed:
                self.groups[endpoint_id] = [group]
            return await super().assigned(endpoint_id, group)

    platform = Late()
    operation = replace(ASSIGN, token=2)
    platform.script[operation.iccid] = [NOT_ALLOWED]
    answer, writes = carried(platform, operation)

    assert (answer.verdict, answer.already, writes) == (Verdict.DONE, True, 1)


@pytest.mark.parametrize("instances", [0, 2])
def test_a_second_assignment_that_is_refused_is_looked_into(platform, instances):
    class Crowded(MemoryPlatform):
        async def assigned(self, endpoint_id, group):
            if self.performed:
                self.groups[endpoint_id] = [group] * instances
            return await super().assigned(endpoint_id, group)

    platform = Crowded()
    platform.script[ASSIGN.iccid] = [NOT_ALLOWED]
    answer, _ = carried(platform, replace(ASSIGN, token=2))

    assert answer.because is (Because.CONTRADICTION if instances else Because.REFUSED)


def test_a_second_assignment_that_is_refused_stays_in_doubt_where_no_look_up_ever_showed_one(platform):
    platform.shows_what_is_there = False
    platform.script[ASSIGN.iccid] = [NOT_ALLOWED]
    answer, writes = carried(platform, replace(ASSIGN, token=2))

    assert (answer.verdict, answer.because, writes) == (Verdict.UNKNOWN, None, 1)


def test_a_second_assignment_that_is_refused_and_cannot_be_counted_is_refused_or_unknown(platform):
    """A platform that never counts leaves the refusal; a count that fails now leaves the question."""
    platform.counts_groups = False
    platform.script[ASSIGN.iccid] = [NOT_ALLOWED]
    never, _ = carried(platform, replace(ASSIGN, token=2))
    counting = MemoryPlatform()
    counting.script[ASSIGN.iccid] = [NOT_ALLOWED]
    counting.broken["assigned 2"] = read_failed()
    failed, _ = carried(counting, replace(ASSIGN, token=2))

    assert (never.because, failed.verdict) == (Because.REFUSED, Verdict.UNKNOWN)


# --- counts that fail ---


@pytest.mark.parametrize(
    ("error", "because"),
    [
        (read_failed("http 500"), Because.UNREACHABLE),
        (ReadStopped("http 500"), Because.STOPPED),
        (GroupUnusable("http 500"), Because.GROUP),
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
