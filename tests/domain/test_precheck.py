"""The SIM named is the SIM changed, and what others did first is not ours."""

from dataclasses import replace

import pytest

from domain.carry import carry_out
from domain.doubt import Patience
from domain.errors import LoginRefused, PlatformUnreachable
from domain.executor import Trouble
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.outcome import NOT_CARRIED_OUT, Answer, Because, Verdict, next_state
from domain.ownership import as_refused
from domain.ports import ReadRefused, ReadStopped
from domain.precheck import PAIR_SECONDS, is_fresh, missed_enough
from domain.selling_calls import LookingAhead
from tests.support.memory_platform import MemoryPlatform, read_failed, sim
from tests.support.virtual_time import played
from tests.support.works import iccid, work

A, B = iccid(1), iccid(2)
PRE_ACTIVE, ACTIVE = Lifecycle.PRE_ACTIVE, Lifecycle.ACTIVE
CHANGES = [Kind.TAG, Kind.ACTIVATE, Kind.ASSIGN, Kind.SUSPEND, Kind.RESUME]
ALREADY = Answer(Verdict.DONE, already=True, code="2507")


def unseen(kind, **fields):
    """An operation whose endpoint nobody looked at for a while."""
    return work(1, kind, seen_at=1.0, sent_at=2.0 + PAIR_SECONDS, target="eu", **fields)


def carried(platform, asked, **options):
    return played(carry_out(platform, asked, **options)), len(platform.performed)


# --- the pair ---


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize(
    ("sims", "because"),
    [
        ([sim(A, "E2", ACTIVE)], Because.CONTRADICTION),
        ([replace(sim(A, "E1", ACTIVE), rivals=("E2",))], Because.CONTRADICTION),
        ([sim(A), sim(B, "E1", ACTIVE)], Because.UNSEEN),
        ([sim(A, None, ACTIVE)], Because.UNSEEN),
        ([], Because.UNSEEN),
    ],
    ids=["another endpoint", "rivals", "swapped", "freed", "not listed"],
)
def test_nothing_is_sent_for_an_endpoint_that_is_not_shown_with_its_sim(kind, sims, because):
    answer, writes = carried(MemoryPlatform(sims), unseen(kind))

    assert (answer.verdict, answer.because, writes) == (Verdict.NOT_DONE, because, 0)
    assert "E1" in answer.text


@pytest.mark.parametrize("kind", CHANGES)
def test_what_was_shown_not_long_ago_is_sent_without_another_look(kind):
    platform = MemoryPlatform([sim(A, "E1", PRE_ACTIVE)])

    carried(platform, work(1, kind, target="eu"))

    assert (len(platform.performed), platform.calls["sim"]) == (1, 0)


@pytest.mark.parametrize("kind", [Kind.TAG, Kind.ACTIVATE, Kind.ASSIGN])
def test_what_nobody_looked_at_is_looked_at_and_sent(kind):
    platform = MemoryPlatform([sim(A, "E1", PRE_ACTIVE)])

    answer, writes = carried(platform, unseen(kind))

    assert (answer.verdict, writes, platform.calls["sim"]) == (Verdict.DONE, 1, 1)


def test_a_pair_that_was_never_seen_is_not_fresh():
    assert not is_fresh(work(1, Kind.ACTIVATE, seen_at=0.0, sent_at=0.0))


@pytest.mark.parametrize(
    ("trouble", "because"),
    [
        (read_failed(), Because.UNREAD),
        (PlatformUnreachable(), Because.UNREAD),
        (ReadRefused("not shown"), Because.UNREAD),
        (ReadStopped("stopped"), Because.STOPPED),
        (LoginRefused("no"), Because.LOGIN),
    ],
)
def test_without_a_look_nothing_is_sent(trouble, because):
    platform = MemoryPlatform([sim(A, "E1", PRE_ACTIVE)])
    platform.broken["sim"] = trouble

    answer, writes = carried(platform, unseen(Kind.ACTIVATE))

    assert (answer.verdict, answer.because, writes) == (Verdict.NOT_DONE, because, 0)
    assert because.value in NOT_CARRIED_OUT


def test_looks_that_get_no_answer_end_a_run_like_a_platform_that_cannot_be_reached():
    trouble = Trouble()
    for _ in range(5):
        trouble.note(Answer(Verdict.NOT_DONE, Because.UNREAD))

    assert trouble.is_final


