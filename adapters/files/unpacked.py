"""A file inside a gzip or zip archive: one, unpacked once, with its real bytes counted."""

import gzip
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from zipfile import BadZipFile, ZipFile, ZipInfo

from adapters.files.snapshot import CHUNK, KEPT_IN_MEMORY, Snapshot
from adapters.files.zip_checks import MAX_RATIO, SMALL, check_entries
from domain.errors import FileRefused
from domain.problems import FileCode, shown
from domain.supplier import FileLimits

GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_DOCUMENTS = ("[content_types].xml", "mimetype", "xl/", "word/", "ppt/")
_BESIDE = ("__macosx/", ".ds_store", "thumbs.db")  # what systems add to archives by themselves

# What the libraries raise on bytes that are no archive, found by mutating archives at random.
_DAMAGED = (
    *(BadZipFile, EOFError, OSError, ValueError, zlib.error, struct.error),
    *(NotImplementedError, RuntimeError, IndexError),
)


@contextmanager
def unpacked(file: Snapshot, limits: FileLimits) -> Iterator[Snapshot]:
    """Give the file that an archive holds, or the file itself if it is none; an archive in an archive is refused."""
    start = file.start(4)
    if start.startswith(GZIP):
        name = file.name[:-3] if file.name.lower().endswith(".gz") else file.name
        with _copied(file, lambda: _gunzipped(file), name, limits) as inner:
            yield inner
    elif start.startswith(ZIP) and (entry := _only_entry(file)) is not None:
        found = entry
        with _copied(file, lambda: _entry(file, found), shown(found.filename), limits) as inner:
            yield inner
    else:
        yield file


def _only_entry(file: Snapshot) -> ZipInfo | None:
    """Return the one file of a plain zip archive; None for a workbook or what the reader of workbooks shall judge."""
    try:
        with ZipFile(_stream(file)) as archive:
            entries = archive.infolist()
            names = [entry.filename.lower() for entry in entries]
            if not entries or any(name.startswith(_DOCUMENTS) for name in names):
                return None
            check_entries(archive, name=file.name, size=file.size)
    except _DAMAGED:
        return None
    files = [entry for entry in entries if not entry.is_dir() and not _is_beside(entry.filename)]
    if len(files) == 1:
        return files[0]
    raise FileRefused(
        FileCode.TYPE,
        f"{file.name!r} is a zip archive of {len(files):,} files; hand in one file, or an archive of one.",
    )


def _is_beside(name: str) -> bool:
    return name.lower().startswith(_BESIDE) or name.lower().endswith(_BESIDE[1:])


@contextmanager
def _gunzipped(file: Snapshot) -> Iterator[IO[bytes]]:
    with gzip.GzipFile(fileobj=_stream(file), mode="rb") as packed:
        yield packed  # type: ignore[misc]


@contextmanager
def _entry(file: Snapshot, entry: ZipInfo) -> Iterator[IO[bytes]]:
    with ZipFile(_stream(file)) as archive, archive.open(entry) as packed:
        yield packed


Opener = Callable[[], AbstractContextManager[IO[bytes]]]


@contextmanager
def _copied(file: Snapshot, opener: Opener, name: str, limits: FileLimits) -> Iterator[Snapshot]:
    with SpooledTemporaryFile(max_size=KEPT_IN_MEMORY) as content:
        try:
            with opener() as packed:
                size = _copy(packed, content, file, limits)
        except _DAMAGED as error:
            raise FileRefused(
                FileCode.BROKEN, f"{file.name!r} is a damaged archive ({type(error).__name__}); pack it again."
            ) from error
        content.seek(0)
        inner = replace(file, name=name, content=content, size=size)
        if inner.start(2).startswith((GZIP, b"PK")) and not _is_workbook(inner):
            raise FileRefused(FileCode.TYPE, f"{file.name!r} is an archive in an archive; hand in the file itself.")
        yield inner


def _copy(packed: IO[bytes], content: SpooledTemporaryFile[bytes], file: Snapshot, limits: FileLimits) -> int:
    size = 0
    while chunk := packed.read(CHUNK):
        size += len(chunk)
        if size > limits.max_bytes or (size > SMALL and size > MAX_RATIO * file.size):
            raise FileRefused(
                FileCode.TOO_LARGE,
                f"{file.name!r} unpacks from {file.size:,} to over {size:,} bytes; split it, or hand it in unpacked.",
            )
        content.write(chunk)
    return size


def _is_workbook(file: Snapshot) -> bool:
    try:
        with ZipFile(_stream(file)) as archive:
            return any(name.lower().startswith(_DOCUMENTS) for name in archive.namelist())
    except _DAMAGED:
        return False


def _stream(file: Snapshot) -> Any:
    file.content.seek(0)
    return file.content  # a spooled file has all that the libraries call
