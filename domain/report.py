"""What a report of a run says, before it becomes a file."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.counts import Writes
from domain.header import header_key
from domain.header_names import ALIASES
from domain.manifest import Manifest
from domain.selection import LeftOut


class MappingRow(NamedTuple):
    """One accepted ICCID and what became of it."""

    name: str | None
    iccid: str
    endpoint_id: str | None
    state: str
    group: str | None = None
    tags: tuple[str, ...] = ()
    outcome: str = ""
    reason: str = ""
    asked_name: str = ""  # that its file gives it, where its endpoint keeps another


class RejectRow(NamedTuple):
    """One rejected row in the layout of its file, with what is wrong."""

    row_no: int
    original: tuple[str, ...]
    column: str
    value: str
    code: str
    reason: str


class Rejects(NamedTuple):
    """The rejected rows of one report, the columns that they came in, and the batch they join once corrected."""

    columns: tuple[str, ...] = ()
    rows: Sequence[RejectRow] = ()
    joins: str = ""


class CallRow(NamedTuple):
    """One answer of the platform: to what kind of change, when (seconds since 1970), and after how many seconds."""

    kind: str
    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything that the report files of one batch show."""

    title: str
    batch: str
    account: str
    run: str
    numbers: Mapping[str, int | float]  # in the order they are shown
    mapping: Iterable[MappingRow]
    columns: tuple[str, ...]  # of the file, as in RejectRow.original
    rejects: Iterable[RejectRow]
    calls: Iterable[CallRow] = ()
    writes: Writes = field(default_factory=dict)
    joins: str = ""  # the batch that the rejects belong to, and join when they are handed in again
    reasons: Mapping[str, int] = field(default_factory=dict)  # rejected rows by their first reason
    has_others: bool = False  # other accounts write reports too, so that the account stands in the names of files


def reasons_of(codes: Iterable[str]) -> dict[str, int]:
    """How many rejected rows there are for each reason, the most frequent first; a row counts for its first one."""
    return dict(Counter(code.split("; ")[0] for code in codes).most_common())


def rejects_of(manifest: Manifest) -> Iterator[RejectRow]:
    """Return one line for each rejected row, with all of its problems, so that it is corrected once."""
    for row in manifest.rejected:
        first = row.problems[0]
        codes = "; ".join(dict.fromkeys(problem.code for problem in row.problems))
        reasons = " ".join(dict.fromkeys(problem.reason for problem in row.problems))
        yield RejectRow(row.row_no, row.original, first.column, first.value, codes, reasons)


def rejects_of_list(manifest: Manifest | None, left: Iterable[LeftOut]) -> Rejects:
    """What a list names in vain, in the layout of its file: bad rows, and SIMs that the change cannot take."""
    if manifest is None:
        return Rejects()
    place = next((n for n, column in enumerate(manifest.columns) if header_key(column) in ALIASES["iccid"]), 0)
    column = manifest.columns[place]
    blank = ("",) * place
    rows = {row.iccid: row.row_no for row in manifest.accepted}
    named = [
        RejectRow(rows[one.iccid], (*blank, one.iccid), column, one.iccid, one.code, one.reason)
        for one in left
        if one.iccid in rows
    ]
    return Rejects(manifest.columns, sorted([*rejects_of(manifest), *named], key=lambda row: row.row_no))
