"""Files that are either there as a whole or not at all, also after a power cut."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile


@contextmanager
def written(path: Path, *, is_new: bool = False) -> Iterator[IO[bytes]]:
    """Give a file to write to, and put it in its place only when all of it is on the disk.

    With `is_new` nothing is overwritten.

    Raises FileExistsError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _place(draft, path, is_new=is_new)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _place(draft: Path, path: Path, *, is_new: bool) -> None:
    if not is_new:
        draft.replace(path)
        return
    try:
        path.hardlink_to(draft)  # unlike a rename, this never replaces what is there
    except FileExistsError:
        raise
    except OSError:  # the file system has no links
        if path.exists():
            raise FileExistsError(str(path)) from None
        draft.replace(path)
        return
    draft.unlink()


@contextmanager
def packed(stream: IO[bytes], compression: int = ZIP_DEFLATED) -> Iterator[ZipFile]:
    """Give a zip archive to write to; after an error nothing more is written to it."""
    archive = ZipFile(stream, "w", compression)
    try:
        yield archive
        archive.close()
    except BaseException:
        # The collector would close it, fail at the full disk once more, and print a traceback that nobody can catch.
        archive.fp = None
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
