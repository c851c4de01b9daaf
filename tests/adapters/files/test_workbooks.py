"""Excel workbooks: only text is taken for text, and what a person did not see is not read."""

from datetime import datetime

import openpyxl
import pytest

A, B = "8944500000000079364", "8944500000000158556"
HEAD = ("iccid", "name")


def test_workbooks_are_read_with_defusedxml():
    assert openpyxl.DEFUSEDXML is True  # B78: without it entities would be expanded


def test_text_cells_are_read(make):
    found = make.read(make.book([HEAD, (A, "a"), (B, "b")]))

    assert [(row.row_no, row.iccid, row.name) for row in found.rows] == [(2, A, "a"), (3, B, "b")]


def test_shared_and_inline_strings_are_the_same(make):
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
        '<row r="2"><c r="A2" t="s"><v>2</v></c>'
        '<c r="B2" t="inlineStr"><is><r><t>bo</t></r><r><t>ld</t></r></is></c></row>'
    )
    found = make.read(make.raw(rows, strings=["iccid", "name", A]))

    assert [(row.iccid, row.name) for row in found.rows] == [(A, "bold")]


@pytest.mark.parametrize(
    ("value", "words", "shown"),
    [
        pytest.param(8944500102198304826, "a number", "8.94450010219830E+18", id="B20 long number"),
        pytest.param(8.9445e18, "a number", "8.94450000000000E+18", id="B20 float"),
        pytest.param(5, "a number", "5", id="short number"),
        pytest.param(datetime(2026, 5, 4), "a date", "2026-05-04 00:00:00", id="date"),
        pytest.param(True, "true or false", "TRUE", id="boolean"),
        pytest.param("=A3", "a formula", "=A3", id="B63 formula"),
        pytest.param("#REF!", "an error value", "#REF!", id="error value"),
    ],
)
@pytest.mark.parametrize("column", [0, 1])
def test_a_cell_that_is_no_text_rejects_its_row(make, value, words, shown, column):
    row = (value, "a") if column == 0 else (A, value)
    rejected = make.read(make.book([HEAD, row, (B, "b")])).rows[0]

    assert (rejected.row_no, rejected.outcome) == (2, "rejected")
    assert rejected.problems[0].column == HEAD[column]
    assert words in rejected.problems[0].reason
    assert rejected.problems[0].value == rejected.original[column] == shown


def test_b70_a_number_format_does_not_make_a_number_text(make):
    def show_digits(book):
        book.active["A2"].number_format = "0000000000000000000"

    assert make.codes(make.book([HEAD, (8944500000000079364, "a")], change=show_digits)) == ["not_text"]


def test_a_long_number_from_a_cell_can_never_pass_when_its_reject_row_is_handed_in(make):
    shown = make.read(make.book([HEAD, (float(A), "a"), (B, "b")])).rows[0].original[0]

    assert make.codes(f"iccid,name\n{shown},a\n") == ["damaged"]


def test_b21_numbers_between_texts_reject_only_their_rows(make):
    assert make.outcomes(make.book([HEAD, (A, "a"), (float(B), "b")])) == ["A", "R"]


def test_other_columns_may_hold_anything(make):
    found = make.read(make.book([("iccid", "count", "when", "calc"), (A, 5, datetime(2026, 1, 1), "=1+1")]))

    assert found.rows[0].iccid == A


def test_rows_left_out_and_rows_without_text_are_blank(make):
    found = make.read(make.raw(make.row(1, *HEAD) + make.row(4, A, "a") + '<row r="5"><c r="A5" s="0"/></row>'))

    assert [(row.row_no, row.outcome.value) for row in found.rows] == [
        (2, "blank"),
        (3, "blank"),
        (4, "accepted"),
        (5, "blank"),
    ]


def test_a_short_row_is_whole_and_a_remark_beside_a_row_is_left_out_and_told(make):
    found = make.read(make.book([("iccid", "name", "tags"), (A,), (B, "b", None, "call me"), (make.iccid(3),)]))

    assert [row.outcome.value for row in found.rows] == ["accepted"] * 3
    assert found.notes == ("1 row with cells beside the table, which are not read; first D3",)


def test_an_iccid_beside_a_row_is_no_remark(make):
    assert make.codes(make.book([("iccid", "name"), (A, "a", None, B)])) == ["row_length"]


def test_a_column_without_a_header_is_named_by_its_cell(make):
    found = make.read(make.book([("iccid", None, "name"), (A, "x", "a")]))

    assert found.notes == ("cell B1 has no header; what stands below it is not used",)
    assert found.rows[0].name == "a"


def test_title_rows_are_skipped(make):
    assert make.read(make.book([("Delivery 7",), (), HEAD, (A, "a")])).rows[0].row_no == 4


@pytest.mark.parametrize("rows", [[], [(None, None)], [("", "")]])
def test_b01_an_empty_sheet_is_refused(make, rows):
    assert make.refusal(make.book(rows)).code == "empty"


def test_b02_a_header_without_rows_is_refused(make):
    assert make.refusal(make.book([HEAD])).code == "no_rows"


