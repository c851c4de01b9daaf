"""The numbers of a file and the writes of a run: one table for plan, message, report and JSON."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.lifecycle import Kind
from domain.words import plural

Writes = Mapping[Kind, int]  # changes on the platform by kind

_WRITTEN = {
    Kind.CREATE: "create",
    Kind.TAG: "tag",
    Kind.ACTIVATE: "activation",
    Kind.ASSIGN: "assignment",
    Kind.SUSPEND: "suspension",
    Kind.RESUME: "resumption",
    Kind.TERMINATE: "termination",
}


@dataclass(frozen=True, slots=True)
class RowCounts:
    """The rows of a file; `rows` is the sum of the other four."""

    rows: int
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    blank: int = 0

    def sentence(self) -> str:
        """The rows that bring nothing in, of all rows."""
        parts = [f"{self.rejected:,} rejected"]
        parts += [plural(self.duplicates, "duplicate")] if self.duplicates else []
        parts += [f"{self.blank:,} blank"] if self.blank else []
        return f"{', '.join(parts)} of {plural(self.rows, 'row')}"


def sum_of_writes(some: Iterable[Writes]) -> dict[Kind, int]:
    """The writes of several changes together."""
    total: Counter[Kind] = Counter()
    for writes in some:
        total.update(writes)
    return shown(total)


def shown(writes: Writes) -> dict[Kind, int]:
    """Only the kinds that occur, in their order."""
    return {kind: writes[kind] for kind in Kind if writes.get(kind)}


def listed(writes: Writes) -> str:
    """Writes as people read them: 2 creates, 4 tags. Empty for none."""
    return ", ".join(plural(count, _WRITTEN[kind]) for kind, count in shown(writes).items())


def too_few(asked: int, available: int) -> str:
    """What a person is told of a count that cannot be reached."""
    return f"{asked:,} asked for, {available:,} available"
