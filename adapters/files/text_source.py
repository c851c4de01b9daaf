"""The characters of a text file, once its encoding is known."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from adapters.files.encoding import check_encoding
from adapters.files.snapshot import Snapshot
from domain.supplier import SupplierProfile


class TextSource:
    """A text file that was read once to check its encoding, and can be read again."""

    def __init__(self, file: Snapshot, profile: SupplierProfile) -> None:
        self.name = file.name
        self._content: Any = file.content  # a spooled file has all that a text layer calls
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
