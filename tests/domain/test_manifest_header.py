"""Finding the header: known names only, and no guess between two."""

import pytest

from domain.errors import FileRefused
from domain.header import ALIASES, find_header, header_key
from domain.supplier import SupplierProfile


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
