"""One private copy of a file: opened once, hashed while it is copied, and out of reach of other programs."""

import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile

from domain.errors import FileRefused, UsageError
from domain.problems import FileCode, shown
from domain.supplier import FileLimits

CHUNK = 1024 * 1024
KEPT_IN_MEMORY = 32 * CHUNK


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The bytes of a file at one moment."""

    name: str  # for display only
    content: SpooledTemporaryFile[bytes]
    size: int
    digest: str  # of the file as it was handed in, also if this is what an archive held
    identity: tuple[int, int]  # device and inode of the file that was opened

    def start(self, size: int) -> bytes:
        """The first bytes."""
        self.content.seek(0)
        found = self.content.read(size)
        self.content.seek(0)
        return found


@contextmanager
def snapshot(path: Path, limits: FileLimits) -> Iterator[Snapshot]:
    """Open a file once and copy it, so that check, hash and parse see the same bytes."""
    name = shown(path.name)
    descriptor = _open(path, name)
    try:
        before = os.fstat(descriptor)
        _require_plain_file(before, name, limits)
        with SpooledTemporaryFile(max_size=KEPT_IN_MEMORY) as content:
            digest, size = _copy(descriptor, content, name, limits)
            _require_unchanged(before, os.fstat(descriptor), size, name)
            content.seek(0)
            yield Snapshot(name, content, size, digest, (before.st_dev, before.st_ino))
    finally:
        os.close(descriptor)


def _open(path: Path, name: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise UsageError(f"There is no file {shown(str(path))!r}; check the path.") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise FileRefused(FileCode.LINK, f"{name!r} is a symbolic link; hand in the file itself.") from error
        if error.errno == errno.ENAMETOOLONG:
            raise UsageError("The path is too long for this system; check it.") from error
        if error.errno == errno.ENXIO:
            raise FileRefused(FileCode.NOT_A_FILE, f"{name!r} is a socket or a device, not a file.") from error
        raise FileRefused(FileCode.UNREADABLE, f"{name!r} cannot be opened: {error.strerror}.") from error


def _require_plain_file(found: os.stat_result, name: str, limits: FileLimits) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe, a socket or a device"
        raise FileRefused(FileCode.NOT_A_FILE, f"{name!r} is {kind}, not a file; hand in one file.")
    if found.st_nlink > 1:
        raise FileRefused(FileCode.LINK, f"{name!r} has {found.st_nlink} names (hard links); hand in a copy of it.")
    if found.st_size > limits.max_bytes:
        raise FileRefused(FileCode.TOO_LARGE, _too_large(name, limits))


def _copy(descriptor: int, content: SpooledTemporaryFile[bytes], name: str, limits: FileLimits) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    try:
        while chunk := os.read(descriptor, CHUNK):
            size += len(chunk)
            if size > limits.max_bytes:
                raise FileRefused(FileCode.TOO_LARGE, _too_large(name, limits))
            digest.update(chunk)
            content.write(chunk)
    except OSError as error:
        where = tempfile.gettempdir() if error.errno == errno.ENOSPC else name
        raise FileRefused(FileCode.UNREADABLE, f"{name!r} cannot be read ({where}: {error.strerror}).") from error
    return digest.hexdigest(), size


def _require_unchanged(before: os.stat_result, after: os.stat_result, size: int, name: str) -> None:
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size != after.st_size:
        raise FileRefused(FileCode.CHANGED, f"{name!r} changed while it was read; hand it in when it is complete.")


def _too_large(name: str, limits: FileLimits) -> str:
    return f"{name!r} has more than {limits.max_bytes:,} bytes; split it."
