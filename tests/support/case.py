"""One file of the catalogue: what it is, how it is made, and what the reader makes of it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.support.files import Maker

A, B, C = "8944500000000079364", "8944500000000158556", "8944500000000237749"
HEAD = "iccid,name\n"
GOOD = f"{A},a\n"


class Case(NamedTuple):
    """One file. `rows` has an outcome or a reason for each row, in order; `refused` the reason for the whole file."""

    id: str
    what: str
    content: Callable[[Maker], bytes | str]
    refused: str = ""
    rows: str = ""
    first: int = 2  # number of the first row
    name: str = "sims"
    settings: dict[str, Any] = {}  # noqa: RUF012 - never changed

    def told(self) -> str:
        """The outcome in words."""
        if self.refused:
            return f"refused: `{self.refused}`"
        told = self.rows.split()
        counts = {word: told.count(word) for word in ("accepted", "duplicate", "blank")}
        said = [f"{count} {word}" for word, count in counts.items() if count]
        said += [f"row {row}: `{code}`" for row, code in enumerate(told, self.first) if code not in counts]
        return "; ".join(said)


def text(*lines: str, head: str = HEAD) -> Callable[[Maker], str]:
    return lambda _: head + "".join(f"{line}\n" for line in lines)


def raw(content: bytes | str) -> Callable[[Maker], bytes | str]:
    return lambda _: content


def archive(*parts: tuple[str, bytes]) -> Callable[[Maker], bytes]:
    return lambda make: make.zip(dict(parts))
