"""Numbers that went through floating point: what they look like, and how many a column may have by chance."""

import random

import pytest

from domain.errors import FileRefused
from domain.float_damage import FloatCounts, Form, float_form
from domain.iccid import luhn_digit, luhn_ok


def counted(numbers, *, is_refused=False):
    counts = FloatCounts()
    for number in numbers:
        counts.add(number, is_refused=is_refused, is_wrong=not luhn_ok(number))
    return counts


def is_refused(numbers):
    try:
        counted(numbers).check()
    except FileRefused:
        return True
    return False


@pytest.mark.parametrize(
    ("digits", "form"),
    [
        ("8944501000000078848", Form.STEP),
        ("89445010000000794624", Form.STEP),
        ("894450100000007936", Form.STEP),
        ("8944501000000079000", Form.SHORTEST),
        ("89445010000000780000", Form.SHORTEST),
        ("8944501000000070000", Form.SHORTEST | Form.FIFTEEN),
        ("8944501000000079364", Form(0)),
        ("8944501000000079100", Form(0)),
        ("9007199254740991", Form(0)),  # below 2^53 every number has a double of its own
    ],
)
def test_a_number_is_told_by_its_own_double(digits, form):
    assert float_form(digits) == form


@pytest.mark.parametrize(("length", "one_in"), [(18, 51), (19, 410), (20, 6_554)])
def test_true_numbers_look_like_doubles_no_more_often_than_is_reckoned_with(length, one_in):
    chance = random.Random(length)
    size = 10 ** (length - 2)
    found = sum(bool(float_form(f"89{chance.randrange(size):0{length - 2}d}")) for _ in range(20 * one_in))

    assert 0 < found <= 28


def test_few_numbers_of_a_long_column_are_chance_and_many_are_damage():
    true = [f"89445010{number * 7_919 + 13:011d}" for number in range(2_000)]
    doubles = [str(int(float(number))) for number in true]

    assert not is_refused(true)
    assert not is_refused([*true[:1_990], *doubles[:10]])
    assert is_refused([*true[:1_700], *doubles[:300]])


def test_two_of_five_numbers_of_18_digits_are_chance():
    """One in 51 looks like a double, so that 2 of 5 do in one of 300 files."""
    assert not is_refused(
        ["894450100000007936", "894450100000009100", *(f"8944501000000{n}" for n in (12345, 12346, 12347))]
    )
    assert bool(float_form("894450100000007936")) and bool(float_form("894450100000009100"))


@pytest.mark.parametrize("rows", range(3, 8))
def test_a_column_of_few_rows_is_damaged_from_the_third_number_on(rows):
    assert is_refused([str(int(float(f"8944501{number * 7_919_333:012d}"))) for number in range(1, rows + 1)])
    assert not is_refused([f"8944501{number * 7_919_333:012d}" for number in range(1, rows + 1)])


def test_neighbours_with_check_digits_are_never_taken_for_multiples_of_eight():
    """Check digits fall by two from one number to the next, so that five neighbours can all be multiples of 8."""
    accounts = [f"89445010000{number:08d}" for number in range(1_000)]
    numbers = [account + luhn_digit(account) for account in accounts]
    runs = [numbers[first : first + rows] for rows in range(5, 13) for first in range(900)]

    assert any(all(not int(number) % 8 for number in run) for run in runs)
    assert not any(map(is_refused, runs))


def test_the_refusal_counts_rows_and_names_the_tool():
    same = ["8944501000000079000"] * 50
    with pytest.raises(
        FileRefused, match=r"^50 of 50 ICCIDs end in zeros after digit 16, as after JavaScript"
    ) as caught:
        counted(same).check()

    assert caught.value.code == "damaged"
