"""The workbooks of the catalogue, good, damaged and hostile."""

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from tests.support.case import GOOD, HEAD, A, B, Case, archive, raw
from tests.support.files import MAIN, RELATIONS, Maker

BOOK_HEAD = ("iccid", "name")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
ENTITIES = "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]>"
EXTERNAL = "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"
FAR = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


def workbooks() -> Iterator[Case]:
    yield Case("X01", "a workbook with text cells", book((A, "a"), (B, "b")), rows="accepted accepted")
    yield Case("B20", "a number in the ICCID cell", book((int(A), "a"), (B, "b")), rows="not_text accepted")
    yield Case("B21", "numbers between texts", book((A, "a"), (float(B), "b")), rows="accepted not_text")
    kinds = {"a date": datetime(2026, 5, 4), "true": True, "a number": 5, "`#REF!`": "#REF!"}
    for what, value in kinds.items():
        yield Case("B59", f"{what} in the name cell", book((A, value), (B, "b")), rows="not_text accepted")
    yield Case("B63", "a formula in the ICCID cell", book(("=A3", "a"), (B, "b")), rows="formula accepted")
    yield Case("B64", "a link to another workbook", with_part("xl/externalLinks/externalLink1.xml"), "active_content")
    yield Case("B64", "a data connection", with_part("xl/connections.xml"), "active_content")
    yield Case("B64", "custom XML, as SharePoint adds it", with_part("customXml/item1.xml"), rows="accepted")
    yield Case("X05", "a Strict Open XML workbook", strict, rows="accepted")
    yield Case("X06", "a remark beside a row", book((A, "a", "call me"), (B, "b")), rows="accepted accepted")
    yield Case("X07", "a header in two lines", two_lines, rows="accepted accepted", first=3)
    yield Case("B66", "two visible sheets", book((A, "a"), change=hidden_sheet("visible")), "sheets")
    yield Case("B66", "two visible sheets", book((A, "a"), change=hidden_sheet("visible")), rows="accepted",
               settings={"sheet": "Sheet"})  # fmt: skip
    yield Case("B67", "a hidden sheet with data", book((A, "a"), change=hidden_sheet("hidden")), "hidden")
    yield Case("B67", "a very hidden sheet with data", book((A, "a"), change=hidden_sheet("veryHidden")), "hidden")
    yield Case("B68", "a hidden row", book((A, "a"), (B, "b"), change=hide_row), "hidden")
    yield Case("B68", "a hidden column", book((A, "a"), change=hide_column), "hidden")
    yield Case("B68", "a hidden row", book((A, "a"), change=hide_row), rows="accepted", settings={"allow_hidden": True})
    yield Case("B70", "a number whose format shows all digits", book((int(A), "a"), (B, "b"), change=show_digits),
               rows="not_text accepted")  # fmt: skip
    yield Case("B71", "an old `.xls` workbook", raw(OLE), "type")
    yield Case("B71", "an `.xlsb` workbook", archive(("xl/workbook.bin", b"x")), "type")
    yield Case("B71", "an `.ods` table", archive(("mimetype", b"application/vnd.oasis.opendocument.spreadsheet")),
               "type")  # fmt: skip
    yield Case("B72", "CSV named `.xlsx`", raw(HEAD + GOOD), "type", name="sims.xlsx")
    yield Case("B72", "a workbook named `.csv`", book((A, "a")), "type", name="sims.csv")
    yield Case("B72", "HTML", raw("<!DOCTYPE html><table>"), "type")
    yield Case("B72", "JPEG", raw(b"\xff\xd8\xff\xe0...."), "type")
    yield Case("B72", "a program", raw(b"MZ\x90\0\x03\0\0\0"), "type")
    yield Case("B73", "macros", with_part("xl/vbaProject.bin"), "macros")
    yield Case("B73", "macros", with_part("xl/vbaProject.bin"), rows="accepted", settings={"allow_macros": True})
    yield Case("B74", "a password", raw(OLE + "EncryptedPackage".encode("utf-16-le")), "protected")
    yield Case("B75", "a workbook that was cut off", cut_book, "broken")
    yield Case("B75", "a flipped byte", flipped_book, "broken")
    yield Case("B75", "a missing part", without_part, "type")


def show_digits(found: Any) -> None:
    found.active["A2"].number_format = "0000000000000000000"


