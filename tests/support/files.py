"""Builders of files, good and hostile; nothing binary is stored."""

import io
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from adapters.files.reader import read_manifest
from domain.errors import FileRefused
from domain.iccid import luhn_digit
from domain.supplier import SupplierProfile

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


class Maker:
    """Makes files in a folder of their own and reads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def iccid(self, number: int, *, length: int = 19) -> str:
        body = f"8944500{number * 7919 + 17:0{length - 8}d}"
        return body + luhn_digit(body)

    def write(self, content: bytes | str, name: str = "file") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def read(self, content, *, sheet=None, naming=None, **settings):
        """Read bytes, text or a path."""
        path = content if isinstance(content, Path) else self.write(content)
        return read_manifest(path, profile=SupplierProfile.model_validate(settings), sheet=sheet, naming=naming)

    def refusal(self, content, *, sheet=None, **settings) -> FileRefused:
        with pytest.raises(FileRefused) as caught:
            self.read(content, sheet=sheet, **settings)
        message = str(caught.value)
        assert message.endswith(".") and message.isprintable() and len(message) < 1_500
        return caught.value

    def outcomes(self, content, **settings) -> list[str]:
        """Return A, R, D or B for each row."""
        return [row.outcome.value[0].upper() for row in self.read(content, **settings).rows]

    def codes(self, content, **settings) -> list[str]:
        """Return the first reason of each rejected row."""
        return [str(row.problems[0].code) for row in self.read(content, **settings).rejected]

    def book(self, rows, *, change=None) -> bytes:
        """Return a workbook as openpyxl writes it; `change` may alter it before."""
        book = Workbook()
        for row in rows:
            book.active.append(list(row))
        if change is not None:
            change(book)
        stream = io.BytesIO()
        book.save(stream)
        return stream.getvalue()

    def raw(self, rows_xml: str, *, before: str = "", strings: list[str] | None = None, dtd: str = "") -> bytes:
        """Return a workbook around hand-written rows."""
        sheet = f'{dtd}<worksheet xmlns="{MAIN}">{before}<sheetData>{rows_xml}</sheetData></worksheet>'
        return self.package(sheet, strings=strings)

    def package(self, sheet: str, *, strings: list[str] | None = None, extra: dict[str, bytes] | None = None) -> bytes:
        """Return the smallest workbook that Excel would open, with one sheet."""
        shared = "".join(f"<si><t>{text}</t></si>" for text in strings or [])
        part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{TYPE}.sharedStrings+xml"/>'
        parts = {
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
            f'<Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{TYPE}.worksheet+xml"/>'
            f"{part if strings is not None else ''}</Types>",
            "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">'
            '<sheets><sheet name="SIMs" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": sheet,
        }
        if strings is not None:
            parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{shared}</sst>'
        return self.zip({**{name: text.encode() for name, text in parts.items()}, **(extra or {})})

    def zip(self, parts: dict[str, bytes]) -> bytes:
        stream = io.BytesIO()
        with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return stream.getvalue()

    def row(self, number: int, *texts: str, attributes: str = "") -> str:
        """Return the XML of a row of text cells."""
        cells = "".join(
            f'<c r="{chr(65 + i)}{number}" t="inlineStr"><is><t>{text}</t></is></c>' for i, text in enumerate(texts)
        )
        return f'<row r="{number}" {attributes}>{cells}</row>'
