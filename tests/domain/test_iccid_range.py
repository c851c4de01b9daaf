"""Ranges: first, last and quantity agree or the file is refused; the check digit is computed."""

import pytest

from domain.errors import FileRefused
from domain.iccid import luhn_digit, luhn_ok
from domain.iccid_range import RangeCells, expand
from domain.supplier import SupplierProfile

PROFILE = SupplierProfile(expand_ranges=True)
WITHOUT_DIGIT = SupplierProfile(expand_ranges=True, lengths=frozenset({19}), add_check_digit=frozenset({18}))


def iccid(account, *, digits=19):
    body = f"8944501{account:0{digits - 8}d}"
    return body + luhn_digit(body)


def expanded(first, last="", quantity="", profile=PROFILE):
    found = expand(2, RangeCells(first, last, quantity), profile)
    return None if found is None else list(found)


@pytest.mark.parametrize("digits", [19, 20])
def test_the_account_number_counts_up_by_one_and_the_check_digit_is_computed(digits):
    expected = [iccid(account, digits=digits) for account in range(98, 103)]

    assert expanded(expected[0], expected[-1], "5") == expected
    assert expanded(expected[0], expected[-1]) == expected
    assert expanded(expected[0], "", "5") == expected
    assert expanded(f"{expected[0]} - {expected[-1]}") == expected
    assert all(map(luhn_ok, expected))


def test_a_supplier_without_check_digits_hands_over_numbers_without_them():
    assert expanded("894450100000000098", "894450100000000100", "3", WITHOUT_DIGIT) == [
        f"89445010000000{number:04d}" for number in (98, 99, 100)
    ]


def test_a_row_of_one_sim_is_left_as_it_is():
    assert expanded(iccid(1)) is None
    assert expanded(iccid(1), "", "1") is None
    assert expanded("", "", "") is None


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ((iccid(0), iccid(24), "24"), "it has 25 SIMs, its quantity is 24"),
        ((iccid(24), iccid(0), ""), "not behind its first"),
        ((iccid(0), iccid(4, digits=20), ""), "another length"),
        ((iccid(0), iccid(24)[:-1] + "x", ""), "no ICCID"),
        ((iccid(0)[:-1] + "1", iccid(24), ""), "check digit is wrong"),
        (("8944501000000050000", "8944501000000130000", ""), "both its ends look as after a spreadsheet"),
        ((iccid(0), "", "many"), "no number of SIMs"),
        ((iccid(0), "", "-3"), "no number of SIMs"),
    ],
)
def test_a_range_that_contradicts_itself_refuses_the_file_with_its_row(cells, words):
    with pytest.raises(FileRefused, match=words) as caught:
        expanded(*cells)

    assert caught.value.code == "quantity"
    assert str(caught.value).startswith("Row 2 cannot be expanded: ")


def test_a_range_larger_than_a_file_may_be_is_refused_before_it_is_made():
    with pytest.raises(FileRefused, match="max_rows") as caught:
        expand(2, RangeCells(iccid(0), iccid(5_000_000), ""), PROFILE)

    assert caught.value.code == "too_large"


def test_ranges_need_the_check_digit():
    with pytest.raises(ValueError, match="expand_ranges needs the check digit"):
        SupplierProfile(expand_ranges=True, luhn="off")
