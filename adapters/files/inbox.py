"""A folder that others drop files into: what is ready, one private copy of each, and the original moved aside.

Names are only shown and never trusted: a file is checked, hashed and copied through one descriptor, its copy lies in a
folder of ours, and the original is moved only if it is still the file that was copied.
"""

import fcntl
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from adapters.files.snapshot import snapshot
from domain.errors import FileRefused, Refused, SettingsError, UsageError
from domain.problems import FileCode, shown
from domain.supplier import FileLimits

PROCESSED, REJECTED = "processed", "rejected"
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".download", ".swp", ".lock", "~")
_NAME_BYTES = 200  # of the 255 that a file system takes, the rest is for what is put before and behind


class Waiting(NamedTuple):
    """What an inbox holds: files to take now, oldest first, and how many are not ready or too many for one time."""

    ready: list[str]
    later: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A file of the inbox, copied to where nobody else writes."""

    path: Path
    digest: str
    identity: tuple[int, int]


class Inbox:
    """An inbox that this process alone reads."""

    def __init__(self, folder: Path, descriptor: int, *, settle_seconds: float) -> None:
        self._folder = folder
        self._descriptor = descriptor
        self._settle = settle_seconds

    def waiting(self, limit: int) -> Waiting:
        """Look at the folder. A file is ready when nothing about it changed for the settle time."""
        found: list[tuple[float, str]] = []
        unready = 0
        now = time.time()
        with os.scandir(self._descriptor) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.lower().endswith(_UNFINISHED):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if stat.S_ISDIR(status.st_mode):
                    continue
                changed = max(status.st_mtime, status.st_ctime)
                if now - changed < self._settle:
                    unready += 1
                else:
                    found.append((status.st_mtime, entry.name))
        found.sort()
        return Waiting([name for _, name in found[:limit]], unready + max(0, len(found) - limit))

    @contextmanager
    def claimed(self, name: str, limits: FileLimits) -> Iterator[Claim]:
        """Give a private copy of a file for the length of a with block.

        Raises FileRefused.
        """
        private = Path(tempfile.mkdtemp(prefix="preactive-inbox-"))
        try:
            yield self._copied(name, private, limits)
        finally:
            shutil.rmtree(private, ignore_errors=True)

    def _copied(self, name: str, private: Path, limits: FileLimits) -> Claim:
        try:
            with snapshot(self._folder / name, limits) as file:
                copy = private / plain_name(name)
                with copy.open("xb") as target:
                    shutil.copyfileobj(file.content, target)
                return Claim(copy, file.digest, file.identity)
        except UsageError as error:  # it was there a moment ago
            raise FileRefused(FileCode.UNREADABLE, f"{shown(name)!r} went away before it was read.") from error
        except OSError as error:
            raise FileRefused(
                FileCode.UNREADABLE, f"{shown(name)!r} cannot be copied ({error.strerror}); it stays where it is."
            ) from error

    def put_aside(self, name: str, where: str, *, claim: Claim | None = None, reason: str = "") -> Path | None:
        """Move a file to a folder beside; one that took its name since it was copied stays and is read next time."""
        try:
            status = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if claim is not None and (status.st_dev, status.st_ino) != claim.identity:
            return None
        target_folder = self._folder / where
        target_folder.mkdir(mode=0o700, exist_ok=True)
        target = _free(target_folder, name)
        os.rename(name, target, src_dir_fd=self._descriptor)
        if reason:
            Path(f"{target}.reason.txt").write_text(f"{shown(name)}: {reason}\n", encoding="utf-8")
        return target


@contextmanager
def open_inbox(folder: Path, *, settle_seconds: float) -> Iterator[Inbox]:
    """Open a folder as an inbox; two processes never read one at the same time.

    Raises SettingsError, Refused.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise SettingsError(f"The inbox {folder} cannot be opened: {error.strerror}; check inbox_dir.") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused(f"Another process reads the inbox {folder}; this one leaves it alone.") from None
        yield Inbox(folder, descriptor, settle_seconds=settle_seconds)
    finally:
        os.close(descriptor)


def plain_name(name: str) -> str:
    """Return a file name of letters, digits and a few signs, with the same end."""
    stem, dot, end = name.rpartition(".")
    clean = re.sub(r"[^A-Za-z0-9._-]+", "-", stem or end).strip(".-")[:100] or "file"
    kind = re.sub(r"[^A-Za-z0-9]", "", end)[:8] if stem else ""
    return f"{clean}{dot}{kind}" if kind else clean


def _free(folder: Path, name: str) -> Path:
    """Return a path that is not taken; only this process writes here."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    short = os.fsdecode(os.fsencode(name)[-_NAME_BYTES:])
    path = folder / f"{stamp}-{short}"
    number = 2
    while os.path.lexists(path):
        path = folder / f"{stamp}-{number}-{short}"
        number += 1
    return path