def hostile() -> Iterator[Case]:
    yield Case("B76", "1,001 parts more", many_parts, "too_large")
    yield Case("B76", "a part of 30 MB in 30 KB", with_part("xl/bomb.xml", b"\0" * 30_000_000), "too_large")
    for name in ("../../etc/x", "/etc/x", "xl\\x"):
        yield Case("B77", f"a part named `{name}`", with_part(name), "broken")
    yield Case("B77", "a part that is a link", with_part(link("xl/link"), b"/etc/passwd"), "broken")
    yield Case("B78", "entities that multiply", xml(lambda _: "", dtd=ENTITIES), "active_content")
    yield Case("B79", "an entity that names a file", xml(lambda _: "", dtd=EXTERNAL), "active_content")
    yield Case("B81", "a stray cell in the last corner, told by the sheet",
               xml(lambda _: FAR, before='<dimension ref="A1:XFD1048576"/>'), "range")  # fmt: skip
    yield Case("B81", "a stray cell in the last corner, not told by the sheet", xml(lambda _: FAR), "range")
    yield Case("B82", "a cell in the last column", xml(lambda _: '<row r="3"><c r="XFD3"><v>1</v></c></row>'), "range")
    yield Case("B82", "60 sheets", book((A, "a"), change=many_sheets), "too_large")
    yield Case("X02", "a row that comes twice", xml(lambda make: make.row(2, B, "b")), "broken")
    yield Case("X03", "a cell of 20,000 characters", book((A, "x" * 20_000)), "too_large")
    yield Case("X04", "a text that does not exist", xml(lambda _: '<row r="3"><c r="A3" t="s"><v>99</v></c></row>',
               strings=["x"]), "broken")  # fmt: skip


def many_parts(make: Maker) -> bytes:
    stream = io.BytesIO(make.book([BOOK_HEAD, (A, "a")]))
    with ZipFile(stream, "a", ZIP_DEFLATED) as found:
        for number in range(1_001):
            found.writestr(f"xl/part{number}", b"")
    return stream.getvalue()


def many_sheets(found: Any) -> None:
    for number in range(60):
        found.create_sheet(f"s{number}")


def book(*rows: tuple[Any, ...], change: Callable[[Any], object] | None = None) -> Callable[[Maker], bytes]:
    return lambda make: make.book([BOOK_HEAD, *rows], change=change)


def xml(rows: Callable[[Maker], str], **options: Any) -> Callable[[Maker], bytes]:
    return lambda make: make.raw(make.row(1, *BOOK_HEAD) + make.row(2, A, "a") + rows(make), **options)


def two_lines(make: Maker) -> bytes:
    return make.book([("ICCID", "PIN", None), (None, "PIN1", "PIN2"), (A, "1111", "2222"), (B, "3333", "4444")])


def strict(make: Maker) -> bytes:
    """A workbook as Excel saves it as "Strict Open XML Spreadsheet"."""
    stream = io.BytesIO()
    with ZipFile(io.BytesIO(make.book([BOOK_HEAD, (A, "a")]))) as old, ZipFile(stream, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, _strict(old.read(name)))
    return stream.getvalue()


def _strict(content: bytes) -> bytes:
    main = content.replace(MAIN.encode(), b"http://purl.oclc.org/ooxml/spreadsheetml/main")
    return main.replace(RELATIONS.encode(), b"http://purl.oclc.org/ooxml/officeDocument/relationships")


def with_part(name: str | ZipInfo, content: bytes = b"x") -> Callable[[Maker], bytes]:
    def made(make: Maker) -> bytes:
        stream = io.BytesIO(make.book([BOOK_HEAD, (A, "a")]))
        with ZipFile(stream, "a", ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        return stream.getvalue()

    return made


def link(name: str) -> ZipInfo:
    entry = ZipInfo(name)
    entry.external_attr = 0o120777 << 16
    return entry


def hidden_sheet(state: str) -> Callable[[Any], object]:
    def change(found: Any) -> None:
        sheet = found.create_sheet("More")
        sheet.append(["more"])
        sheet.sheet_state = state

    return change


def hide_row(found: Any) -> None:
    found.active.row_dimensions[2].hidden = True


def hide_column(found: Any) -> None:
    found.active.column_dimensions["B"].hidden = True


def cut_book(make: Maker) -> bytes:
    return make.book([BOOK_HEAD, (A, "a")])[:-400]


def flipped_book(make: Maker) -> bytes:
    content = bytearray(make.book([BOOK_HEAD, (A, "a")]))
    content[content.index(b"xl/worksheets/sheet1.xml") + 60] ^= 0x55
    return bytes(content)


def without_part(make: Maker) -> bytes:
    with ZipFile(io.BytesIO(make.book([BOOK_HEAD, (A, "a")]))) as old:
        return make.zip({name: old.read(name) for name in old.namelist() if name != "xl/workbook.xml"})
