"""Columns that are not used: they are looked at for what contradicts those that are."""

import time

import pytest

from domain.errors import FileRefused
from domain.header import find_header
from domain.iccid import luhn_digit
from domain.intake import Intake
from domain.supplier import SupplierProfile


def iccid(account, *, digits=19):
    body = f"8944501{account:0{digits - 8}d}"
    return body + luhn_digit(body)


def read(head, *rows, as_columns=True, **settings):
    profile = SupplierProfile.model_validate(settings)
    intake = Intake(find_header([head, *rows], profile), profile)
    if as_columns:
        intake.add_columns(2, list(zip(*rows, strict=True)))
    else:
        for row_no, cells in enumerate(rows, 2):
            intake.add(row_no, cells)
    intake.settle()
    return [str(row.problems[0].code) if row.problems else row.outcome.value for row in intake.rows]


def refusal(*table, **settings):
    with pytest.raises(FileRefused) as caught:
        read(*table, **settings)
    return caught.value


RANGES = [
    (("ICCID", "Last ICCID", "Quantity"), (iccid(0), iccid(24), "25")),
    (("First ICCID", "Last ICCID"), (iccid(0), iccid(24))),
    (("ICCID from", "ICCID to"), (iccid(0), iccid(24))),
    (("iccid", "To"), (iccid(0), iccid(24))),
    (("iccid", "Quantity"), (iccid(0), "25")),
    (("iccid", "note"), (f"{iccid(0)}-{iccid(24)}", "a box")),
]


@pytest.mark.parametrize("as_columns", [True, False])
@pytest.mark.parametrize(("head", "row"), RANGES)
def test_a_row_that_stands_for_many_sims_is_never_taken_for_one(head, row, as_columns):
    error = refusal(head, row, as_columns=as_columns)

    assert error.code == "iccid_range"
    assert "ne line for each SIM is needed" in str(error) and "expand_ranges = true" in str(error)


@pytest.mark.parametrize("digits", [19, 20])
@pytest.mark.parametrize("write", [str, lambda text: text[:-1], lambda text: f" {text}F", lambda text: text + "7"])
def test_the_same_number_written_in_another_way_is_no_second_iccid(digits, write):
    rows = [(iccid(n, digits=digits), write(iccid(n, digits=digits))) for n in range(5)]

    assert read(("iccid", "printed"), *rows) == ["accepted"] * 5


def test_a_second_iccid_in_few_rows_is_a_remark():
    rows = [(iccid(n), f"replaces {iccid(n + 90)}") for n in range(3)] + [(iccid(3), iccid(9)), (iccid(4), "x")]

    assert read(("iccid", "note"), *rows) == ["accepted"] * 5


@pytest.mark.parametrize("settings", [{"ignore_headers": ["Replaced by"]}, {"iccid_headers": ["SIM"]}])
def test_a_second_column_of_iccids_is_left_alone_if_a_person_said_so(settings):
    assert read(("SIM", "Replaced by"), (iccid(0), iccid(24)), **{"iccid_headers": ["SIM"], **settings}) == ["accepted"]


def test_a_quantity_that_is_that_of_the_whole_order_contradicts_nothing():
    assert read(("iccid", "Quantity"), *((iccid(n), "3") for n in range(3))) == ["accepted"] * 3
    assert read(("iccid", "Quantity"), *((iccid(n), "1") for n in range(3))) == ["accepted"] * 3


@pytest.mark.parametrize("as_columns", [True, False])
@pytest.mark.parametrize(
    ("name", "word"),
    [
        *(("Action", word) for word in ("remove", "DELETE", "-", " Terminate ", "to be cancelled")),
        *(("Status", word) for word in ("Terminated", "defect", "lost", "gesperrt", "damaged", "returned")),
    ],
)
def test_a_sim_that_another_column_takes_out_of_use_is_rejected_and_the_others_go_on(name, word, as_columns):
    rows = [(iccid(0), "add"), (iccid(1), word), (iccid(2), "")]

    assert read(("iccid", name), *rows, as_columns=as_columns) == ["accepted", "contradiction", "accepted"]
    assert read(("iccid", name), *rows, as_columns=as_columns, ignore_headers=[name]) == ["accepted"] * 3


@pytest.mark.parametrize("word", ["active", "inactive", "new", "add", "+", "-", "available", "in stock", "pre-active"])
def test_a_status_of_a_sim_that_can_be_used_is_none_of_our_business(word):
    assert read(("iccid", "Status"), (iccid(0), word)) == ["accepted"]


def test_a_list_of_endpoints_that_exist_may_say_their_state():
    profile = SupplierProfile()
    head = ("name", "iccid", "endpoint_id", "state")
    intake = Intake(find_header([head], profile), profile, creates=False)
    intake.add_columns(2, [("a", "b"), (iccid(0), iccid(1)), ("7", "8"), ("active", "terminated")])
    intake.settle()

    assert [row.outcome.value for row in intake.rows] == ["accepted", "accepted"]


@pytest.mark.parametrize(
    "cell", ["9" * 9_000, " " * 9_000 + "x", f"{iccid(0)}{' ' * 9_000}x", "total" + " " * 9_000 + "x"]
)
def test_no_cell_is_so_long_that_looking_at_it_fails_or_takes_long(cell):
    started = time.process_time()
    for head in (("iccid", "Quantity"), ("iccid", "Status"), ("iccid", "note")):
        assert read(head, (iccid(0), cell), as_columns=False) == ["accepted"]
    assert read(("iccid", "note"), *[(cell, "x")] * 5, (iccid(1), "y"), (iccid(2), "z"))[5:] == ["accepted"] * 2
    assert time.process_time() - started < 2
