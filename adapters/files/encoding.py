"""Which characters the bytes of a text file are: by BOM, by setting, else UTF-8; nothing is guessed."""

import codecs
from typing import NoReturn

from adapters.files.snapshot import CHUNK, Snapshot
from domain.errors import FileRefused
from domain.problems import FileCode
from domain.supplier import SupplierProfile

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_UTF7 = (b"+/v8", b"+/v9", b"+/v+", b"+/v/")
RESAVE = "save it as 'CSV UTF-8' and hand it in again"


def check_encoding(file: Snapshot, profile: SupplierProfile) -> tuple[str, int]:
    """Read the whole text once; return its encoding and the length of its BOM, or refuse it with the place."""
    encoding, bom = _choose(file, profile)
    file.content.seek(bom)
    decoder = codecs.getincrementaldecoder(encoding)()
    offset = bom
    while True:
        chunk = file.content.read(CHUNK)
        text = _decode(decoder, chunk, offset, file.name, encoding)
        if "\0" in text:
            _refuse_nul(file.name, text, offset)
        if len(chunk) == CHUNK and b"\n" not in chunk and b"\r" not in chunk:
            raise FileRefused(
                FileCode.TOO_LARGE,
                f"{file.name!r} has a line of over a million bytes at byte {offset:,}; check it.",
            )
        if not chunk:
            return encoding, bom
        offset += len(chunk)


def _choose(file: Snapshot, profile: SupplierProfile) -> tuple[str, int]:
    head = file.content.read(4)
    if head.startswith(_UTF32):
        raise FileRefused(FileCode.ENCODING, f"{file.name!r} is UTF-32; {RESAVE}.")
    if head.startswith(_UTF7):
        raise FileRefused(FileCode.ENCODING, f"{file.name!r} is UTF-7; {RESAVE}.")
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    return profile.encoding or "utf-8", 0


def _decode(decoder: codecs.IncrementalDecoder, chunk: bytes, offset: int, name: str, encoding: str) -> str:
    waiting = len(decoder.getstate()[0])
    try:
        return decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError as error:
        place = offset - waiting + error.start
        wrong = error.object[error.start : error.start + 1].hex()
        raise FileRefused(
            FileCode.ENCODING,
            f"{name!r} is not {encoding}: byte 0x{wrong} at offset {place:,} fits no character; "
            f"{RESAVE}, or set the encoding of this supplier.",
        ) from error


def _refuse_nul(name: str, text: str, offset: int) -> NoReturn:
    if text.count("\0") * 5 > len(text):
        raise FileRefused(FileCode.ENCODING, f"{name!r} looks like UTF-16 but has no BOM; {RESAVE}.")
    place = offset + text.index("\0")
    raise FileRefused(
        FileCode.NUL, f"{name!r} holds {text.count(chr(0))} NUL characters, near byte {place:,}; {RESAVE}."
    )
