"""The characters of a text file, once its encoding is known."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from adapters.files.encoding import check_encoding
from adapters.files.snapshot import Snapshot
from domain.supplier import SupplierProfile

_END_MARK = b"\x1a"
_TAIL = 4096


class TextSource:
    """A text file that was read once to check its encoding, and can be read again."""

    def __init__(self, file: Snapshot, profile: SupplierProfile) -> None:
        self.name = file.name
        self._content: Any = file.content  # a spooled file has all that a text layer calls
        _cut_end_mark(self._content)
        self.encoding, self._bom = check_encoding(file, profile)

    @contextmanager
    def open(self) -> Iterator[io.TextIOWrapper]:
        """Give the text from its beginning, with line ends as they are."""
        self._content.seek(self._bom)
        text = io.TextIOWrapper(self._content, encoding=self.encoding, errors="strict", newline="")
        try:
            yield text
        finally:
            text.detach()

    def head(self, characters: int) -> str:
        """The first characters."""
        with self.open() as text:
            return text.read(characters)


def _cut_end_mark(content: Any) -> None:
    """Take the end-of-file marks of DOS (Ctrl-Z) off the end of the copy that is read."""
    size = content.seek(0, os.SEEK_END)
    content.seek(max(0, size - _TAIL))
    tail = content.read()
    bare = tail.rstrip(b" \t\r\n" + _END_MARK)
    place = tail.find(_END_MARK, len(bare))
    if place >= 0:
        content.truncate(size - len(tail) + place)
    content.seek(0)
