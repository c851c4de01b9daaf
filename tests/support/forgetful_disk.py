"""A disk that forgets at a power cut: what SQLite writes in this process is noted, with what it has synced.

The program's own SQLite library is told to call us for each write, truncation and sync; nothing else about it changes.
"""

import ctypes
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECTOR = 512
_NAMED = 0x100 | 0x800 | 0x80000  # the database, its journal, its log


class _Methods(ctypes.Structure):
    """sqlite3_io_methods. Source: https://www.sqlite.org/c3ref/io_methods.html"""

    _fields_ = (
        ("version", ctypes.c_int),
        *((name, ctypes.c_void_p) for name in ("close", "read", "write", "truncate", "sync")),
        ("others", ctypes.c_void_p * 13),
    )


class _Vfs(ctypes.Structure):
    """The beginning of sqlite3_vfs. Source: https://www.sqlite.org/c3ref/vfs.html"""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("version", "file_size", "longest_name")),
        *((name, ctypes.c_void_p) for name in ("next", "name", "data", "open")),
    )


_OPEN = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_void_p,  # the name stays where it is: SQLite keeps more behind it
    ctypes.c_void_p,
    ctypes.c_int,
    ctypes.POINTER(ctypes.c_int),
)
_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_TRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


@dataclass
class _Plate:
    """One file: what is surely on the disk, and what was written since."""

    surely: bytearray
    since: list[tuple[int, bytes | None]] = field(default_factory=list)  # offset and bytes; a new length and nothing

    def after_a_cut(self, chance: random.Random) -> bytes:
        """What a power cut leaves: of what was not synced any part, sector by sector."""
        left = bytearray(self.surely)
        for offset, data in self.since:
            if data is None:
                if chance.random() < 0.5:
                    _resize(left, offset)
                continue
            for start in range(0, len(data), SECTOR):
                if chance.random() < 0.5:
                    _put(left, offset + start, data[start : start + SECTOR])
        return bytes(left)


class ForgetfulDisk:
    """What happened to the store's files, in order, with what the program did in between."""

    def __init__(self) -> None:
        self.log: list[tuple[str, str, int, Any]] = []

    def note(self, what: str, value: Any) -> None:
        """Something the program did at this moment."""
        self.log.append(("did", what, 0, value))

    def cut(self, moment: int, folder: Path, chance: random.Random) -> dict[str, list[Any]]:
        """Write the files as they are after a power cut at that entry of the log, and return what was done by then."""
        plates: dict[str, _Plate] = {}
        did: dict[str, list[Any]] = {}
        for kind, name, offset, value in self.log[:moment]:
            if kind == "did":
                did.setdefault(name, []).append(value)
                continue
            plate = plates.setdefault(name, _Plate(bytearray()))
            if kind == "found":
                plate.surely[:] = value
            elif kind == "sync":
                for place, data in plate.since:
                    _resize(plate.surely, place) if data is None else _put(plate.surely, place, data)
                plate.since.clear()
            else:
                plate.since.append((offset, value))
        for name, plate in plates.items():
            (folder / Path(name).name).write_bytes(plate.after_a_cut(chance))
        return did


@contextmanager
def forgetful_disk() -> Iterator[ForgetfulDisk]:
    """Note what SQLite does to its files in this process from now on.

    Raises AttributeError where Python keeps its SQLite to itself.
    """
    import _sqlite3

    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    vfs = library.sqlite3_vfs_find(None).contents
    disk, shim = ForgetfulDisk(), _Shim(vfs.open)
    shim.log = disk.log
    before = vfs.open
    vfs.open = ctypes.cast(shim.opened, ctypes.c_void_p)
    try:
        yield disk
    finally:
        vfs.open = before
        shim.log = []  # files that stay open go on, and nobody listens
        _KEPT.append(shim)


_KEPT: list[Any] = []  # what SQLite may still call


class _Shim:
    """The functions that SQLite calls in place of its own; each calls the one it stands for."""

    def __init__(self, opened: Any) -> None:
        self.log: list[tuple[str, str, int, Any]] = []
        self._names: dict[int, str] = {}
        self._tables: dict[int, _Methods] = {}
        self._open = _OPEN(opened)
        self._original: _Methods | None = None
        self.opened = _OPEN(self._on_open)
        self._write, self._truncate, self._sync = (
            _WRITE(self._on_write),
            _TRUNCATE(self._on_truncate),
            _SYNC(self._on_sync),
        )

    def _on_open(self, vfs: int, where: int | None, file: int, flags: int, out: Any) -> int:
        code: int = self._open(vfs, where, file, flags, out)
        if code or not flags & _NAMED or where is None:
            return code
        name = ctypes.string_at(where).decode()
        slot = ctypes.c_void_p.from_address(file)
        if slot.value not in self._tables:
            table = _Methods.from_buffer_copy(_Methods.from_address(slot.value))
            self._original = self._original or _Methods.from_buffer_copy(table)
            for field_name, own in (("write", self._write), ("truncate", self._truncate), ("sync", self._sync)):
                setattr(table, field_name, ctypes.cast(own, ctypes.c_void_p))
            self._tables[slot.value] = table
        slot.value = ctypes.addressof(self._tables[slot.value])
        self._names[file] = name
        if not any(entry[0] == "found" and entry[1] == name for entry in self.log):
            self.log.append(("found", name, 0, Path(name).read_bytes()))
        return code

    def _on_write(self, file: int, data: int, length: int, offset: int) -> int:
        self.log.append(("write", self._names[file], offset, ctypes.string_at(data, length)))
        return int(_WRITE(self._original.write)(file, data, length, offset))

    def _on_truncate(self, file: int, length: int) -> int:
        self.log.append(("truncate", self._names[file], length, None))
        return int(_TRUNCATE(self._original.truncate)(file, length))

    def _on_sync(self, file: int, flags: int) -> int:
        code = int(_SYNC(self._original.sync)(file, flags))
        self.log.append(("sync", self._names[file], 0, None))
        return code


def _resize(data: bytearray, length: int) -> None:
    if len(data) > length:
        del data[length:]
    else:
        data.extend(bytes(length - len(data)))


def _put(data: bytearray, offset: int, piece: bytes) -> None:
    if len(data) < offset:
        data.extend(bytes(offset - len(data)))
    data[offset : offset + len(piece)] = piece
