"""What a file becomes: rows that never change, each with exactly one outcome."""

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, overload

from domain.esim import Esim
from domain.problems import Problem

_STRETCH = 10_000


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
    esim: Esim | None = None


class Rows(Sequence[ManifestRow]):
    """The rows of a file in its order. Those that are just accepted are kept as columns: a million must fit."""

    def __init__(self, rows: Iterable[ManifestRow] = ()) -> None:
        self._numbers = array("q")
        self._iccids: list[str] = []
        self._names: list[str | None] = []
        self._tags: list[tuple[str, ...]] = []
        self._special: dict[int, ManifestRow] = {}  # by place, what is more than a number, a name and tags
        for row in rows:
            self.append(row)

    def append(self, row: ManifestRow) -> None:
        """Add one row."""
        if row.outcome is not Outcome.ACCEPTED or row.notes or row.esim is not None:
            self._special[len(self)] = row
        self.extend((row.row_no,), (row.iccid or "",), (row.name,), (row.tags,))

    def extend(
        self,
        numbers: Iterable[int],
        iccids: Iterable[str],
        names: Iterable[str | None],
        tags: Iterable[tuple[str, ...]],
    ) -> None:
        """Add accepted rows, given as columns."""
        self._numbers.extend(numbers)
        self._iccids.extend(iccids)
        self._names.extend(names)
        self._tags.extend(tags)

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> ManifestRow: ...
    @overload
    def __getitem__(self, place: slice) -> "tuple[ManifestRow, ...]": ...
    def __getitem__(self, place: int | slice) -> "ManifestRow | tuple[ManifestRow, ...]":
        if isinstance(place, slice):
            return tuple(self[nth] for nth in range(*place.indices(len(self))))
        nth = place if place >= 0 else len(self) + place
        return self._special.get(nth) or self._plain(nth)

    def __setitem__(self, place: int, row: ManifestRow) -> None:
        self._special[place] = row

    def __iter__(self) -> Iterator[ManifestRow]:
        return (self[nth] for nth in range(len(self)))

    @property
    def iccids(self) -> Sequence[str]:
        """The ICCID of every row, empty where there is none."""
        return self._iccids

    @property
    def special(self) -> Mapping[int, ManifestRow]:
        """By place, the rows that are not just accepted."""
        return self._special

    def counts(self) -> dict[Outcome, int]:
        """How many rows have each outcome."""
        found = Counter(row.outcome for row in self._special.values())
        found[Outcome.ACCEPTED] += len(self) - len(self._special)
        return {outcome: found[outcome] for outcome in Outcome}

    def accepted(self) -> Iterator[ManifestRow]:
        """The accepted rows."""
        return (row for row in self if row.outcome is Outcome.ACCEPTED)

    def named(self) -> Iterator[tuple[int, str, str | None]]:
        """Row number, ICCID and name of each accepted row, without making rows of the others."""
        columns = zip(self._numbers, self._iccids, self._names, strict=True)
        if not self._special:
            return columns
        out = {place for place, row in self._special.items() if row.outcome is not Outcome.ACCEPTED}
        return (item for place, item in enumerate(columns) if place not in out)

    def tagged(self) -> Iterator[tuple[str, str]]:
        """ICCID and tag for each tag of an accepted row."""
        for place, tags in enumerate(self._tags):
            if tags and ((row := self._special.get(place)) is None or row.outcome is Outcome.ACCEPTED):
                yield from ((self._iccids[place], tag) for tag in tags)

    def esims(self) -> Iterator[tuple[str, Esim]]:
        """ICCID and eSIM data of each accepted row that has any."""
        for place, row in self._special.items():
            if row.outcome is Outcome.ACCEPTED and row.esim is not None:
                yield self._iccids[place], row.esim

    def items(self) -> list[str]:
        """Each row as one text, without its number; empty if it is not accepted."""
        tails = {tags: f"\x1f{','.join(sorted(tags))}\n" for tags in set(self._tags)}
        columns = zip(self._iccids, self._names, self._tags, strict=True)
        items = [f"{iccid}\x1f{name or ''}{tails[tags]}" for iccid, name, tags in columns]
        for place, row in self._special.items():
            if row.outcome is not Outcome.ACCEPTED:
                items[place] = ""
            elif row.esim is not None:
                items[place] = items[place][:-1] + "\x1f" + "\x1f".join(map(str, row.esim)) + "\n"
        return items

    def _plain(self, nth: int) -> ManifestRow:
        return ManifestRow(self._numbers[nth], Outcome.ACCEPTED, self._iccids[nth], self._names[nth], self._tags[nth])


@dataclass(frozen=True, slots=True)
class Manifest:
    """A checked file: where it came from, its rows and their numbers."""

    source_name: str
    digest: str  # sha256 of the bytes
    columns: tuple[str, ...]  # of ManifestRow.original
    rows: Rows
    notes: tuple[str, ...] = ()
    batch: str = ""  # that the file says its rows join, as a rejects file does
    counts: dict[Outcome, int] = field(init=False)
    rows_digest: str = field(init=False)  # equal for every file that holds the same accepted rows

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", self.rows.counts())
        object.__setattr__(self, "rows_digest", digest_rows(self.rows))

    @property
    def accepted(self) -> Iterable[ManifestRow]:
        """The rows that may become endpoints, in the order of the file."""
        return self.rows.accepted()

    @property
    def rejected(self) -> Iterable[ManifestRow]:
        """The rows that need a person, in the order of the file."""
        return (row for _, row in sorted(self.rows.special.items()) if row.outcome is Outcome.REJECTED)

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


def digest_rows(rows: Rows) -> str:
    """Return a hash of the set of accepted items, whatever their order, file type and encoding."""
    digest = hashlib.sha256()
    items = rows.items()
    items.sort()  # by ICCID, which accepted rows never share
    for first in range(0, len(items), _STRETCH):
        digest.update("".join(items[first : first + _STRETCH]).encode())
    return digest.hexdigest()
