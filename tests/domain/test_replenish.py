"""How many endpoints a mark needs, and when to warn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.events import RAW_SHORT, STOCK_LOW, of_stock
from domain.options import Account
from domain.replenish import REFUSALS_IN_A_ROW, SALES_SECONDS, Level, against_marks, lines, need, span
from domain.stock_mark import StockMark, by_tag

MARK = StockMark(tag="spring", low=100, high=500)
PLENTY = 10_000
counts = st.integers(0, 2000)


def needed(free, *, coming=0, raw=PLENTY, sold=0, mark=MARK, most=PLENTY, refused=0, in_a_row=0, **asked):
    level = Level(free, coming, raw, sold, refused=refused, in_a_row=in_a_row)
    return need(mark, level, most=most, **asked)


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


def test_how_many_may_be_created_at_once_says_nothing_of_raw_sims():
    found = needed(40, raw=460, most=10)

    assert (found.create, found.warning) == (10, "")
    assert found.sentence().endswith("460 raw; 10 to create now and 450 in later runs")
    assert needed(40, raw=459, most=10).warning == "raw SIMs have run out: 1 more were needed; hand in a file"


def test_the_last_raw_sim_is_told_of_while_stock_is_fine():
    assert needed(400, raw=0).warning == "no raw SIMs are left; hand in a file"
    assert needed(400, raw=0).has_trouble


@pytest.mark.parametrize(("free", "coming", "is_low"), [(99, 0, True), (99, 500, True), (100, 0, False)])
def test_stock_is_low_by_what_is_free_whatever_raw_sims_there_are(free, coming, is_low):
    assert needed(free, coming=coming).is_low is is_low
    assert needed(free, coming=coming, raw=0).is_low is is_low


def test_a_new_tag_is_measured_by_the_days_it_was_sold_in():
    day = 86_400.0
    week = Level(60, 0, 1000, 100, span(30 * day, 28 * day))

    assert need(MARK, week, most=0).cover_days == 60 / 50  # 100 in two days
    assert [span(100 * day, first) for first in (None, 10 * day, 99.9 * day)] == [28 * day, 28 * day, 2 * day]


# --- refusals ---


def test_a_row_of_refusals_holds_until_a_person_asks():
    row = {"refused": 12, "in_a_row": REFUSALS_IN_A_ROW, "raw": 700}
    held = needed(0, **row)

    assert (held.create, held.held) == (0, True)
    assert "held: the last 10 creates were all refused" in held.sentence()
    assert (needed(0, **row, go_on=True).create, needed(0, **row, retry_refused=True).create) == (500, 500)
    assert not needed(0, **row | {"in_a_row": REFUSALS_IN_A_ROW - 1}).held


def test_nothing_is_held_while_nothing_is_wanted():
    assert not needed(100, in_a_row=50).held


def test_refused_sims_are_raw_ones_again_only_when_they_are_asked_for():
    assert needed(0, raw=100, refused=20).create == 100
    again = needed(0, raw=100, refused=20, retry_refused=True)
    assert (again.create, again.warning) == (120, "raw SIMs have run out: 380 more were needed; hand in a file")


# --- several marks ---


def test_the_marks_of_a_tag_add_up():
    marks = [
        StockMark(tag="spring", group="eu", low=10, high=20, warn_days=7),
        StockMark(tag="vip", low=1, high=2),
        StockMark(tag="spring", group="us", low=5, high=30),
    ]

    spring, vip = by_tag(marks)

    assert (spring.group, spring.low, spring.high, spring.warn_days) == ("eu, us", 15, 50, 14)
    assert vip == marks[1]


@pytest.mark.parametrize(("group", "words"), [("eu", "tag spring and group eu"), ("", "tag spring")])
def test_two_marks_for_the_same_are_refused_with_a_sentence(group, words):
    mark = {"tag": "spring", "group": group, "low": 1, "high": 2}

    with pytest.raises(ValidationError, match=f"has two marks for {words}; write one, or name another group"):
        Account(base_url="https://platform.example", stock=(mark, mark | {"high": 9}))


def test_lines_name_the_account_where_there_are_several():
    assert [line[:15] for line in lines({"a": [needed(500)], "b": [needed(1)]})] == [
        "a: spring: 500 ",
        "b: spring: 1 fr",
    ]
    assert lines({"b": [needed(500), needed(1)]}, only_trouble=True) == [needed(1).sentence()]


def test_low_stock_is_told_whatever_was_done_and_raw_sims_that_run_out_by_the_run_that_used_some():
    low, short = needed(60, coming=40), needed(400, raw=0)
    told = [(event, facts["sentence"]) for event, _, facts in of_stock("t", [low, short], used=["spring"])]

    assert told == [(STOCK_LOW, low.sentence()), (RAW_SHORT, "no raw SIMs are left; hand in a file")]
    assert [event for event, _, _ in of_stock("t", [low, short], used=[])] == [STOCK_LOW]
    assert of_stock("t", [low], used=[])[0][1:] == (
        "preactive.stock.t.spring",
        {"account": "t", "tag": "spring", "group": "", "pre_active": 60, "low": 100, "sentence": low.sentence()},
    )


def test_the_sentence_has_the_numbers():
    assert needed(60, coming=10, raw=900, sold=280).sentence() == (
        "spring: 60 free and 10 coming of 100 to 500, 900 raw, 7.0 days of cover; 430 to create"
    )


def test_a_low_mark_is_below_its_high_one():
    with pytest.raises(ValidationError, match="low must be below high"):
        StockMark(tag="spring", low=5, high=5)


def test_marks_stand_beside_the_sims_that_wait_and_those_of_a_tag_add_up():
    rows = [{"account": "a", "tag": "t", "group": group, "pre_active": n} for group, n in (("", 5), ("eu", 0))]
    marks = [StockMark(tag="t", group="eu", low=2, high=9), StockMark(tag="t", low=4, high=6)]

    found = against_marks(rows, {"a": [*marks, StockMark(tag="none", low=1, high=3)]})

    assert [(row["tag"], row["group"], row["pre_active"], row["low"], row["high"]) for row in found] == [
        ("none", "", 0, 1, 3),
        ("t", "", 5, 6, 15),
        ("t", "eu", 0, None, None),
    ]
