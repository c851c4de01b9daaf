"""How many endpoints a mark needs, and when to warn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.replenish import SALES_SECONDS, Level, StockMark, need

MARK = StockMark(tag="spring", low=100, high=500)
PLENTY = 10_000
counts = st.integers(0, 2000)


def needed(free, *, coming=0, raw=PLENTY, sold=0, mark=MARK, most=PLENTY):
    return need(mark, Level(free, coming, raw, sold), most=most)


@pytest.mark.parametrize(
    ("free", "coming", "create"), [(100, 0, 0), (99, 0, 401), (0, 0, 500), (99, 1, 0), (50, 20, 430), (700, 0, 0)]
)
def test_stock_below_its_low_mark_is_filled_to_its_high_one(free, coming, create):
    assert needed(free, coming=coming).create == create


@given(free=counts, coming=counts, raw=counts, most=counts)
def test_never_more_than_the_high_mark_the_raw_sims_and_the_limit(free, coming, raw, most):
    create = needed(free, coming=coming, raw=raw, most=most).create

    assert 0 <= create <= min(raw, most)
    assert create == 0 or free + coming + create <= MARK.high


def test_days_of_cover_come_from_the_last_weeks_sales():
    found = needed(60, coming=40, raw=400, sold=280)  # ten a day for four weeks

    assert (found.cover_days, found.raw_days) == (10.0, 50.0)
    assert needed(60).cover_days is None
    assert SALES_SECONDS == 28 * 86_400


def test_raw_sims_that_run_out_soon_are_warned_of():
    assert needed(100, raw=100, sold=280).warning == ""  # 20 days at ten a day, 14 are asked for
    assert needed(100, raw=30, sold=280).warning == "raw SIMs run out in 13.0 days (30 left); hand in a file"


def test_raw_sims_that_do_not_suffice_are_warned_of_even_without_sales():
    found = needed(0, raw=120)

    assert found.create == 120
    assert found.warning == "raw SIMs have run out: 380 more were needed; hand in a file"


def test_what_waits_for_another_run_is_no_lack_of_raw_sims():
    found = needed(0, raw=600, most=100)

    assert (found.create, found.warning) == (100, "")


def test_the_sentence_has_the_numbers():
    assert needed(60, coming=10, raw=900, sold=280).sentence() == (
        "spring: 60 free and 10 coming of 100 to 500, 900 raw, 7.0 days of cover; 430 to create"
    )


def test_a_low_mark_is_below_its_high_one():
    with pytest.raises(ValidationError, match="low must be below high"):
        StockMark(tag="spring", low=5, high=5)