def test_a_person_decides_when_the_looks_took_the_settle_time():
    patience = Patience(deadline=20, settle=300)

    assert [missed_enough(misses, patience) for misses in (1, 4, 5)] == [False, False, True]


# --- ownership ---


def test_an_activation_that_was_done_before_a_first_attempt_is_somebody_elses():
    platform = MemoryPlatform([sim(A, "E1", ACTIVE)])

    answer, _ = carried(platform, work(1, Kind.ACTIVATE, token=1))

    assert (answer.because, next_state(answer)) == (Because.TAKEN, State.NEEDS_HUMAN)


@pytest.mark.parametrize("token", [2, 3])
def test_attempts_that_did_nothing_make_nothing_ours(token):
    platform = MemoryPlatform([sim(A, "E1", ACTIVE)])

    answer, _ = carried(platform, work(1, Kind.ACTIVATE, token=token))

    assert answer.because is Because.TAKEN


def test_an_activation_that_an_earlier_attempt_may_have_made_is_ours():
    platform = MemoryPlatform([sim(A, "E1", ACTIVE)])

    answer, _ = carried(platform, work(1, Kind.ACTIVATE, token=2, unclear=1))

    assert (answer.verdict, answer.already) == (Verdict.DONE, True)


@pytest.mark.parametrize(
    ("exclusive", "unclear", "because"), [(True, 0, Because.CONTRADICTION), (True, 1, None), (False, 0, None)]
)
def test_an_add_on_that_was_there_before_is_a_buyers_only_if_we_may_have_bought_it(exclusive, unclear, because):
    platform = MemoryPlatform([sim(A, "E1", ACTIVE)])
    platform.groups["E1"] = ["eu"]

    answer, writes = carried(platform, work(1, Kind.ASSIGN, target="eu", unclear=unclear), exclusive=exclusive)

    assert (answer.because, writes) == (because, 0)


@pytest.mark.parametrize("kind", [Kind.SUSPEND, Kind.RESUME, Kind.TERMINATE])
def test_what_is_not_for_one_buyer_alone_may_have_been_done_before(kind):
    state = {Kind.SUSPEND: Lifecycle.SUSPENDED, Kind.RESUME: ACTIVE, Kind.TERMINATE: Lifecycle.TERMINATED}[kind]

    answer, _ = carried(MemoryPlatform([sim(A, "E1", state)]), work(1, kind))

    assert (answer.verdict, answer.already) == (Verdict.DONE, True)


def test_an_order_takes_a_taken_endpoint_like_a_refused_one_and_no_other_trouble():
    assert as_refused(State.NEEDS_HUMAN, "taken") is State.REFUSED
    assert as_refused(State.NEEDS_HUMAN, "2507") is State.NEEDS_HUMAN
    assert as_refused(State.CONFIRMED, "taken") is State.CONFIRMED


# --- a sale ---


def sold(platform, asked, *, tells=True):
    async def run():
        ahead = LookingAhead(platform, "eu", tells)
        try:
            return await ahead.carry_out(platform, asked)
        finally:
            await ahead.close()

    return played(run())


ACTIVATE = work(1, Kind.ACTIVATE, token=1)


def test_a_sale_sees_the_pair_beside_its_activation_even_if_it_was_seen_before():
    platform = MemoryPlatform([sim(A, "E1", PRE_ACTIVE)], seconds=1.0)
    answer = sold(platform, ACTIVATE)

    assert (answer.verdict, platform.calls["sim"]) == (Verdict.DONE, 1)


@pytest.mark.parametrize(
    ("row", "verdict", "because"),
    [
        (sim(A, "E2", PRE_ACTIVE), Verdict.NOT_DONE, Because.CONTRADICTION),
        (sim(A), Verdict.UNKNOWN, None),
        (None, Verdict.UNKNOWN, None),
    ],
    ids=["another endpoint", "free", "not listed"],
)
def test_a_yes_to_a_sale_counts_only_for_an_endpoint_that_is_shown_with_the_sim(row, verdict, because):
    platform = MemoryPlatform([row] if row else [])
    platform.script[A] = [Answer(Verdict.DONE)]

    answer = sold(platform, ACTIVATE)

    assert (answer.verdict, answer.because) == (verdict, because)
    assert "E1" in answer.text


