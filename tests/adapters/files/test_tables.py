"""Tables that are not plain CSV or plain workbooks: blanks as separators, end marks, ranges, other forms of XML."""

import codecs
import io
from zipfile import ZipFile

import pytest

from domain.iccid import luhn_digit
from tests.support.catalogue_books import strict, two_lines
from tests.support.files import MAIN, Maker

A, B = "8944500000000079364", "8944500000000158556"


@pytest.mark.parametrize("gap", [" ", "   "])
def test_columns_kept_apart_by_blanks_are_read_with_the_numbers_of_their_lines(make, gap):
    lines = [
        "Delivery 7",
        gap.join(("ICCID", "IMSI")),
        "",
        gap.join((A, "901700000000001")),
        gap.join((B, "9017")),
        "END",
    ]
    found = make.read("\n".join((*lines, "")))

    assert [(row.row_no, row.outcome.value, row.iccid) for row in found.rows] == [
        (3, "blank", None),
        (4, "accepted", A),
        (5, "accepted", B),
        (6, "blank", None),
    ]
    assert found.columns == ("ICCID", "IMSI")


def test_a_row_of_a_blank_delimited_text_with_more_fields_is_rejected(make):
    assert make.codes(f"ICCID IMSI\n{A} 9017\n{B} 9017\n{make.iccid(3)} 9017 remark\n") == ["row_length"]


def test_blanks_are_no_separator_where_the_rows_do_not_fit(make):
    assert make.refusal(f"ICCID for ACME\n{A}\n{B}\n").code == "header_missing"
    assert make.refusal(f"My ICCID list\n{A}\n{B}\n").code == "header_missing"


@pytest.mark.parametrize("end", ["\x1a", "\r\n\x1a\r\n", "\n\x1a\x1a\x1a", "\n\x1a" + " " * 100])
def test_end_of_file_marks_behind_the_last_line_are_left_out(make, end):
    found = make.read(f"iccid,name\n{A},a\n{B},b{end}")

    assert [(row.iccid, row.name) for row in found.rows] == [(A, "a"), (B, "b")]
    assert make.codes(f"iccid,name\n{A},a\x1a\n{B},b\n") == ["name_characters"]  # in the middle it is a character


def test_the_hash_of_a_file_is_that_of_its_bytes_with_the_end_mark(make):
    one, other = (make.read(f"iccid\n{A}\n{end}") for end in ("", "\x1a"))

    assert one.digest != other.digest
    assert one.rows_digest == other.rows_digest


def test_utf_16_is_not_cut(make):
    assert make.outcomes(codecs.BOM_UTF16_LE + f"iccid\n{A}\n".encode("utf-16-le")) == ["A"]


def test_a_vendors_file_may_end_in_marks_and_its_total_is_compared(make):
    def vendors(end):
        return f"var_out:ICCID/IMSI\n{A} 901700000000001\n{B} 901700000000002\n{end}"

    assert make.outcomes(vendors("END\n\x1a")) == ["A", "A"]
    assert make.outcomes(vendors("Total: 2\n")) == ["A", "A"]
    assert make.refusal(vendors("Total: 3\n")).code == "quantity"


def test_ranges_become_rows_of_their_own_with_numbers_that_count_the_sims(make):
    first, middle, last = "894450100000000000", "894450100000000001", "894450100000000002"
    found = make.read(
        f"First ICCID,Last ICCID,Quantity,Name\n{first},{last},3,box\n{A[:-1]},,1,one\n",
        expand_ranges=True, lengths=[19], add_check_digit=[18],
    )  # fmt: skip

    assert [(row.row_no, row.iccid, row.name) for row in found.rows] == [
        *((row_no, account + luhn_digit(account), "box") for row_no, account in enumerate((first, middle, last), 2)),
        (5, A, "one"),
    ]
    assert found.notes[0] == "1 range expanded to 3 SIMs; row numbers count the SIMs"


def test_a_range_is_limited_by_the_rows_that_a_file_may_have(make):
    assert make.refusal(
        "First ICCID,Quantity\n894450100000000000,900\n", expand_ranges=True, lengths=[19], add_check_digit=[18],
        limits={"max_rows": 500},
    ).code == "too_large"  # fmt: skip


def test_rows_of_a_range_that_repeat_another_row_show_their_own_cells(make):
    first, last = "894450100000000000", "894450100000000002"
    found = make.read(
        f"First ICCID,Last ICCID,Name\n{first},{last},box\n894450100000000001,,other\n",
        expand_ranges=True, lengths=[19], add_check_digit=[18],
    )  # fmt: skip

    assert [row.original for row in found.rejected] == [
        ("894450100000000001", "", "box"),
        ("894450100000000001", "", "other"),
    ]


def test_a_number_cell_as_the_end_of_a_range_is_rejected(make):
    book = make.book([("First ICCID", "Last ICCID"), (A, int(B))])

    assert make.codes(book, expand_ranges=True) == ["not_text"]


@pytest.mark.parametrize("change", [b"", b"<f>1+1</f>"])
def test_strict_open_xml_is_read_by_both_readers(make, change):
    stream = io.BytesIO()
    with ZipFile(io.BytesIO(strict(make))) as old, ZipFile(stream, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            assert MAIN.encode() not in content
            if change and name.endswith("sheet1.xml"):
                cells = b'<c r="C2">' + change + b"<v>2</v></c></row></sheetData>"
                content = content.replace(b"</row></sheetData>", cells)
            new.writestr(name, content)

    assert [(row.iccid, row.name) for row in make.read(stream.getvalue()).rows] == [(A, "a")]


def test_the_values_below_both_lines_of_a_header_are_kept_out_if_one_of_them_is_a_secret(make: Maker):
    found = make.read(two_lines(make))
    bad = make.read(
        make.book([("ICCID", "PIN", None), (None, "PIN1", "PIN2"), (A, "1111", "2222"), ("bad", "3333", "4444")])
    )

    assert found.columns == bad.columns == ("ICCID",)
    assert [row.original for row in bad.rejected] == [("bad",)]