def test_b66_several_visible_sheets_need_a_name(make):
    book = make.book([HEAD, (A, "a")], change=lambda book: book.create_sheet("More").append(["iccid"]))

    assert make.refusal(book).code == "sheets"
    assert "'Sheet', 'More'" in str(make.refusal(book))
    assert make.read(book, sheet="Sheet").rows[0].iccid == A
    assert make.read(book, **{"sheet": "Sheet"}).rows[0].iccid == A
    assert make.refusal(book, sheet="Other").code == "sheets"


def test_the_suppliers_usual_sheet_name_is_not_needed_where_there_is_one_sheet(make):
    from adapters.files.reader import read_manifest
    from domain.supplier import SupplierProfile

    path = make.write(make.book([HEAD, (A, "a")]))

    assert read_manifest(path, profile=SupplierProfile(sheet="Usual")).rows[0].iccid == A
    assert make.refusal(path, sheet="Usual").code == "sheets"


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_b67_hidden_sheets_with_data_are_refused(make, state):
    def hide(book):
        sheet = book.create_sheet("Secret")
        sheet.append(["more"])
        sheet.sheet_state = state

    book = make.book([HEAD, (A, "a")], change=hide)

    assert make.refusal(book).code == "hidden"
    assert "'Secret'" in str(make.refusal(book))
    assert make.outcomes(book, allow_hidden=True) == ["A"]


def test_a_hidden_sheet_without_data_does_no_harm(make):
    def hide(book):
        book.create_sheet("Empty").sheet_state = "hidden"

    assert make.outcomes(make.book([HEAD, (A, "a")], change=hide)) == ["A"]


@pytest.mark.parametrize(
    "hide",
    [
        pytest.param(lambda book: setattr(book.active.row_dimensions[2], "hidden", True), id="row"),
        pytest.param(lambda book: setattr(book.active.column_dimensions["B"], "hidden", True), id="column"),
    ],
)
def test_b68_hidden_rows_and_columns_are_refused(make, hide):
    book = make.book([HEAD, (A, "a"), (B, "b")], change=hide)

    assert make.refusal(book).code == "hidden"
    assert make.outcomes(book, allow_hidden=True) == ["A", "A"]


def test_hidden_columns_beside_the_table_do_no_harm(make):
    def hide(book):
        book.active.column_dimensions["F"].hidden = True

    assert make.outcomes(make.book([HEAD, (A, "a")], change=hide)) == ["A"]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(
            '<row r="1"><c r="A1" t="inlineStr"><is><t>iccid</t></is></c><c r="XFD1"><v>1</v></c></row>', id="B82"
        ),
        pytest.param('<row r="2"><c r="ZZZZ2"><v>1</v></c></row>', id="no such column"),
    ],
)
def test_b82_cells_far_to_the_right_are_refused(make, rows):
    assert make.refusal(make.raw(rows)).code in {"range", "broken"}


def test_b81_a_sparse_sheet_is_refused_by_its_range(make):
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    rows = make.row(1, *HEAD) + make.row(2, A, "a")

    said = make.refusal(make.raw(rows + far, before='<dimension ref="A1:XFD1048576"/>'))
    unsaid = make.refusal(make.raw(rows + far, before='<dimension ref="A1:B2"/>'))

    assert "XFD1048576" in str(said)
    assert (said.code, unsaid.code) == ("range", "range")


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param('<row r="3"/><row r="2"><c r="A2" t="inlineStr"><is><t>x</t></is></c></row>', id="rows backwards"),
        pytest.param('<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>2</v></c></row>', id="cell twice"),
        pytest.param('<row r="2"><c r="A9"><v>1</v></c></row>', id="cell of another row"),
        pytest.param('<row r="2"><c r="A2" t="s"><v>-1</v></c></row>', id="negative string index"),
        pytest.param('<row r="2"><c r="A2" t="s"><v>99</v></c></row>', id="no such string"),
        pytest.param('<row r="x"><c r="A2"><v>1</v></c></row>', id="row number is no number"),
        pytest.param('<row r="2"><c r="A2"><v>many</v></c></row>', id="number is no number"),
        pytest.param('<row r="2"><c r="A2"></row>', id="not well-formed"),
    ],
)
def test_a_workbook_that_contradicts_itself_is_refused(make, rows):
    assert make.refusal(make.raw(make.row(1, *HEAD) + rows, strings=["iccid"])).code == "broken"


@pytest.mark.parametrize("name", ["sims.csv", "sims.TXT", "sims.xls"])
def test_b72_a_workbook_with_the_name_of_another_kind_is_refused(make, name):
    assert make.refusal(make.write(make.book([HEAD, (A, "a")]), name)).code == "type"


@pytest.mark.parametrize("name", ["sims.xlsx", "sims", "sims.XLSX", "sims.part"])
def test_a_workbook_is_known_by_its_bytes(make, name):
    assert make.outcomes(make.write(make.book([HEAD, (A, "a")]), name)) == ["A"]
