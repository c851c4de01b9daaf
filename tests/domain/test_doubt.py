"""When a look-up is believed."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.doubt import NEGATIVES_NEEDED, Evidence, Patience, Sight, after_looking, judge
from domain.lifecycle import Kind
from domain.operation import REPEATABLE, State, may_move
from tests.support.works import doubt

SETTLE = 300.0
PATIENCE = Patience(deadline=20, settle=SETTLE)
ASKS_A_PERSON = Patience(deadline=20, settle=SETTLE, resend_after_absence=False)
NOT_REPEATABLE = [kind for kind in Kind if kind not in REPEATABLE]
SAFE = 100.0

ABSENT = Evidence(Sight.ABSENT)
UNPROVEN = Evidence(Sight.UNPROVEN, text="http 500")


def judged(evidence, *, now, patience=PATIENCE, **fields):
    return judge(doubt(safe_after=SAFE, **fields), evidence, now=now, patience=patience)


# --- presence ---


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("now", [0.0, SAFE - 1, SAFE + 1e6])
def test_presence_is_believed_at_once(kind, now):
    ruling = judged(Evidence(Sight.PRESENT, endpoint_id="E1", text="found"), now=now, kind=kind)

    assert (ruling.state, ruling.endpoint_id, ruling.text) == (State.CONFIRMED, "E1", "found")


@pytest.mark.parametrize("now", [0.0, SAFE + 1e6])
def test_a_contradiction_goes_to_a_person_at_once(now):
    ruling = judged(Evidence(Sight.CONTRADICTION, text="two endpoints"), now=now)

    assert (ruling.state, ruling.text) == (State.NEEDS_HUMAN, "two endpoints")


@pytest.mark.parametrize("kind", Kind)
def test_a_doubt_that_is_picked_up_late_is_not_given_up_after_one_look_up_that_failed(kind):
    assert judged(UNPROVEN, now=SAFE + 1e6, kind=kind, lookups=5).state is State.IN_DOUBT


def test_an_endpoint_that_is_not_shown_may_only_be_late_until_the_settle_time_is_over():
    gone = Evidence(Sight.GONE, text="no endpoint")

    assert judged(gone, now=SAFE - 1, kind=Kind.ACTIVATE).state is State.IN_DOUBT
    assert judged(gone, now=SAFE, kind=Kind.ACTIVATE).state is State.NEEDS_HUMAN


@pytest.mark.parametrize("kind", Kind)
def test_after_enough_attempts_a_person_decides(kind):
    last = {"now": SAFE + 1e6, "negatives": NEGATIVES_NEEDED - 1, "kind": kind}

    assert judged(ABSENT, **last, unknowns=PATIENCE.max_unknown - 1).state is State.PLANNED
    assert judged(ABSENT, **last, unknowns=PATIENCE.max_unknown).state is State.NEEDS_HUMAN
    assert (
        judged(UNPROVEN, now=SAFE + 1e6, kind=kind, lookups=6, unknowns=PATIENCE.max_unknown).state is State.NEEDS_HUMAN
    )


# --- absence ---


@pytest.mark.parametrize("negatives", [0, 1, 2])
def test_a_doubt_is_not_resent_before_its_settle_time(negatives):
    ruling = judged(ABSENT, now=SAFE - 0.001, negatives=negatives)

    assert (ruling.state, ruling.negatives) == (State.IN_DOUBT, negatives)


def test_absence_counts_from_the_settle_time_on():
    assert judged(ABSENT, now=SAFE, negatives=0).negatives == 1


@pytest.mark.parametrize("negatives", range(NEGATIVES_NEEDED - 1))
def test_fewer_negatives_than_needed_leave_it_in_doubt(negatives):
    ruling = judged(ABSENT, now=SAFE + 1000, negatives=negatives)

    assert (ruling.state, ruling.negatives) == (State.IN_DOUBT, negatives + 1)


def test_three_negatives_after_the_settle_time_prove_absence():
    ruling = judged(ABSENT, now=SAFE + 1000, negatives=2)

    assert NEGATIVES_NEEDED == 3
    assert (ruling.state, ruling.negatives, ruling.next_at) == (State.PLANNED, 0, 0.0)


@pytest.mark.parametrize(("settle", "apart"), [(300, 60), (3000, 60), (100, 20), (10, 2)])
def test_negatives_are_taken_some_time_apart(settle, apart):
    ruling = judged(ABSENT, now=SAFE, patience=Patience(deadline=20, settle=settle))

    assert ruling.next_at == SAFE + apart


def test_proven_absence_goes_to_a_person_when_the_account_says_so():
    ruling = judged(ABSENT, now=SAFE + 1000, negatives=2, patience=ASKS_A_PERSON)

    assert ruling.state is State.NEEDS_HUMAN
    assert "a person" in ruling.text


@pytest.mark.parametrize("kind", sorted(REPEATABLE))
def test_what_may_be_repeated_asks_nobody(kind):
    assert judged(ABSENT, now=SAFE + 1000, negatives=2, patience=ASKS_A_PERSON, kind=kind).state is State.PLANNED


# --- no usable answer ---


@pytest.mark.parametrize("now", [0.0, SAFE, SAFE + 1000])
def test_an_unproven_look_up_never_counts_as_absence(now):
    assert judged(UNPROVEN, now=now, negatives=2).state is not State.PLANNED


def test_an_unproven_look_up_keeps_the_negatives_there_are():
    ruling = judged(UNPROVEN, now=SAFE + 10, negatives=2)

    assert (ruling.state, ruling.negatives, ruling.text) == (State.IN_DOUBT, 2, "http 500")


@pytest.mark.parametrize("kind", NOT_REPEATABLE)
def test_what_may_not_be_repeated_and_cannot_be_proven_goes_to_a_person(kind):
    ruling = judged(UNPROVEN, now=SAFE + 3 * PATIENCE.spacing, kind=kind, lookups=6)

    assert (ruling.state, ruling.text) == (State.NEEDS_HUMAN, "http 500")


@pytest.mark.parametrize("kind", sorted(REPEATABLE))
def test_what_may_be_repeated_and_cannot_be_proven_is_sent_again(kind):
    assert judged(UNPROVEN, now=SAFE + 3 * PATIENCE.spacing, kind=kind, lookups=6).state is State.PLANNED
    assert judged(UNPROVEN, now=SAFE + 3 * PATIENCE.spacing - 1, kind=kind, lookups=6).state is State.IN_DOUBT


# --- times ---


def test_absence_may_count_only_after_deadline_and_settle_time():
    assert PATIENCE.safe_after(1000.0) == 1320.0


@pytest.mark.parametrize(
    ("settle", "waits"), [(300, [5, 15, 45, 135]), (60, [1, 3, 9, 27]), (10, [1 / 6, 0.5, 1.5, 4.5])]
)
def test_the_first_look_ups_come_quickly_and_then_thin_out(settle, waits):
    patience = Patience(deadline=1000, settle=settle)

    planned = [patience.next_lookup(number, now=50.0, safe_after=1e6) - 50.0 for number in range(4)]

    assert planned == pytest.approx(waits)


def test_later_look_ups_come_once_a_minute_until_absence_may_count():
    assert PATIENCE.next_lookup(4, now=50.0, safe_after=1000.0) == 110.0
    assert PATIENCE.next_lookup(9, now=50.0, safe_after=1000.0) == 110.0


def test_a_look_up_is_planned_for_the_moment_absence_may_count():
    assert PATIENCE.next_lookup(3, now=50.0, safe_after=70.0) == 70.0
    assert PATIENCE.next_lookup(3, now=80.0, safe_after=70.0) == 140.0


@given(
    lookups=st.integers(0, 50),
    now=st.floats(0, 1e6),
    safe_after=st.floats(0, 1e6),
    settle=st.floats(1, 86_400),
)
def test_the_next_look_up_is_never_in_the_past_nor_far_away(lookups, now, safe_after, settle):
    patience = Patience(deadline=20, settle=settle)

    next_at = patience.next_lookup(lookups, now=now, safe_after=safe_after)

    assert now <= next_at <= now + max(60.0, settle / 2)
    assert next_at > now or next_at == safe_after


# --- whatever happens ---

evidences = st.builds(Evidence, st.sampled_from(Sight), st.sampled_from([None, "E1"]), st.text(max_size=5))
looks = st.lists(st.tuples(evidences, st.floats(0, 200)), max_size=25)
patiences = st.builds(
    Patience, deadline=st.floats(1, 300), settle=st.floats(1, 3000), resend_after_absence=st.booleans()
)


@given(kind=st.sampled_from(NOT_REPEATABLE), looks=looks, patience=patiences, late=st.floats(0, 100))
def test_a_change_that_may_not_be_repeated_is_resent_only_on_proof(kind, looks, patience, late):
    """However the look-ups turn out, also when each comes late: three negatives after the settle time, apart."""
    safe_after = patience.safe_after(0.0)
    current = doubt(kind=kind, safe_after=safe_after)
    now, counted = late, []
    for evidence, delay in looks:
        ruling = judge(current, evidence, now=now, patience=patience)
        if evidence.sight is Sight.ABSENT and now >= safe_after:
            counted.append(now)
        assert may_move(State.IN_DOUBT, ruling.state) or ruling.state is State.IN_DOUBT
        if ruling.state is State.PLANNED:
            assert patience.resend_after_absence
            assert len(counted) >= NEGATIVES_NEEDED
            assert all(b - a >= patience.spacing * 0.999 for a, b in itertools.pairwise(counted))
        if ruling.state is not State.IN_DOUBT:
            break
        current = doubt(kind=kind, safe_after=safe_after, lookups=current.lookups + 1, negatives=ruling.negatives)
        now = ruling.next_at + delay


@given(kind=st.sampled_from(list(Kind)), looks=looks, patience=patiences)
def test_a_doubt_ends_once_it_can_be_looked_at(kind, looks, patience):
    """No busy loop and no doubt for ever: with the platform answering, it is over soon after the settle time."""
    current = doubt(kind=kind, safe_after=patience.safe_after(0.0))
    now, number = 0.0, 0
    for number, evidence in enumerate([evidence for evidence, _ in looks] + [ABSENT] * 200):
        ruling = judge(current, evidence, now=now, patience=patience)
        if ruling.state is not State.IN_DOUBT:
            break
        current = doubt(kind=kind, safe_after=current.safe_after, lookups=number + 1, negatives=ruling.negatives)
        now = ruling.next_at
    assert ruling.state is not State.IN_DOUBT
    assert number <= len(looks) + (patience.deadline + patience.settle) / min(60, patience.settle / 60) + 10


def test_what_is_left_after_looking_is_told_by_what_is_to_be_done_about_it():
    left = [State.IN_DOUBT, State.NEEDS_HUMAN, State.IN_DOUBT]

    assert after_looking(4, left) == "4 looked up; 2 in doubt, 1 need a person"
    assert after_looking(1, []) == "1 looked up; nothing is in doubt"
