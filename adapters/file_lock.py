"""Locked files that show what a living process is at; the kernel lets go of them when it dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from adapters.private import private_folder


@contextmanager
def hold(path: Path) -> Iterator[bool]:
    """Lock a file for the length of a with block; False when another process has it. The file stays."""
    private_folder(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _locks(handle)
    finally:
        os.close(handle)


def is_held(path: Path) -> bool:
    """Whether a living process has locked the file."""
    with suppress(FileNotFoundError):
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            return not _locks(handle)
        finally:
            os.close(handle)
    return False


def _locks(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
