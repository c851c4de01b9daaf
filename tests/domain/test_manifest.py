"""Rows of a file: each gets one outcome, by itself and against the others."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import FileRefused
from domain.header import find_header
from domain.iccid import luhn_digit
from domain.intake import Intake
from domain.manifest import Manifest, Outcome
from domain.supplier import SupplierProfile

COLUMNS = ("iccid", "name", "tags")
VALUES = ["blank", "good", "again", "other name", "short", "bad name"]


def iccid(number, *, length=19):
    body = f"8944500{number * 7919 + 17:0{length - 8}d}"
    return body + luhn_digit(body)


def manifest(rows, columns=COLUMNS, **settings):
    profile = SupplierProfile.model_validate(settings)
    intake = Intake(find_header([columns], profile), profile)
    for row_no, cells in enumerate(rows, 2):
        intake.add(row_no, cells)
    intake.settle()
    return Manifest("test", "0" * 64, tuple(columns), intake.rows, intake.notes())


def outcomes(found):
    return [row.outcome.value for row in found.rows]


def codes(found):
    return [tuple(str(problem.code) for problem in row.problems) for row in found.rows]


def test_a_good_row_keeps_its_number_name_and_tags():
    found = manifest([(iccid(1), "sensor 1", "eu, spare")])

    assert found.rows[0][:5] == (2, Outcome.ACCEPTED, iccid(1), "sensor 1", ("eu", "spare"))
    assert found.rows[0].original == ()


def test_all_problems_of_a_row_are_reported_at_once():
    found = manifest([(iccid(1)[:-3], "a\x07b", "op:x")])

    assert codes(found) == [("length", "name_characters", "tag_reserved")]
    assert [problem.column for problem in found.rows[0].problems] == ["iccid", "name", "tags"]
    assert found.rows[0].problems[1].value == r"a\x07b"  # nothing a terminal could obey
    assert found.rows[0].original == (iccid(1)[:-3], "a\x07b", "op:x")


def test_b33_an_identical_row_is_counted_as_duplicate():
    found = manifest([(iccid(1), "a", "x,y"), (iccid(2), "b", ""), (f" {iccid(1)}F", "a ", "y,x")])

    assert outcomes(found) == ["accepted", "accepted", "duplicate"]


@pytest.mark.parametrize("second", [("b", "x"), ("a", "y"), ("", "x"), ("a\x07", "x")])
def test_b34_the_same_number_with_another_name_or_tag_rejects_all_of_its_rows(second):
    found = manifest([(iccid(1), "a", "x"), (iccid(1), *second), (iccid(1), "a", "x"), (iccid(2), "c", "")])

    assert outcomes(found) == ["rejected", "rejected", "rejected", "accepted"]
    assert all("conflict" in row_codes for row_codes in codes(found)[:3])


def test_a_number_that_is_another_plus_one_digit_rejects_both():
    short = iccid(1)
    found = manifest([(short, "a", ""), (short + luhn_digit(short), "b", ""), (iccid(2), "c", "")])

    assert outcomes(found) == ["rejected", "rejected", "accepted"]
    assert codes(found)[:2] == [("collision",), ("collision",)]
    assert "Row 3" in found.rows[0].problems[0].reason


def test_a_collision_is_seen_even_if_the_shorter_number_fails_its_check_digit():
    longer = iccid(4, length=20)
    assert longer[18] != luhn_digit(longer[:18])

    assert outcomes(manifest([(longer, "a", ""), (longer[:-1], "b", "")])) == ["rejected", "rejected"]


def test_b18_one_number_with_lost_digits_is_one_bad_row():
    found = manifest([("8944500102198300000", "a", ""), *((iccid(i), "x", "") for i in range(20))])

    assert codes(found)[0] == ("trailing_zeros",)
    assert found.counts[Outcome.ACCEPTED] == 20


def test_b19_several_numbers_with_the_same_15_digits_and_zeros_refuse_the_file():
    rows = [("8944500102198300000", f"n{i}", "") for i in range(2)]
    with pytest.raises(FileRefused, match=r"2 of 22 .* column as text") as refusal:
        manifest([*rows, *((iccid(i), "x", "") for i in range(20))])

    assert refusal.value.code == "damaged"


def test_twenty_thousand_consecutive_numbers_after_a_spreadsheet_refuse_the_file():
    damaged = sorted({f"{iccid(i)[:15]}0000" for i in range(200)})

    with pytest.raises(FileRefused, match="zeros"):
        manifest([(number, "", "") for number in damaged])


def test_numbers_that_went_through_a_float_refuse_the_file():
    floats = [str(int(float(iccid(i)))) for i in range(30)]

    with pytest.raises(FileRefused, match=r"30 of 30 ICCIDs are multiples of .* 1,024") as refusal:
        manifest([(number, "", "") for number in floats], luhn="off")
    assert refusal.value.code == "damaged"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("8.94450E+018", "numbers in another form"),
        ("9223372036854775807", "the number that a program writes .* '9223372036854775807'"),
        ("nan", "could not read as a number"),
        ("(error)", "could not read as a number"),
        ("8.944.501.000.000.080.000", "a separator every three digits"),
    ],
)
def test_a_whole_column_of_damaged_cells_refuses_the_file_with_its_count(cell, words):
    rows = [(cell, "a", "")] * 12
    with pytest.raises(FileRefused, match=f"^12 of 12 cells of the column 'iccid' .*{words}") as refusal:
        manifest(rows)

    assert refusal.value.code == "damaged"
    assert codes(manifest([rows[0], (iccid(1), "", ""), (iccid(2), "", "")]))[0] == ("damaged",)


def test_a_column_in_which_one_number_stands_for_all_refuses_the_file():
    with pytest.raises(FileRefused, match="5 of 5 rows hold the same ICCID"):
        manifest([(iccid(1), "", "")] * 5)
    with pytest.raises(FileRefused, match="50 rows hold only 10 different ICCIDs"):
        manifest([(iccid(n // 5), "", "") for n in range(50)])


def test_a_column_in_which_most_rows_repeat_another_says_so():
    found = manifest([(iccid(n // 3), "", "") for n in range(30)])

    assert found.notes == ("20 of 30 rows repeat an ICCID of this file: compare the number of SIMs with the delivery",)


@pytest.mark.parametrize("digits", [18, 19])
def test_numbers_that_count_up_without_their_check_digit_name_the_setting(digits):
    rows = [(f"8944501{number:0{digits - 7}d}", "", "") for number in range(1, 61)]
    with pytest.raises(FileRefused, match=rf"add_check_digit = \[{digits}\] and lengths = \[{digits + 1}\]") as refusal:
        manifest(rows)
    found = manifest(rows, add_check_digit=[digits], lengths=[digits + 1])

    assert refusal.value.code == "check_digit"
    assert found.counts[Outcome.ACCEPTED] == 60


def test_rows_with_mistyped_check_digits_are_rows():
    rows = [(iccid(n)[:-1] + str((int(iccid(n)[-1]) + 1) % 10), "", "") for n in range(20)]

    assert set(codes(manifest(rows))) == {("luhn",)}


@pytest.mark.parametrize("filler", ["n/a", "N/A", "-", "none", "NotApplicable"])
def test_a_filler_in_an_optional_column_is_nothing(filler):
    found = manifest([(iccid(1), filler, filler)])

    assert (found.rows[0].outcome, found.rows[0].name, found.rows[0].tags) == (Outcome.ACCEPTED, None, ())


def test_lines_behind_the_last_sim_are_left_out_and_told():
    rows = [(iccid(1), "", ""), (iccid(2), "", ""), ("", "", ""), ("Total", "2", ""), ("END",)]
    found = manifest(rows)

    assert outcomes(found) == ["accepted", "accepted", "blank", "blank", "blank"]
    assert found.notes == ("2 of 5 rows: a line that ends the file left out",)
    assert outcomes(manifest([rows[4], *rows[:2]])) == ["rejected", "accepted", "accepted"]
    with pytest.raises(FileRefused, match="Row 4 says that the file has 500 SIMs, and it holds 2"):
        manifest([*rows[:2], ("Total: 500", "", "")])


def test_a_true_number_that_looks_like_a_float_by_chance_is_accepted():
    chance = next(iccid(i) for i in range(5_000) if int(iccid(i)) % 1024 == 0)

    assert (
        outcomes(manifest([(chance, "", ""), *((iccid(i), "", "") for i in range(10_000, 10_020))]))
        == ["accepted"] * 21
    )


def test_b55_blank_rows_are_counted_and_a_row_without_its_number_is_rejected():
    found = manifest([("", "", ""), (" ", "\u00a0", ""), ("", "name", ""), (iccid(1), "", "")])

    assert outcomes(found) == ["blank", "blank", "rejected", "accepted"]
    assert codes(found)[2] == ("missing",)
    assert found.rows[3].name is None


def test_b45_rows_of_another_width_are_rejected():
    found = manifest([(iccid(1), "a"), (iccid(2), "a", "", "more"), (iccid(3), "a", ""), ()])

    assert outcomes(found) == ["rejected", "rejected", "accepted", "blank"]
    assert codes(found)[0] == ("row_length",)
    assert found.rows[0].problems[0].value == f"{iccid(1)} | a"


def test_b58_equal_names_are_accepted_unless_the_supplier_needs_them_to_differ():
    rows = [(iccid(1), "a", ""), (iccid(2), "a", ""), (iccid(3), "b", "")]

    assert outcomes(manifest(rows)) == ["accepted"] * 3
    assert outcomes(manifest(rows, unique_names=True)) == ["rejected", "rejected", "accepted"]


def test_b02_a_header_without_rows_is_refused():
    for rows in ([], [("", "", "")]):
        with pytest.raises(FileRefused) as refusal:
            manifest(rows)
        assert refusal.value.code == "no_rows"


def test_too_many_rows_are_refused():
    with pytest.raises(FileRefused, match="more than 2 rows"):
        manifest([(iccid(i), "", "") for i in range(3)], limits={"max_rows": 2})


def test_secret_columns_are_dropped_at_reading():
    columns = (
        "ICCID",
        "PIN1",
        "PUK1",
        "Ki",
        "OPC",
        "ADM1",
        "SCP02_ENC_1",
        "KIC1",
        "Code ADM",
        "Access_Control",
        "IMSI",
    )
    rows = [("8944", *["SECRET"] * 9, "234150"), ("8944", "SECRET")]
    profile = SupplierProfile()
    intake = Intake(find_header([columns], profile), profile)
    for row_no, cells in enumerate(rows, 2):
        intake.add(row_no, cells)
    intake.settle()

    assert intake.rows[0].original == ("8944", "234150")
    assert "SECRET" not in repr(intake.rows)
    assert intake.lacking() == {}


def test_the_rows_digest_ignores_order_repetition_and_what_is_not_accepted():
    rows = [(iccid(1), "a", "x,y"), (iccid(2), "b", "")]
    first = manifest(rows)
    second = manifest([("bad", "", ""), rows[1], (iccid(1), " a", "y,x"), rows[1], ("", "", "")])

    assert first.rows_digest == second.rows_digest
    assert first.rows_digest != manifest([(iccid(1), "a", "x"), rows[1]]).rows_digest


def test_names_are_compared_in_their_composed_form():
    found = manifest([(iccid(1), "Zu\u0308rich", ""), (iccid(1), "Zürich", "")])

    assert outcomes(found) == ["accepted", "duplicate"]
    assert found.rows[0].name == "Zürich"


@given(st.lists(st.tuples(st.sampled_from(VALUES), st.integers(0, 5)), min_size=1, max_size=40))
def test_rows_are_always_the_sum_of_their_outcomes(kinds):
    made = {
        "blank": lambda _: ("", "", ""),
        "good": lambda i: (iccid(i), f"name {i}", ""),
        "again": lambda i: (iccid(i), f"name {i}", ""),
        "other name": lambda i: (iccid(i), "another", ""),
        "short": lambda i: (iccid(i)[:-1], "", ""),
        "bad name": lambda i: (iccid(i), "\x07", ""),
    }
    rows = [made[kind](i) for kind, i in kinds]
    if all(kind == "blank" for kind, _ in kinds):
        return
    try:
        found = manifest(rows)
    except FileRefused as error:
        assert error.code in {"damaged", "check_digit"}  # one number in most rows, or a digit lacks in all of them
        return
    numbers = found.numbers()

    assert numbers["rows"] == len(rows) == sum(numbers.values()) - numbers["rows"]
    assert Counter(outcomes(found))["accepted"] == len({row.iccid for row in found.accepted})
    assert all(bool(row.problems) == (row.outcome is Outcome.REJECTED) for row in found.rows)
    assert 0 <= found.reject_ratio <= 1
