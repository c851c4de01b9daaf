"""One value: what is an ICCID, what is trimmed, and why everything else is refused."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.esim import is_eid
from domain.iccid import BLANKS, check_iccid, luhn_digit, luhn_ok, mask_iccid, mask_numbers
from domain.supplier import Severity, SupplierProfile

GOOD = "8944500102198304826"
GOOD_20 = "89445001021983048261"
DEFAULT = SupplierProfile()
DIGITS = st.text("0123456789", min_size=16, max_size=17)


def accepted(text: str, **settings: object) -> str | None:
    return check_iccid(text, SupplierProfile.model_validate(settings)).iccid


def code(text: str, **settings: object) -> str:
    return check_iccid(text, SupplierProfile.model_validate(settings)).code


@pytest.mark.parametrize("text", [GOOD, GOOD_20, "8943108161000073175"])
def test_a_clean_number_is_its_own_normal_form(text):
    result = check_iccid(text, DEFAULT)

    assert (result.iccid, result.code, result.notes) == (text, "", ())


@pytest.mark.parametrize(
    ("text", "note"),
    [
        pytest.param(f"\u00a0{GOOD}", "white space", id="B13 no-break space"),
        pytest.param(f"{GOOD}\u3000", "white space", id="B13 ideographic space"),
        pytest.param(f"\t {GOOD}\r\n", "white space", id="tab and line end"),
        pytest.param(f"\ufeff{GOOD}", "white space", id="stray BOM"),
        pytest.param(f"'{GOOD}", "apostrophe", id="B22 apostrophe"),
        pytest.param(f"' {GOOD}", "apostrophe", id="apostrophe, then a blank"),
        pytest.param(f"{GOOD}F", "filler", id="B25 filler F"),
        pytest.param(f"{GOOD}f", "filler", id="B25 filler f"),
        pytest.param(f"SIM:{GOOD}", "SIM:", id="prefix of an operator's export"),
        pytest.param(f"ICCID: {GOOD}", "ICCID:", id="prefix ICCID:"),
        pytest.param(f'+CCID: "{GOOD}F"', "+CCID:", id="answer of a modem"),
        pytest.param(f"+QCCID:{GOOD}", "+QCCID:", id="answer of another modem"),
    ],
)
def test_documented_trimming_is_done_and_noted(text, note):
    result = check_iccid(text, DEFAULT)

    assert result.iccid == GOOD
    assert note in " ".join(result.notes)


@pytest.mark.parametrize(
    ("text", "setting", "refusal"),
    [
        pytest.param("8944 5001 0219 8304 826", "allow_grouping", "grouped", id="B14 blanks"),
        pytest.param("8944-5001-0219-8304-826", "allow_grouping", "grouped", id="B14 hyphens"),
        pytest.param("89445 0010219830482 6F", "allow_grouping", "grouped", id="groups and filler"),
        pytest.param(f'="{GOOD}"', "allow_excel_quote", "excel_quote", id="B23"),
    ],
)
def test_a_wrapping_is_refused_unless_the_supplier_is_known_for_it(text, setting, refusal):
    assert code(text) == refusal
    assert accepted(text, **{setting: True}) == GOOD


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("８９４４５００１０２１９８３０４８２６", "not_digits", id="B15 full-width"),
        pytest.param("٨٩٤٤٥٠٠١٠٢١٩٨٣٠٤٨٢٦", "not_digits", id="B15 Arabic-Indic"),
        pytest.param(GOOD[:-1] + "²", "not_digits", id="superscript"),
        pytest.param(f"{GOOD[:5]}\u200b{GOOD[5:]}", "not_digits", id="zero-width space inside"),
        pytest.param(f"\u202d{GOOD}\u202c", "not_digits", id="direction marks"),
        pytest.param(f"{GOOD}\0", "not_digits", id="B10 NUL"),
        pytest.param(f"{GOOD}\x1b", "not_digits", id="B11 ESC"),
        pytest.param("894450010_2198304826", "damaged", id="B17 underscore"),
        pytest.param(f"+{GOOD}", "damaged", id="B17 plus"),
        pytest.param(f"-{GOOD}", "damaged", id="B17 minus"),
        pytest.param("0x7C20A1B2C3D4E5F6", "damaged", id="B17 hexadecimal"),
        pytest.param("8.9445E+18", "damaged", id="B17 exponent"),
        pytest.param("8,94E+18", "damaged", id="B17 exponent with comma"),
        pytest.param(f"{GOOD}.0", "damaged", id="float suffix"),
        pytest.param("8.944.501.000.000.080.000", "damaged", id="thousands and a lost tail"),
        pytest.param("8,944,501,000,000,080,000", "damaged", id="thousands with commas"),
        pytest.param("8.944.501.000.000.080.017", "grouped", id="thousands with all digits"),
        *(pytest.param(text, "damaged", id=text) for text in ("nan", "<NA>", "(error)", "-1", "2147483647")),
        pytest.param("9223372036854775807", "damaged", id="largest of 64 bits"),
        pytest.param("n/a", "missing", id="filler"),
        pytest.param(f"{GOOD}-{GOOD}", "iccid_range", id="range"),
        pytest.param(f"{GOOD} .. 4830", "iccid_range", id="range with a short end"),
        pytest.param(f"{GOOD}; {GOOD}", "iccid_range", id="two numbers"),
        pytest.param("8944500102198300000", "trailing_zeros", id="B18"),
        pytest.param("89445001021983000000", "trailing_zeros", id="B18 20 digits"),
        pytest.param(f"''{GOOD}", "not_digits", id="two apostrophes"),
        pytest.param(GOOD[:17], "length", id="B24 17"),
        pytest.param(GOOD[:18], "length", id="B24 18"),
        pytest.param(f"{GOOD}26", "length", id="B24 21"),
        pytest.param(f"{GOOD}263", "length", id="B24 22"),
        pytest.param(f"{GOOD}2634", "length", id="B24 23"),
        pytest.param(f"F{GOOD}", "not_digits", id="B26 F in front"),
        pytest.param(f"{GOOD[:8]}F{GOOD[8:]}", "hex_letters", id="B26 F inside"),
        pytest.param(f"{GOOD[:18]}A", "hex_letters", id="B26 letter"),
        pytest.param(f"{GOOD_20}F", "hex_letters", id="filler after an even count"),
        pytest.param("98 44 05 10 20 91 38 40 28 F6", "nibble_swapped", id="B27 spaced"),
        pytest.param("984405102091384028F6", "nibble_swapped", id="B27 joined"),
        pytest.param("98440510209138402862", "nibble_swapped", id="B27 digits only"),
        pytest.param("8944500102198304827", "luhn", id="B28"),
        pytest.param("234150999999999", "length", id="B31 IMSI"),
        pytest.param("89049032123451234512345678901235", "length", id="B31 EID"),
        pytest.param("+4915112345678", "length", id="B31 phone number"),
        pytest.param("1244500102198304827", "prefix", id="B32"),
        pytest.param("#REF!", "not_text", id="error value"),
        pytest.param("=A1", "formula", id="text of a formula"),
        pytest.param("", "missing", id="empty"),
        pytest.param(" \u00a0 ", "missing", id="only blanks"),
        pytest.param("Total: 500", "not_digits", id="B56"),
    ],
)
def test_everything_else_is_refused_with_its_reason(text, expected):
    result = check_iccid(text, DEFAULT)

    assert (result.iccid, result.code) == (None, expected)
    assert result.reason.endswith(".") and result.reason.count(". ") == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("234150999999999", "IMSI or an IMEI"),
        ("89049032123451234512345678901235", "EID"),
        ("491511234567", "phone number"),
        (GOOD[:18], "may be missing"),
        ("+4915112345678", "phone number"),
    ],
)
def test_a_number_of_another_kind_is_called_what_it_looks_like(text, words):
    assert words in check_iccid(text, DEFAULT).reason


@pytest.mark.parametrize("length", [18, 22])
def test_other_lengths_are_accepted_only_by_setting(length):
    body = "8944500102198304826999"[: length - 1]
    number = body + luhn_digit(body)

    assert code(number) == "length"
    assert accepted(number, lengths=[length]) == number


def test_18_digits_with_filler_are_accepted_only_if_18_is_a_length():
    number = GOOD[:17] + luhn_digit(GOOD[:17])

    assert code(f"{number}F") == "hex_letters"
    assert accepted(f"{number}F", lengths=[18]) == number


def test_a_supplier_can_turn_a_check_into_a_note_or_off():
    wrong = "8944500102198304827"

    assert check_iccid(wrong, SupplierProfile(luhn=Severity.WARN)).notes == ("check digit is wrong",)
    assert check_iccid(wrong, SupplierProfile(luhn=Severity.OFF)).notes == ()
    assert accepted("8944500102198300000", trailing_zeros="warn", luhn="off") == "8944500102198300000"
    assert accepted("1244500102198304827", prefix_check="warn", luhn="off") == "1244500102198304827"
    assert accepted("1244500102198304827", prefix="12", luhn="off") == "1244500102198304827"


@given(DIGITS)
def test_the_check_digit_is_right_for_its_digits_and_for_no_other(digits):
    number = digits + luhn_digit(digits)

    assert luhn_ok(number)
    assert sum(luhn_ok(digits + last) for last in "0123456789") == 1


@given(DIGITS, st.integers(0, 15), st.integers(1, 9))
def test_one_wrong_digit_never_passes(digits, place, change):
    number = "89" + digits + luhn_digit("89" + digits)
    wrong = number[:place] + str((int(number[place]) + change) % 10) + number[place + 1 :]

    assert not luhn_ok(wrong)  # B30


@given(DIGITS, st.text(BLANKS, max_size=3), st.text(BLANKS, max_size=3), st.sampled_from(["", "'"]))
def test_accepting_means_the_characters_of_the_file_after_trimming(digits, before, after, quote):
    number = "89" + digits + luhn_digit("89" + digits)
    result = check_iccid(f"{before}{quote}{number}{after}", DEFAULT)

    assert result.iccid in (number, None)
    assert result.iccid == number or result.code == "trailing_zeros" or len(number) not in DEFAULT.lengths


@given(st.text(max_size=30))
def test_no_text_makes_the_check_fail_or_accept_anything_but_digits(text):
    result = check_iccid(text, DEFAULT)

    assert (result.iccid is None) == bool(result.code)
    assert result.iccid is None or (result.iccid.isascii() and result.iccid.isdigit() and result.iccid in text)


def test_a_masked_number_shows_six_and_four():
    assert mask_iccid(GOOD) == "894450…4826"
    assert mask_iccid("8944") == "…"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (GOOD, "894450…4826"),
        (f"The SIM {GOOD} has an endpoint.", "The SIM 894450…4826 has an endpoint."),
        ("8944 5020 0100 3326 117", "894450…6117"),
        ("8944502001003326117x", "894450…6117x"),
        ("89049032123451234512345678901235", "890490…1235"),
        ("8.94450200000166E+18", "8.9445…0166E+18"),
        ("row 1,234 of 100,000", "row 1,234 of 100,000"),
        ("123", "123"),
        ("2026-11-21", "2026-11-21"),
        ("endpoint 2000000230", "endpoint 2000000230"),
    ],
)
def test_every_long_number_in_a_text_is_masked_and_nothing_else(text, masked):
    assert mask_numbers(text) == masked


def test_an_eid_is_told_by_its_check_number():
    assert is_eid("89049032123451234512345678901235")
    assert not is_eid("89049032123451234512345678901236")
    assert not is_eid(GOOD)


def test_a_clean_number_is_checked_in_microseconds():
    start = time.process_time()
    for _ in range(10_000):
        check_iccid(GOOD, DEFAULT)

    assert time.process_time() - start < 0.2  # ten times what it takes; how busy the machine is does not count


def test_a_computed_check_digit_of_zero_is_no_lost_digit():
    account = next(found for n in range(99) if luhn_digit(found := f"8944501000000{n:02d}000") == "0")

    assert accepted(account, lengths=[19], add_check_digit=[18]) == f"{account}0"
    assert code(f"{account[:-4]}0000", lengths=[19], add_check_digit=[18]) == "trailing_zeros"
