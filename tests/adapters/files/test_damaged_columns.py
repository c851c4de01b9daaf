"""Generated files: every damaged one is refused, and undamaged ones are not.

tests/chaos/test_generated_files.py makes 10,000 of each.
"""

from collections import Counter

import pytest

from tests.support.damage import SIGNATURES, Column, columns, damaged_columns, fifteen, shortest, verdict

FILES = 240


def test_every_damaged_column_is_refused(make):
    found = [(signature, verdict(make, column)) for signature, column in damaged_columns(1, FILES)]

    assert {signature for signature, _ in found} == set(SIGNATURES)
    assert [each for each in found if each[1] != "refused"] == []


def test_undamaged_columns_are_not_refused(make):
    found = Counter(verdict(make, column) for column in columns(2, FILES))

    assert found.keys() == {"accepted", "told"}
    assert found["told"] * 20 < FILES  # a single number that ends in 000 or 0000 is a rejected row


@pytest.mark.parametrize("rows", [2, 3, 5, 50, 200])
def test_a_range_that_javascript_collapsed_is_refused(make, rows):
    numbers = [f"89445010000{number:07d}1" for number in range(5_000, 5_000 + rows)]

    assert verdict(make, Column(tuple(map(shortest, numbers)), {})) == "refused"


@pytest.mark.parametrize("damage", [fifteen, shortest, lambda text: str(int(float(text)))])
def test_the_digits_are_looked_at_as_they_stood_before_a_check_digit_was_added(make, damage):
    for settings, numbers in (
        ({"lengths": [19], "add_check_digit": [18]}, [f"894450{number * 7919:012d}" for number in range(1, 51)]),
        ({"lengths": [20], "add_check_digit": [19]}, [f"894450{number * 7919:013d}" for number in range(1, 51)]),
    ):
        assert verdict(make, Column(tuple(numbers), settings)) == "accepted"
        assert verdict(make, Column(tuple(map(damage, numbers)), settings)) == "refused"
