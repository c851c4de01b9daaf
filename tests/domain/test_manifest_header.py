"""Finding the header: known names only, and no guess between two."""

import pytest

from domain.errors import FileRefused
from domain.header import find_header, header_key
from domain.header_names import ALIASES
from domain.supplier import SupplierProfile
from tests.support.catalogue_columns import HEADER_NAMES

A, B = "8944500000000079364", "8944500000000158556"


def header(*rows, **settings):
    return find_header(rows, SupplierProfile.model_validate(settings))


def refusal(*rows, **settings):
    with pytest.raises(FileRefused) as caught:
        header(*rows, **settings)
    return caught.value


@pytest.mark.parametrize(
    "name",
    [
        *("iccid", "ICCID", " Iccid ", "ICC ID", "ICC-ID", "SIM number (ICCID)", "ICCID (SIM)", "SIM ID", "SIM ICCID"),
        *("SIM Card Number", "SIM Number", "SIM_CARD_NUMBER", "simId", "Ser_nb", "integratedCircuitCardIdentifier"),
        *("Karten-Nr.", "SIM-Kartennummer", "ＩＣＣＩＤ", "\ufefficcid"),
    ],
)
def test_b42_names_seen_in_the_wild_are_known(name):
    assert header(["IMSI", name, "x"]).iccid == 1


@pytest.mark.parametrize("name", ["number", "serial", "id", "MSISDN", "IMEI", "EID", "Device ID", ""])
def test_a_name_outside_the_table_is_no_iccid(name):
    assert refusal([name, "x"], ["8944500102198304826", "y"]).code == "header_missing"


def test_every_alias_is_written_in_its_bare_form_and_belongs_to_one_field():
    written = [alias for aliases in ALIASES.values() for alias in aliases]

    assert [header_key(alias) for alias in written] == written
    assert len(set(written)) == len(written)


def test_b44_columns_are_found_by_name_in_any_order():
    found = header(["note", "Tags", "Name", "ICCID"])

    assert (found.iccid, found.name, found.tags) == (3, 2, 1)


def test_b39_a_missing_header_is_refused_with_what_was_seen_masked():
    error = refusal(["8944500102198304826", "sensor"])

    assert error.code == "header_missing"
    assert "894450…4826" in str(error) and "8944500102198304826" not in str(error)


def test_a_file_without_header_is_read_by_place_if_configured():
    found = header(["8944500102198304826", "sensor"], headerless=True)

    assert (found.row_index, found.columns, found.iccid, found.name, found.tags) == (-1, ("iccid", "name"), 0, 1, None)


def test_a_supplier_without_headers_can_still_hand_in_a_corrected_reject_file():
    assert header(["iccid", "name", "reject_row"], headerless=True).row_index == 0


def test_title_rows_above_the_header_are_skipped():
    assert header(["FORMAT:SIMFILEIMPORT"], [], ["ICCID", "Name"]).row_index == 2
    assert refusal(*[["title"]] * 11, ["ICCID"]).code == "header_missing"


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        pytest.param(["iccid", "iccid"], "column_repeated", id="B41"),
        pytest.param(["iccid", "ICC-ID"], "column_repeated", id="B41 in another spelling"),
        pytest.param(["iccid", "name", "Name"], "column_repeated", id="B41 name"),
        pytest.param(["ICCID", "SIM Number"], "header_ambiguous", id="B43"),
        pytest.param(["ICCID", "User name", "Device user"], "header_ambiguous", id="two names"),
    ],
)
def test_a_choice_between_columns_is_left_to_a_person(columns, code):
    error = refusal(columns)

    assert error.code == code
    assert columns[0] in str(error) or columns[1] in str(error)


def test_the_plain_word_wins_over_other_names_of_an_optional_column():
    assert header(["ICCID", "User name", "Name"]).name == 2


def test_the_suppliers_own_headers_win_over_the_table():
    found = header(["ICCID", "Artikel", "Name"], iccid_headers=["Artikel"])

    assert found.iccid == 1


def test_secret_columns_and_our_own_reasons_are_not_kept():
    found = header(["ICCID", "PIN 1", "reject_reason", "note"])

    assert [found.columns[index] for index in found.kept] == ["ICCID", "note"]
    assert found.secrets == 1


@pytest.mark.parametrize("name", HEADER_NAMES)
def test_wider_names_mean_the_iccid_where_no_better_one_stands(name):
    assert header(["Customer", name], ["ACME", A]).iccid == 1
    assert header(["Customer", name, "ICCID"], ["ACME", "x", A]).iccid == 2


def test_of_several_wider_names_the_one_with_iccids_below_is_taken():
    assert header(["Serial number", "SSN"], ["A-17", A], ["A-18", B]).iccid == 1
    assert refusal(["Serial number", "SSN"], [A, B]).code == "header_ambiguous"


def test_an_unknown_header_is_shown_with_the_column_that_holds_iccids_and_the_setting():
    error = refusal(["Kunde", "Nummer"], ["ACME", A], ["ACME", B])

    assert "reads 'Kunde', 'Nummer'" in str(error)
    assert "column 2 ('Nummer') holds the ICCIDs" in str(error) and 'iccid_headers = ["Nummer"]' in str(error)
    assert "no header was seen" not in str(error)


def test_a_file_without_a_header_is_told_where_the_iccids_are():
    error = refusal(["ACME", A], ["ACME", B])

    assert "Row 1 already holds data" in str(error)
    assert "iccid above column 2" in str(error) and "headerless = true" in str(error)


def test_a_title_above_data_is_no_header():
    assert "Row 2 already holds data" in str(refusal(["Delivery 7"], ["ACME", A, "x"]))


def test_a_header_in_two_lines_is_read_as_one():
    merged = header(["Customer", "SIM", ""], ["", "ICCID", "IMSI"], ["ACME", A, "9017"])
    going_on = header(["ICCID", "Name"], ["(19 digits)", ""], [A, "a"])

    assert (merged.row_index, merged.columns) == (1, ("Customer", "ICCID", "IMSI"))
    assert (going_on.row_index, going_on.lines, going_on.columns) == (1, 2, ("ICCID (19 digits)", "Name"))


def test_a_row_without_an_iccid_below_the_header_stays_a_row():
    assert header(["iccid", "name"], ["", "lonely"], [A, "a"]).row_index == 0
    assert header(["iccid", "name"], ["see note", ""], [A, "a"]).row_index == 0


@pytest.mark.parametrize(
    "rows",
    [
        (["SIM", "PIN", ""], ["ICCID", "1", "2"]),
        (["", "PIN", "PUK"], ["ICCID", "", ""]),
        (["ICCID", "PIN", ""], ["", "PIN1", "PIN2"]),
        (["ICCID", "Codes", ""], ["", "PIN1", "PUK1"]),
    ],
)
def test_secrets_are_known_by_both_lines_of_a_header(rows):
    assert header(*rows, [A, "1234", "5678"], [B, "1234", "5678"]).kept == (0,)


def test_a_column_that_is_not_to_be_looked_at_is_neither_the_iccid_nor_one_of_two():
    assert header(["ICCID", "SIM Number"], ignore_headers=["SIM Number"]).iccid == 0


def test_a_wider_name_above_other_values_is_not_taken_for_the_iccid():
    error = refusal(["Serial number", "Nummer der Karte"], ["A-17", A], ["A-18", B])

    assert error.code == "header_missing" and "column 2 ('Nummer der Karte') holds the ICCIDs" in str(error)
