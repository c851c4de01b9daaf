"""Delimited text: every way in which a CSV arrives, and what each leads to."""

import codecs

import pytest

A, B = "8944500000000079364", "8944500000000158556"
HEAD = "iccid,name\n"
ROW = f"{A},a\n"


def test_the_two_sample_numbers_are_sound(make):
    assert [make.iccid(1), make.iccid(2)] == [A, B]


@pytest.mark.parametrize(
    ("content", "outcomes"),
    [
        pytest.param(HEAD + ROW, "A", id="B03 one row"),
        pytest.param(b"\xef\xbb\xbf" + (HEAD + ROW).encode(), "A", id="B05 BOM"),
        pytest.param(b'\xef\xbb\xbf"iccid","name"\n' + ROW.encode(), "A", id="B05 BOM before a quote"),
        pytest.param(codecs.BOM_UTF16_LE + (HEAD + ROW).encode("utf-16-le"), "A", id="B06 UTF-16 LE"),
        pytest.param(codecs.BOM_UTF16_BE + (HEAD + ROW).encode("utf-16-be"), "A", id="B06 UTF-16 BE"),
        pytest.param(HEAD + f"{A},a\x1b[31mb\n", "R", id="B11 ESC in a name"),
        pytest.param(HEAD + ROW + ROW, "AD", id="B33"),
        pytest.param(HEAD + ROW + f"{A},b\n", "RR", id="B34"),
        pytest.param(f"note,NAME,Iccid,x\n,a,{A},\n", "A", id="B44"),
        pytest.param(HEAD + f"{A}\n{B},b,c\n", "RR", id="B45"),
        pytest.param(f"iccid;name\n{A};a\n", "A", id="B46 semicolon"),
        pytest.param(f"iccid\tname\n{A}\ta\n", "A", id="B46 tab"),
        pytest.param(f"iccid|name\n{A}|a\n", "A", id="B46 pipe"),
        pytest.param(f"sep=;\niccid;name\n{A};a\n", "A", id="B46 sep line"),
        pytest.param(f'"sep=;"\r\niccid;name\r\n{A};a\r\n', "A", id="B46 quoted sep line"),
        pytest.param(f'"iccid";"name"\n"{A}";"a"\n', "A", id="B46 all quoted"),
        pytest.param(HEAD + ROW + f"{B};b\n", "AR", id="B48"),
        pytest.param(f"iccid,name\r{A},a\r{B},b\r", "AA", id="B52 CR only"),
        pytest.param(f"iccid,name\r\n{A},a\r{B},b\n", "AA", id="B52 mixed"),
        pytest.param(HEAD + ROW.strip(), "A", id="B52 no last newline"),
        pytest.param(HEAD + "\n" + ROW + ",\n  , \n,lonely\n", "BABBR", id="B55"),
        pytest.param(HEAD + ROW + "Total: 1,\n# comment,\nSigned by me\n", "ARRR", id="B56"),
        pytest.param(HEAD + f"{A},=1+1\n{B},＝x\n", "AA", id="B60"),
        pytest.param(f"Delivery 5\n\nICCID,Name\n{A},a\n", "A", id="title rows"),
        pytest.param(f'iccid,note\n{A},"two\nlines"\n', "A", id="line break in a quoted field"),
    ],
)
def test_rows_are_read_and_judged(make, content, outcomes):
    assert "".join(make.outcomes(content)) == outcomes


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "empty", id="B01 no bytes"),
        pytest.param(b"\xef\xbb\xbf", "empty", id="B01 only a BOM"),
        pytest.param(codecs.BOM_UTF16_LE, "empty", id="B01 only a UTF-16 BOM"),
        pytest.param(b"\n \r\n\n" * 3000, "empty", id="B01 only blank lines"),
        pytest.param(HEAD, "no_rows", id="B02"),
        pytest.param(HEAD + "\n,\n", "no_rows", id="B02 and blank rows"),
        pytest.param((HEAD + ROW).encode("utf-16-le"), "encoding", id="B06 no BOM"),
        pytest.param((HEAD + ROW).encode("utf-32"), "encoding", id="B07 UTF-32"),
        pytest.param(b"+/v8-" + (HEAD + ROW).encode(), "encoding", id="B07 UTF-7"),
        pytest.param((HEAD + ROW).encode("cp500"), "encoding", id="B07 EBCDIC"),
        pytest.param((HEAD + f"{A},Zürich\n").encode("cp1252"), "encoding", id="B08"),
        pytest.param(HEAD.encode() + ROW.encode() * 50_000 + b"\xc3\x28", "encoding", id="B09"),
        pytest.param(HEAD + f"{A}\0,a\n", "nul", id="B10"),
        pytest.param(ROW, "header_missing", id="B39"),
        pytest.param(f"iccid,iccid\n{A},{B}\n", "column_repeated", id="B41"),
        pytest.param(f"name,imsi\n{A},a\n", "header_missing", id="B43 missing"),
        pytest.param(f'"name";"imsi"\n"a";"{A}"\n', "header_missing", id="B43 missing, quoted"),
        pytest.param(f"iccid,sim number\n{A},{B}\n", "header_ambiguous", id="B43 two"),
        pytest.param(HEAD + f'{A},"open\n{B},b\n', "quotes", id="B49"),
        pytest.param(HEAD + f'{A},"a"b\n', "quotes", id="B50"),
        pytest.param(HEAD + f"{A},{'x' * 140_000}\n", "too_large", id="B53"),
        pytest.param(HEAD + f"{A},{'x' * 10_001}\n", "too_large", id="own field limit"),
        pytest.param(HEAD + "x" * 3_000_000, "too_large", id="B54"),
        pytest.param("sep=#\niccid#name\n", "quotes", id="unknown delimiter"),
        pytest.param(",".join(["iccid", *(f"c{i}" for i in range(300))]) + "\n", "range", id="B82 columns"),
        pytest.param(b"%PDF-1.7 ...", "type", id="B72 PDF"),
        pytest.param(b"\xff\xd8\xff\xe0....", "type", id="B72 JPEG"),
        pytest.param(b"\x1f\x8b\x08\x00....", "broken", id="B72 gzip"),
        pytest.param(b"MZ\x90\0\x03\0\0\0", "type", id="B72 program"),
        pytest.param(b"  <!DOCTYPE html><html><table>", "type", id="B72 HTML"),
        pytest.param(b"<?xml version='1.0'?><Workbook/>", "type", id="B72 XML"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "type", id="B71 xls"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
            "protected",
            id="B74",
        ),
    ],
)
def test_a_whole_file_is_refused_with_one_reason(make, content, code):
    assert make.refusal(content).code == code


