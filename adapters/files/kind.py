"""What a file is, judged by its bytes; a name that says otherwise is refused."""

from enum import StrEnum

from adapters.files.snapshot import Snapshot
from domain.errors import FileRefused
from domain.problems import FileCode

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_REFUSED = (
    (b"%PDF", "a PDF document"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"{\\rtf", "an RTF document"),
    (b"SQLite format 3\0", "a database"),
)
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<table", b"<head", b"<body", b"<style", b"<meta", b"<!--")


class FileKind(StrEnum):
    """The two kinds of files that are read."""

    TEXT = "text"
    WORKBOOK = "workbook"


_FALSE_NAMES = {
    FileKind.TEXT: (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".zip", ".pdf"),
    FileKind.WORKBOOK: (".csv", ".tsv", ".txt", ".xls", ".xlsb", ".ods"),
}


def detect(file: Snapshot) -> FileKind:
    """Return the kind of a file, or refuse it with what it is instead."""
    head = file.start(4096)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        _refuse_empty(file, head)
    if head.startswith(OLE):
        _refuse_ole(file)
    kind = FileKind.WORKBOOK if head.startswith((b"PK\x03\x04", b"PK\x05\x06")) else FileKind.TEXT
    if kind is FileKind.TEXT:
        _refuse_known(head, file.name)
        refuse_false_name(kind, file.name)
    return kind


def _refuse_empty(file: Snapshot, head: bytes) -> None:
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return  # NUL bytes are a fault of their own, named by the text reader
    if not file.start(-1).strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        raise FileRefused(FileCode.EMPTY, f"{file.name!r} is empty; hand in a file with a header and rows.")


def _refuse_ole(file: Snapshot) -> None:
    content = file.content.read()
    if ENCRYPTED_PACKAGE in content:
        raise FileRefused(
            FileCode.PROTECTED, f"{file.name!r} is protected by a password; save it without one and hand it in again."
        )
    raise _wrong_type(file.name, "an old Excel or Office file (.xls)")


def _refuse_known(head: bytes, name: str) -> None:
    for start, what in _REFUSED:
        if head.startswith(start):
            raise _wrong_type(name, what)
    if head.startswith(b"MZ") and b"\0" in head:
        raise _wrong_type(name, "a program")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:16].lower().startswith(_MARKUP):
        raise _wrong_type(name, "a web page or XML")


def refuse_false_name(kind: FileKind, name: str) -> None:
    """Refuse a name that promises another kind: somebody took the wrong file, or a program wrote it wrongly.

    Of an archive its content must be known first: an .ods table is refused for what it is, not for its name.
    """
    if name.lower().endswith(_FALSE_NAMES[kind]):
        what = "an Excel workbook" if kind is FileKind.WORKBOOK else "a text file"
        raise FileRefused(FileCode.TYPE, f"{name!r} is {what}, which its name denies; check and rename it.")


def _wrong_type(name: str, what: str) -> FileRefused:
    return FileRefused(FileCode.TYPE, f"{name!r} is {what}; save the table as .xlsx or as CSV (UTF-8) and hand it in.")