def bought(platform):
    """A sale with its add-on: its answers, and its reads."""

    async def run():
        ahead = LookingAhead(platform, "eu", tells=True)
        answers = [await ahead.carry_out(platform, one) for one in (ACTIVATE, work(1, Kind.ASSIGN, target="eu"))]
        await ahead.close()
        return [answer.verdict for answer in answers]

    return played(run()), {name: platform.calls[name] for name in ("profile", "sim", "assigned")}


def test_a_profile_that_names_the_sim_spares_a_sale_the_look_at_the_sim_and_the_first_count():
    platform = MemoryPlatform([sim(A, "E1", PRE_ACTIVE)], seconds=1.0)
    platform.profiles = {"E1": A}

    assert bought(platform) == ([Verdict.DONE, Verdict.DONE], {"profile": 1, "sim": 0, "assigned": 1})


def test_an_instance_that_a_profile_shows_before_a_sale_bought_it_goes_to_a_person():
    platform = MemoryPlatform([sim(A, "E1", PRE_ACTIVE)])
    platform.profiles, platform.groups["E1"] = {"E1": A}, ["eu"]

    assert bought(platform)[0] == [Verdict.DONE, Verdict.NOT_DONE]
    assert [work.kind for work in platform.performed] == [Kind.ACTIVATE]


@pytest.mark.parametrize(
    ("row", "verdict", "because"),
    [
        (sim(A, "E1", PRE_ACTIVE), Verdict.DONE, None),
        (sim(A, "E2", PRE_ACTIVE), Verdict.NOT_DONE, Because.CONTRADICTION),
    ],
    ids=["the row shows the pair", "the row shows another endpoint"],
)
def test_against_the_pair_the_sims_row_has_the_last_word_and_not_the_profile(row, verdict, because):
    platform = MemoryPlatform([row])
    platform.profiles, platform.script[A] = {"E1": "8900"}, [Answer(Verdict.DONE)]

    answer = sold(platform, ACTIVATE)

    assert (answer.verdict, answer.because) == (verdict, because)


def test_a_profile_that_cannot_be_read_leaves_the_other_two_reads_to_be_made():
    platform = MemoryPlatform([sim(A, "E1", PRE_ACTIVE)])
    platform.profiles, platform.broken["profile"] = {"E1": A}, read_failed()

    assert bought(platform) == ([Verdict.DONE, Verdict.DONE], {"profile": 1, "sim": 1, "assigned": 2})


def test_a_yes_to_a_sale_whose_sim_could_not_be_looked_at_is_in_doubt():
    platform = MemoryPlatform([sim(A, "E1", PRE_ACTIVE)])
    platform.broken["sim"] = read_failed()

    assert sold(platform, ACTIVATE).verdict is Verdict.UNKNOWN


def test_an_activation_of_a_sale_that_may_have_been_made_is_sent_again_only_after_a_look():
    platform = MemoryPlatform([sim(A)])

    answer = sold(platform, replace(ACTIVATE, token=2, unclear=1))

    assert (answer.because, platform.performed) == (Because.UNSEEN, [])


@pytest.mark.parametrize(
    ("row", "because"),
    [(sim(A, "E1", ACTIVE), Because.TAKEN), (sim(A), Because.UNSEEN), (sim(A, "E1", PRE_ACTIVE), None)],
)
def test_where_an_answer_tells_no_transition_a_sale_looks_first(row, because):
    platform = MemoryPlatform([row])

    answer = sold(platform, ACTIVATE, tells=False)

    assert (answer.because, len(platform.performed)) == (because, 0 if because else 1)


@pytest.mark.parametrize(("shown", "reads"), [(True, 1), (False, 2)])
def test_an_add_on_is_bought_only_where_this_sale_saw_the_pair(shown, reads):
    platform = MemoryPlatform([sim(A, "E1", PRE_ACTIVE)])
    assign = work(1, Kind.ASSIGN, token=1, target="eu")

    async def run():
        ahead = LookingAhead(platform, "eu", tells=True)
        await ahead.carry_out(platform, ACTIVATE)
        resumed = ahead if shown else LookingAhead(platform, "eu", tells=True)
        return await resumed.carry_out(platform, assign)

    assert (played(run()).verdict, platform.calls["sim"]) == (Verdict.DONE, reads)


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_is_sent_once_more_only_after_a_look_however_fresh_the_last_one_is(kind):
    answer, writes = carried(MemoryPlatform([sim(A)]), work(1, kind, token=2, unclear=1, target="eu"))

    assert (answer.because, writes) == (Because.UNSEEN, 0)
