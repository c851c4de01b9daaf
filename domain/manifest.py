"""What a file becomes: rows that never change, each with exactly one outcome."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from domain.problems import Problem


class Outcome(StrEnum):
    """What became of a row."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    BLANK = "blank"


class ManifestRow(NamedTuple):
    """One row of the file after all checks."""

    row_no: int  # as a person counts in the file: the first row is 1, the header included
    outcome: Outcome
    iccid: str | None = None
    name: str | None = None
    tags: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    original: tuple[str, ...] = ()  # the cells as they were; only of rejected rows, never of columns with secrets


@dataclass(frozen=True, slots=True)
class Manifest:
    """A checked file: where it came from, its rows and their numbers."""

    source_name: str
    digest: str  # sha256 of the bytes
    columns: tuple[str, ...]  # of ManifestRow.original
    rows: tuple[ManifestRow, ...]
    notes: tuple[str, ...] = ()
    counts: dict[Outcome, int] = field(init=False)
    rows_digest: str = field(init=False)  # equal for every file that holds the same accepted rows

    def __post_init__(self) -> None:
        found = Counter(row.outcome for row in self.rows)
        object.__setattr__(self, "counts", {outcome: found[outcome] for outcome in Outcome})
        object.__setattr__(self, "rows_digest", digest_rows(self.accepted))

    @property
    def accepted(self) -> Iterable[ManifestRow]:
        """The rows that may become endpoints, in the order of the file."""
        return (row for row in self.rows if row.outcome is Outcome.ACCEPTED)

    @property
    def rejected(self) -> Iterable[ManifestRow]:
        """The rows that need a person, in the order of the file."""
        return (row for row in self.rows if row.outcome is Outcome.REJECTED)

    @property
    def reject_ratio(self) -> float:
        """The share of rejected rows among those that are not blank."""
        filled = len(self.rows) - self.counts[Outcome.BLANK]
        return self.counts[Outcome.REJECTED] / filled if filled else 0.0

    def numbers(self) -> dict[str, int]:
        """The numbers of the file; rows is always the sum of the other four."""
        counts = self.counts
        return {
            "rows": len(self.rows),
            "accepted": counts[Outcome.ACCEPTED],
            "rejected": counts[Outcome.REJECTED],
            "duplicates": counts[Outcome.DUPLICATE],
            "blank": counts[Outcome.BLANK],
        }


def digest_rows(rows: Iterable[ManifestRow]) -> str:
    """Return a hash of the set of accepted items, whatever their order, file type and encoding."""
    digest = hashlib.sha256()
    for row in sorted(rows, key=_iccid):  # accepted rows never share an ICCID
        digest.update(f"{row.iccid}\x1f{row.name or ''}\x1f{','.join(sorted(row.tags))}\n".encode())
    return digest.hexdigest()


def _iccid(row: ManifestRow) -> str:
    return row.iccid or ""
