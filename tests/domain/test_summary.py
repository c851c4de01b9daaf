"""The numbers of a run and the exit code they lead to."""

import pytest

from domain.lifecycle import Kind
from domain.selection import Selected
from domain.summary import Summary, from_counts

COUNTS = ("already", "confirmed", "refused", "in_doubt", "sent", "needs_human", "planned")


def summary(**numbers):
    return Summary(batch="b", run="r", **numbers)


def counted(known=0, **counts):
    return from_counts({**dict.fromkeys(COUNTS, 0), **counts}, batch="b", run="r", known=known)


@pytest.mark.parametrize("numbers", [{}, {"confirmed": 5}, {"already": 5}, {"duplicates": 3, "blank": 2}])
def test_a_run_without_problems_ends_with_0(numbers):
    assert summary(**numbers).exit_code == 0


@pytest.mark.parametrize("field", ["rejected", "refused", "in_doubt", "needs_human", "other_names", "asked"])
def test_a_run_with_rows_to_look_at_ends_with_3(field):
    assert summary(confirmed=5, **{field: 1}).exit_code == 3


@pytest.mark.parametrize("numbers", [{"open": 1}, {"stopped": True}, {"open": 1, "refused": 1}])
def test_a_run_that_ended_early_ends_with_1(numbers):
    assert summary(confirmed=5, **numbers).exit_code == 1


def test_what_is_still_sent_counts_as_in_doubt():
    assert counted(in_doubt=2, sent=3).in_doubt == 5


def test_what_is_still_planned_was_left_open():
    assert (counted(planned=4).open, counted(planned=4).exit_code) == (4, 1)


def test_what_the_store_knew_before_counts_as_already_there():
    assert counted(already=1, known=2).already == 3


def test_the_outcomes_add_up_to_what_was_accepted():
    found = counted(already=1, confirmed=2, refused=3, in_doubt=4, sent=5, needs_human=6, planned=7)

    parts = (found.already, found.confirmed, found.refused, found.in_doubt, found.needs_human, found.open)
    assert sum(parts) == 1 + 2 + 3 + 4 + 5 + 6 + 7


def test_the_sentence_has_every_number_that_is_not_zero():
    found = summary(confirmed=1200, already=1, rejected=2, refused=3, needs_human=4, open=5, stopped=True)

    assert found.sentence() == (
        "1,200 confirmed, 1 already there, 2 rejected, 3 refused, 4 need a person, 5 not sent (stopped early)"
    )


def test_the_sentence_says_what_was_not_given_and_what_was_written():
    writes = {Kind.TAG: 2, Kind.CREATE: 1}
    found = summary(confirmed=1, duplicates=1, blank=2, other_names=4, asked=5, available=1, writes=writes)

    assert found.sentence() == (
        "1 confirmed, 1 duplicate, 2 blank; 4 endpoints keep another name; 5 asked for, 1 available; "
        "written: 1 create, 2 tags"
    )


def test_other_programs_get_the_documented_keys():
    assert list(summary().json()) == [
        "batch",
        "run",
        "rows",
        "accepted",
        "rejected",
        "duplicates",
        "blank",
        "already",
        "confirmed",
        "refused",
        "in_doubt",
        "needs_human",
        "calls",
        "seconds",
        "reports",
        "other_names",
        "writes",
        "asked",
        "available",
    ]


def test_the_numbers_shown_are_numbers():
    shown = summary(confirmed=3, stopped=True).numbers()

    assert shown["confirmed"] == 3
    assert set(shown) == set(summary().json()) - {"batch", "run", "reports", "writes", "asked", "available"}
    assert summary(asked=5, available=1).numbers()["available"] == 1


def test_a_selection_counts_what_will_be_as_asked():
    selected = Selected(already=1, open=2, new=3000, unusable=4)

    assert selected.wanted == 3003
    assert selected.sentence() == "3,000 to activate, 2 to go on with, 1 done before, 4 in another state"


@pytest.mark.parametrize(("count", "is_short"), [(None, False), (3, False), (4, True)])
def test_a_count_that_cannot_be_reached_is_a_problem_and_said(count, is_short):
    selected = Selected(already=1, open=0, new=2, unusable=0, count=count, writes={Kind.ACTIVATE: 2})

    assert (selected.is_short, selected.has_problems) == (is_short, is_short)
    assert ("; 4 asked for, 3 available" in selected.sentence()) == is_short
    assert selected.sentence().endswith("; to write: 2 activations")