def test_b09_the_refusal_names_the_byte(make):
    many = HEAD.encode() + ROW.encode() * 60_000

    assert f"offset {len(HEAD) + 3} " in str(make.refusal(b"\xef\xbb\xbf" + HEAD.encode() + b"\xff,"))
    assert f"offset {len(many):,} " in str(make.refusal(many + b"\xe9\n"))


def test_b49_the_refusal_names_the_line_where_the_quote_opens(make):
    assert "line 3" in str(make.refusal(HEAD + ROW + f'{B},"open\n' + "x\n" * 50))


def test_b08_a_configured_encoding_is_used_and_a_bom_still_wins(make):
    text = HEAD + f"{A},Zürich\n"

    assert make.read(text.encode("cp1252"), encoding="cp1252").rows[0].name == "Zürich"
    assert make.read(codecs.BOM_UTF8 + text.encode(), encoding="cp1252").rows[0].name == "Zürich"


def test_row_numbers_are_those_a_person_sees(make):
    plain = make.read(HEAD + "\n" + ROW)
    titled = make.read("sep=,\ntitle\n" + HEAD + ROW)

    assert [row.row_no for row in plain.rows] == [2, 3]
    assert [row.row_no for row in titled.rows] == [4]
    assert titled.notes == ("1 row above the header skipped",)


def test_rows_rejected_by_comparison_show_their_original_cells(make):
    found = make.read(f"note,iccid,name,PIN1\nfirst,{A} ,a,1234\nsecond,{A},b,1234\n")

    assert found.columns == ("note", "iccid", "name")
    assert [row.original for row in found.rows] == [("first", f"{A} ", "a"), ("second", A, "b")]


def test_a_file_without_header_is_read_if_configured(make):
    found = make.read(f"{A};a\n{B};b\n", headerless=True)

    assert [(row.row_no, row.name) for row in found.rows] == [(1, "a"), (2, "b")]


def test_trimming_is_noted_with_numbers(make):
    found = make.read(HEAD + f" {A},a\n'{B},b\n")

    assert found.rows[0].notes == ("white space around the number removed",)
    assert "1 of 2 rows: leading apostrophe removed" in found.notes


def test_the_csv_modules_own_limit_is_put_back(make):
    import csv

    before = csv.field_size_limit()
    make.read(HEAD + ROW)
    make.refusal(HEAD + f'{A},"open\n')

    assert csv.field_size_limit() == before


@pytest.mark.parametrize("name", ["sims.xlsx", "sims.XLS", "sims.zip"])
def test_b72_text_with_the_name_of_another_kind_is_refused(make, name):
    assert make.refusal(make.write(HEAD + ROW, name)).code == "type"


@pytest.mark.parametrize("name", ["sims.csv", "sims.txt", "sims", "sims.dat"])
def test_text_is_known_by_its_bytes(make, name):
    assert make.outcomes(make.write(HEAD + ROW, name)) == ["A"]


def test_rows_keep_their_numbers_when_ways_of_reading_change(make, monkeypatch):
    monkeypatch.setattr("adapters.files.text_table.CHUNK_CHARS", 40)
    numbers = [make.iccid(number) for number in range(1, 9)]
    good = [f"{number},n{number[-4:]}" for number in numbers]
    lines = [*good[:3], f"{A},a,too,long", "", *good[3:6], f'"{numbers[6]}","a, b"', good[7]]
    found = make.read(HEAD + "\n".join(lines))

    assert [row.row_no for row in found.rows] == list(range(2, 12))
    assert [row.outcome.value[0] for row in found.rows] == list("aaarbaaaaa")
    assert [row.iccid for row in found.accepted] == numbers
    assert "line 12" in str(make.refusal(HEAD + "\n".join([*lines, f'{B},"b', "x"]) + "\n"))
