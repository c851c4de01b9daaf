"""The account's rate: even starts, and what a refusal for asking too often does."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import pacing
from domain.pacing import CREDIT, HEADROOM, SALES_LAST, Bucket, Lane, take

HORIZON = 0.25
QUARTER_HOUR = 900.0


def taken(bucket, *, now=0.0, rate=10.0, wanted=1, horizon=HORIZON):
    return take(bucket, now=now, rate=rate, wanted=wanted, horizon=horizon)


def refused(bucket, *, now, sent_at, retry_after, rate=10.0):
    return pacing.refused(bucket, now=now, sent_at=sent_at, retry_after=retry_after, rate=rate)


def hold(bucket, now=0.0):
    """Seconds until the next call may start."""
    return bucket.next_at - now


# --- taking ---


def test_the_first_call_starts_at_once():
    slots, _ = taken(Bucket(), now=5.0)

    assert slots == [5.0 - CREDIT]


def test_one_start_is_given_however_far_ahead_it_lies():
    slots, _ = taken(Bucket(next_at=100.0), now=5.0, wanted=3)

    assert slots == [100.0]


def test_further_starts_are_given_only_within_the_horizon():
    slots, after = taken(Bucket(), rate=10.0, wanted=50)

    assert len(slots) == 3
    assert slots[-1] <= HORIZON < after.next_at


def test_nothing_wanted_takes_nothing():
    assert taken(Bucket(next_at=3.0), wanted=0) == ([], Bucket(next_at=3.0))


def test_a_pause_does_not_save_up_calls():
    _, bucket = taken(Bucket(), now=0.0)

    slots, _ = taken(bucket, now=1000.0, wanted=3)

    first = 1000.0 - CREDIT
    assert slots == pytest.approx([first, first + 0.1 / HEADROOM, first + 0.2 / HEADROOM])


def test_the_time_it_takes_to_ask_for_more_costs_no_call():
    _, bucket = taken(Bucket(), now=0.0, wanted=3)
    late = bucket.next_at + CREDIT / 2

    slots, _ = taken(bucket, now=late)

    assert slots == [bucket.next_at]


turns = st.lists(
    st.tuples(st.floats(0, 3), st.integers(0, 30), st.booleans(), st.none() | st.floats(-5, 30)), max_size=40
)


@given(rate=st.floats(0.2, 200), turns=turns)
def test_no_window_of_a_second_holds_more_calls_than_the_rate(rate, turns):
    """Whoever takes whenever, refusals and recoveries in between: calls in [t, t + 1) stay within the rate."""
    bucket, now, starts = Bucket(), 0.0, []
    for delay, wanted, is_refused, retry_after in turns:
        now += delay
        if is_refused:
            bucket = refused(bucket, now=now, sent_at=now, retry_after=retry_after, rate=rate)
        slots, bucket = taken(bucket, now=now, rate=rate, wanted=wanted)
        starts += [max(slot, now) for slot in slots]  # a start that lies back is a start at once
    assert starts == sorted(starts)
    for number, start in enumerate(starts):
        assert sum(start <= other < start + 1.0 for other in starts[number:]) <= math.ceil(rate)


@given(rate=st.floats(0.2, 200), turns=turns)
def test_no_call_starts_before_it_was_asked_for_and_one_is_always_given(rate, turns):
    bucket, now = Bucket(), 0.0
    for delay, wanted, is_refused, retry_after in turns:
        now += delay
        if is_refused:
            bucket = refused(bucket, now=now, sent_at=now, retry_after=retry_after, rate=rate)
        slots, bucket = taken(bucket, now=now, rate=rate, wanted=wanted)
        assert bool(slots) is bool(wanted)
        assert all(slot >= now - CREDIT for slot in slots)
        assert len(slots) <= wanted


# --- refusals ---


def test_a_refusal_halves_the_rate_and_holds_all_calls():
    bucket = refused(Bucket(next_at=100.0), now=100.0, sent_at=99.0, retry_after=None)

    assert (bucket.factor, bucket.strikes) == (0.5, 1)
    assert hold(bucket, 100.0) == 2.0


def test_half_the_rate_means_starts_twice_as_far_apart():
    slots, _ = taken(Bucket(factor=0.5, factor_at=0.0), rate=10.0, wanted=2)

    assert slots[1] - slots[0] == pytest.approx(0.2 / HEADROOM)


def test_refusals_in_a_row_hold_longer_and_longer():
    bucket, held, now = Bucket(), [], 0.0
    for _ in range(12):
        bucket = refused(bucket, now=now, sent_at=now, retry_after=None)
        held.append(hold(bucket, now))
        now = bucket.next_at

    assert held == [2, 4, 8, 16, 32, 64, 128, 256, 512, 512, 512, 512]


def test_refusals_with_calls_between_them_that_were_not_refused_are_not_in_a_row():
    """One call in a hundred is refused whatever the rate: that is no reason to wait for minutes."""
    bucket, held, now = Bucket(), [], 0.0
    for _ in range(6):
        bucket = refused(bucket, now=now, sent_at=now, retry_after=None)
        held.append(hold(bucket, now))
        now = bucket.next_at + 20 / (10.0 * bucket.factor)

    assert held == pytest.approx([2, 2, 2, 2, 2, 2])


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [(None, 2.0), (0.0, 2.0), (-7.0, 2.0), (0.5, 0.5), (30.0, 30.0), (899.0, 899.0), (1e9, QUARTER_HOUR)],
)
def test_a_refusal_is_obeyed_for_at_most_a_quarter_of_an_hour(retry_after, seconds):
    assert hold(refused(Bucket(), now=0.0, sent_at=0.0, retry_after=retry_after)) == seconds


def test_a_refusal_never_shortens_a_hold():
    bucket = refused(Bucket(next_at=500.0), now=0.0, sent_at=0.0, retry_after=1.0)

    assert bucket.next_at == 500.0


def test_a_storm_counts_once():
    """Forty calls were under way when the limit was hit; they all come back refused."""
    bucket = refused(Bucket(), now=10.0, sent_at=9.0, retry_after=None)

    after = bucket
    for number in range(40):
        after = refused(after, now=10.0 + number / 40, sent_at=9.0 + number / 41, retry_after=60.0)

    assert after == bucket


def test_a_call_sent_after_the_halving_counts_again():
    bucket = refused(Bucket(), now=10.0, sent_at=9.0, retry_after=None)

    assert refused(bucket, now=13.0, sent_at=12.5, retry_after=None).factor == 0.25


def test_the_rate_never_falls_below_a_sixteenth():
    bucket = Bucket()
    for number in range(20):
        bucket = refused(bucket, now=number * 1000.0, sent_at=number * 1000.0, retry_after=1.0)

    assert bucket.factor == 1 / 16


# --- recovery ---


def test_the_rate_comes_back_by_a_quarter_for_each_half_minute_without_a_refusal():
    bucket, factors = Bucket(factor=0.5, factor_at=0.0, strikes=1), []
    for now in (29.9, 30.0, 59.9, 60.0, 90.0, 120.0, 150.0):
        _, bucket = taken(bucket, now=now)
        factors.append(bucket.factor)

    assert factors == pytest.approx([0.5, 0.625, 0.625, 0.78125, 0.9765625, 1.0, 1.0])


def test_recovery_ends_the_row_of_refusals_half_a_minute_after_the_hold():
    """In which nobody could be refused."""
    struck = refused(Bucket(strikes=4, factor=0.5), now=0.0, sent_at=0.0, retry_after=None)
    _, early = taken(struck, now=61.9)
    _, bucket = taken(struck, now=62.0)

    assert (early.strikes, bucket.strikes) == (5, 0)


def test_a_platform_that_keeps_refusing_after_the_wait_it_asked_for_is_left_alone_for_longer():
    bucket, waits = Bucket(), []
    now = 0.0
    for _ in range(6):
        bucket = refused(bucket, now=now, sent_at=now, retry_after=1.0)
        waits.append(bucket.next_at - now)
        now = bucket.next_at

    assert waits == [1.0, 1.0, 1.0, 16.0, 32.0, 64.0]


def test_a_bucket_at_full_rate_stays_as_it_is():
    _, bucket = taken(Bucket(factor=1.0, factor_at=0.0), now=1e6)

    assert (bucket.factor, bucket.factor_at) == (1.0, 0.0)


# --- the lane of sales ---


def sold(bucket, *, now=0.0, rate=10.0, wanted=1, horizon=HORIZON):
    return take(bucket, now=now, rate=rate, wanted=wanted, horizon=horizon, lane=Lane.SALES, sales_share=0.2)


def bulk(bucket, *, now=0.0, rate=10.0, wanted=1, horizon=HORIZON, share=0.2):
    return take(bucket, now=now, rate=rate, wanted=wanted, horizon=horizon, sales_share=share)


def test_bulk_work_leaves_nothing_out_while_nobody_sells():
    slots, bucket = bulk(Bucket(), now=100.0, rate=100.0, wanted=20)

    assert len(slots) == 20
    assert bucket.holes == ()


def test_while_sims_are_sold_bulk_work_leaves_out_its_share():
    _, bucket = sold(Bucket(), now=100.0, rate=100.0)

    slots, bucket = bulk(bucket, now=100.0, rate=100.0, wanted=20)

    assert (len(slots), len(bucket.holes)) == (20, 4)
    assert not set(slots) & set(bucket.holes)


def test_bulk_work_has_all_of_the_rate_again_soon_after_the_last_sale():
    _, bucket = sold(Bucket(), now=100.0, rate=100.0)

    _, bucket = bulk(bucket, now=100.0 + SALES_LAST, rate=100.0, wanted=20)

    assert bucket.holes == ()


def test_a_sale_takes_the_first_time_that_was_left_out():
    _, bucket = sold(Bucket(), now=0.0, rate=100.0)
    slots, bucket = bulk(bucket, now=0.0, rate=100.0, wanted=20)
    first = bucket.holes[0]

    (slot,), bucket = sold(bucket, now=0.0, rate=100.0)

    assert slot == first < slots[-1]
    assert first not in bucket.holes


def test_a_time_left_out_is_lost_once_it_is_past():
    _, bucket = sold(Bucket(), now=0.0, rate=100.0)
    _, bucket = bulk(bucket, now=0.0, rate=100.0, wanted=20)

    (slot,), bucket = sold(bucket, now=4.0, rate=100.0)

    assert (slot, bucket.holes) == (4.0 - CREDIT, ())


def test_a_refusal_takes_back_what_was_left_out():
    _, bucket = sold(Bucket(), now=0.0, rate=100.0)
    _, bucket = bulk(bucket, now=0.0, rate=100.0, wanted=20)

    bucket = refused(bucket, now=0.1, sent_at=0.1, retry_after=30.0)

    assert sold(bucket, now=0.2, rate=100.0)[0] == [30.1]


askers = st.lists(st.tuples(st.floats(0, 0.6), st.integers(0, 30), st.sampled_from(["bulk", "sales", "no"])))


@given(rate=st.floats(0.2, 200), share=st.floats(0, 0.9), turns=askers)
def test_both_lanes_together_keep_the_rate_and_no_time_is_given_twice(rate, share, turns):
    bucket, now, starts = Bucket(), 0.0, []
    for delay, wanted, who in turns:
        now += delay
        if who == "no":
            bucket = refused(bucket, now=now, sent_at=now, retry_after=0.2)
            continue
        taking = {"lane": Lane(who), "sales_share": share, "horizon": HORIZON}
        slots, bucket = take(bucket, now=now, rate=rate, wanted=wanted, **taking)
        assert bool(slots) is bool(wanted)
        assert all(slot >= now - CREDIT for slot in slots)
        starts += [max(slot, now) for slot in slots]
    starts.sort()
    for number, start in enumerate(starts):
        assert sum(start <= other < start + 1.0 for other in starts[number:]) <= math.ceil(rate)


@given(rate=st.floats(1, 200), share=st.floats(0.1, 0.5), processes=st.integers(1, 6))
def test_bulk_processes_that_take_all_they_can_do_not_starve_sales(rate, share, processes):
    """One sale asks as soon as its last call has started: it gets its share of the rate, and a turn now and then."""
    bucket, now, got = Bucket(), 0.0, []
    due = [0.0] * processes
    sale_due = 0.0
    for _ in range(400):
        now = min([*due, sale_due])
        if sale_due <= now:
            (slot,), bucket = sold(bucket, now=now, rate=rate)
            got.append(slot)
            sale_due = slot
            continue
        worker = due.index(now)
        slots, bucket = bulk(bucket, now=now, rate=rate, wanted=20, horizon=0.05, share=share)
        due[worker] = slots[-1]
    interval = 1 / (rate * HEADROOM)
    waits = [later - sooner for sooner, later in itertools.pairwise(got)]
    assert max(waits, default=0.0) <= 0.05 + (processes + 2) * interval
