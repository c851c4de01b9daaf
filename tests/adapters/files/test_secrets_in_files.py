"""Keys and codes in vendors' files: known by the name of their column or by their look, and never shown."""

import pytest

from adapters.files.report import write_reports
from domain.header import find_header
from domain.problems import WITHHELD, looks_secret, shown_masked
from domain.report import ReportData, rejects_of
from domain.supplier import SupplierProfile

A, B = "8944500000000079364", "8944500000000158556"
KEY = "CA1A0F" * 5 + "AB"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "PIN1",
            "PIN 2",
            "PUK1",
            "PUK-2",
            "ADM1",
            "Code ADM",
            "Code Retailer",
            "CHV1",
            "Ki",
            "KI",
            "eKi",
            "Encrypted Ki",
        ),
        *(
            "OPc",
            "OPC",
            "OP",
            "K4",
            "KIC",
            "KID",
            "KIC1",
            "SCP02_ENC_1",
            "SCP80_KIC",
            "Access_Control",
            "Transport_key",
        ),
        *("Transport Key", "Authentication Key", "Auth Key 1", "OTA keys", "SIM PIN", "SIM-PUK1", "Confirmation Code"),
        *("Password", "Passwort", "Secret", "Schlüssel", "K", "TK", "PSK", "Ki value"),
    ],
)
def test_a_column_with_this_name_is_dropped(name):
    header = find_header([["ICCID", name, "Name"]], SupplierProfile())

    assert header.kept == (0, 2)
    assert dict(header.uses())[name] == "dropped, never stored"


@pytest.mark.parametrize("name", ["Name", "Operator", "Kind", "IMSI", "MSISDN", "Customer", "APN", "EID"])
def test_a_column_with_this_name_is_kept(name):
    assert find_header([["ICCID", name]], SupplierProfile()).kept == (0, 1)


@pytest.mark.parametrize(
    "text", [KEY, KEY.lower(), " ".join(KEY[at : at + 2] for at in range(0, 32, 2)), f"x={KEY}{KEY}"]
)
def test_a_key_is_known_by_its_look(text):
    assert looks_secret(text)
    assert KEY.casefold() not in shown_masked(text).casefold()


@pytest.mark.parametrize(
    "text", [A, "89049032123451234512345678901235", "LPA:1$smdp.example.com$ABC-DEF", "a" * 40 + "z"]
)
def test_what_is_no_key_is_not_taken_for_one(text):
    assert not looks_secret(text)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(f"{A},1234,95173826,{KEY}\n", id="no header"),
        pytest.param(f"serial,a,b,c\n{A},1234,95173826,{KEY}\n", id="no column is known"),
        pytest.param(f"1234,95173826,{KEY}\n", id="nothing but secrets"),
        pytest.param(f"iccid,sim number,1234,{KEY}\n", id="a header that is data"),
    ],
)
def test_a_refusal_that_lists_what_was_seen_shows_no_code(make, content):
    said = str(make.refusal(content))

    assert not [code for code in ("1234", "95173826", KEY) if code in said]


def test_rejects_and_their_files_show_no_key_wherever_it_stands(make, tmp_path):
    found = make.read(f"iccid,name,note\n{KEY},a,x\n{B},{KEY},x\n{A[:-1]}5,b,{KEY}\n{A},c,{KEY},more\n")
    rejects = list(rejects_of(found))
    report = ReportData("t", "b", "demo", "run", found.numbers(), [], found.columns, rejects)
    paths = write_reports(tmp_path / "out", report)

    assert len(rejects) == 4 - len(list(found.accepted))
    assert KEY not in str(rejects)
    assert str(rejects).count(WITHHELD) >= 4
    assert all(KEY not in path.read_text("utf-8-sig") for path in paths if path.suffix == ".csv")


def test_the_head_of_a_vendors_file_is_not_kept(make):
    content = f"Quantity: 1\nTransport_key: {KEY}\nvar_out: ICCID/KI/PIN1\n{A}F {KEY} 1234\n"
    found = make.read(content)

    assert [row.iccid for row in found.rows] == [A]
    assert (found.columns, KEY in repr(found.notes)) == (("ICCID",), False)


def test_a_row_out_of_place_in_a_file_with_secrets_is_shown_without_its_cells(make):
    found = make.read(f"iccid,pin1,ki,name\n{A},1234,{KEY}\n")

    assert (found.rows[0].original, found.rows[0].problems[0].value) == ((), "")
