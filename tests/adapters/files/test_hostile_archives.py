"""Archives that are bombs, traps, damaged, or something else than a plain workbook."""

import io
import struct
import warnings
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZipFile, ZipInfo

import pytest

from adapters.files.book_job import BookJob
from adapters.files.book_rows import CarefulSheet
from adapters.files.zip_checks import check_archive
from domain.errors import FileRefused

A = "8944500000000079364"
HEAD = ("iccid", "name")
SHEET = "xl/worksheets/sheet1.xml"

JOB = BookJob("sims.xlsx", 0, None, None, False, False, 1000, 256, 10, 50, 10_000, 10_000, 60, 512, 10**8)


@pytest.fixture
def good(make):
    return make.book([HEAD, (A, "a")])


def with_parts(content, parts):
    """Return a workbook with more parts; a part may be a ZipInfo."""
    stream = io.BytesIO(content)
    with ZipFile(stream, "a", ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in parts:
            archive.writestr(name, data)
    return stream.getvalue()


def linked(name):
    entry = ZipInfo(name)
    entry.external_attr = 0o120777 << 16
    return entry


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        pytest.param([("xl/vbaProject.bin", b"x")], "macros", id="B73"),
        pytest.param([("xl/externalLinks/externalLink1.xml", b"x")], "active_content", id="B64 external link"),
        pytest.param([("xl/connections.xml", b"x")], "active_content", id="B64 data connection"),
        pytest.param([("xl/embeddings/oleObject1.bin", b"x")], "active_content", id="embedded object"),
        pytest.param([("../../etc/x", b"x")], "broken", id="B77 path upwards"),
        pytest.param([("/etc/x", b"x")], "broken", id="B77 absolute"),
        pytest.param([("xl\\x", b"x")], "broken", id="B77 backslash"),
        pytest.param([(SHEET, b"x")], "broken", id="B77 twice"),
        pytest.param([(SHEET.upper(), b"x")], "broken", id="B77 twice in another case"),
        pytest.param([(linked("xl/link"), b"/etc/passwd")], "broken", id="B77 symbolic link"),
        pytest.param([(f"xl/part{i}", b"") for i in range(1001)], "too_large", id="B76 entries"),
        pytest.param([("xl/bomb.xml", b"\0" * 30_000_000)], "too_large", id="B76 ratio"),
    ],
)
def test_a_part_that_no_table_needs_refuses_the_workbook(make, good, parts, code):
    assert make.refusal(with_parts(good, parts)).code == code


def refusal_of_archive(content) -> FileRefused:
    with ZipFile(io.BytesIO(content)) as archive, pytest.raises(FileRefused) as caught:
        check_archive(archive, name="sims.xlsx", size=len(content))
    return caught.value


def test_b76_the_total_is_limited_whatever_the_ratio(good, monkeypatch):
    monkeypatch.setattr("adapters.files.zip_checks.MAX_TOTAL", 1_000)

    assert refusal_of_archive(good).code == "too_large"


def test_b76_overlapping_parts_are_refused(make, good):
    content = bytearray(good)
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 42 : directory + 46] = struct.pack("<I", 0)  # the last part now starts where the first does

    assert make.refusal(bytes(content)).code == "broken"


def test_b77_encrypted_parts_are_called_protected(make, good):
    content = bytearray(good)
    content[content.index(b"PK\x01\x02") + 8] |= 1

    assert make.refusal(bytes(content)).code == "protected"


def test_an_unusual_packing_is_refused(make):
    stream = io.BytesIO()
    with ZipFile(stream, "w", ZIP_LZMA) as archive:
        archive.writestr("xl/workbook.xml", "x")

    assert make.refusal(stream.getvalue()).code == "broken"


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        pytest.param({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}, "OpenDocument", id="B71 ods"),
        pytest.param({"xl/workbook.bin": b"x"}, "xlsb", id="B71 xlsb"),
        pytest.param({"readme.txt": b"x", "more.txt": b"y"}, "zip archive", id="B72 zip"),
        pytest.param({"word/document.xml": b"x"}, "zip archive", id="another Office file"),
    ],
)
def test_another_kind_of_archive_is_called_what_it_is(make, parts, words):
    error = make.refusal(make.zip(parts))

    assert error.code == "type"
    assert words in str(error)


@pytest.mark.parametrize("kept", [4, 30, 200, 0.3, 0.6, 0.9, 0.99])
def test_b75_a_truncated_workbook_is_refused(make, good, kept):
    length = kept if isinstance(kept, int) else int(len(good) * kept)

    assert make.refusal(good[:length]).code == "broken"


@pytest.mark.parametrize("apart", [487, pytest.param(97, marks=pytest.mark.long)])
def test_b75_a_flipped_byte_is_refused_or_harms_nothing(make, good, apart):
    for place in range(0, len(good), apart):
        content = bytearray(good)
        content[place] ^= 0x55
        try:
            found = make.read(bytes(content))
        except Exception as error:  # the point is which errors may come
            assert type(error).__name__ == "FileRefused", (place, error)
        else:
            assert [row.iccid for row in found.rows] == [A]


@pytest.mark.parametrize("missing", ["xl/workbook.xml", SHEET, "[Content_Types].xml", "xl/_rels/workbook.xml.rels"])
def test_b75_a_missing_part_is_refused(make, good, missing):
    with ZipFile(io.BytesIO(good)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != missing}

    assert make.refusal(make.zip(parts)).code in {"broken", "type", "sheets"}


LAUGHS = "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]>"
EXTERNAL = "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"
REMOTE = "<!DOCTYPE x [<!ENTITY a SYSTEM 'http://127.0.0.1:9/x'>]>"


@pytest.mark.parametrize("dtd", [LAUGHS, EXTERNAL, REMOTE])
def test_b78_b79_entities_are_refused_in_every_part(make, dtd):
    rows = make.row(1, *HEAD) + make.row(2, A, "&a;")
    in_sheet = make.refusal(make.raw(rows, dtd=dtd))
    good = make.raw(make.row(1, *HEAD) + make.row(2, A, "x"), strings=["x"])
    with ZipFile(io.BytesIO(good)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name in ("[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"):
        changed = make.zip({**parts, name: dtd.encode() + parts[name]})
        assert make.refusal(changed).code == "active_content", name

    assert in_sheet.code == "active_content"


def test_b82_too_many_sheets_are_refused(make):
    def add(book):
        for number in range(60):
            book.create_sheet(f"s{number}")

    assert make.refusal(make.book([HEAD, (A, "a")], change=add)).code == "too_large"


def test_b82_a_huge_style_table_is_refused(good, monkeypatch):
    monkeypatch.setattr("adapters.files.zip_checks.MAX_STYLES", 100)

    assert "styles" in str(refusal_of_archive(good))


def test_a_workbook_is_not_read_without_protection_against_entities(good, monkeypatch):
    monkeypatch.setattr("openpyxl.DEFUSEDXML", False)

    with pytest.raises(RuntimeError, match="defusedxml"):
        CarefulSheet(io.BytesIO(good), SHEET, JOB)
