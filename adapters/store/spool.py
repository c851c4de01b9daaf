"""Keeps rows that were read until they are asked for, so that no writer waits for whoever takes them one by one."""

import json
import os
from collections.abc import Iterator, Sequence
from tempfile import SpooledTemporaryFile, gettempdir
from typing import Any

from domain.errors import StoreUnavailable

_IN_MEMORY = 8 * 2**20  # bytes; what is more goes into a file without a name, which ends with the process


class Spool:
    """Rows of texts, numbers and nulls, in their order."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY, mode="w+", encoding="ascii")  # noqa: SIM115

    def put(self, rows: Sequence[Sequence[Any]]) -> None:
        """Keep a stretch of rows. Raises StoreUnavailable."""
        try:
            self._file.write(json.dumps([tuple(row) for row in rows]) + "\n")
        except OSError as error:
            why = os.strerror(error.errno or 0)
            raise StoreUnavailable(
                f"What was read from the store cannot be kept in {gettempdir()}: {why}; make room there, or "
                "name another folder with TMPDIR, then run the command again."
            ) from None

    def rows(self) -> Iterator[list[Any]]:
        """Every row that was kept."""
        self._file.seek(0)
        for line in self._file:
            yield from json.loads(line)

    def close(self) -> None:
        """Forget them all."""
        self._file.close()
