"""Rules that compare the rows of a file with each other."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from domain.manifest import Outcome, Rows
from domain.problems import WITHHELD, Problem, RowCode

Loose = Sequence[tuple[str, int]]


def settle_collisions(rows: Rows, lengths: Collection[int], loose: Loose, *, column: str) -> None:
    """Reject both rows where one number is another plus one digit: only a person knows which is right.

    `lengths` are those of the ICCIDs found.
    """
    if len({*lengths, *(len(digits) for digits, _ in loose)}) < 2:
        return
    places = {**dict(loose), **_first_places(rows)}
    for longer, index in places.items():
        other = places.get(longer[:-1])
        if other is None:
            continue
        for here, there, words in ((index, other, "without its last digit"), (other, index, "with one more digit")):
            reason = f"Row {rows[there].row_no} holds the same number {words}; find out which is right."
            _reject(rows, here, Problem(column, longer if here == index else longer[:-1], RowCode.COLLISION, reason))


def settle_repeats(rows: Rows, found: Collection[str], *, column: str) -> None:
    """Count an identical repetition once, and reject all rows of an ICCID that differ in name or tags."""
    if len(found) + rows.iccids.count("") == len(rows):
        return
    first = _first_places(rows)
    groups: dict[str, list[int]] = defaultdict(list)
    for index, iccid in enumerate(rows.iccids):
        if iccid and first[iccid] != index:
            groups[iccid].append(index)
    for iccid, later in groups.items():
        _settle_group(rows, [first[iccid], *later], column)


def _first_places(rows: Rows) -> dict[str, int]:
    first: dict[str, int] = {}
    for index, iccid in enumerate(rows.iccids):
        if iccid:
            first.setdefault(iccid, index)
    return first


def _settle_group(rows: Rows, group: list[int], column: str) -> None:
    members = [rows[index] for index in group]
    accepted = [row for row in members if row.outcome is Outcome.ACCEPTED]
    if not accepted:
        return
    if len(accepted) == len(members) and len({(row.name, frozenset(row.tags), row.esim) for row in members}) == 1:
        for index in group[1:]:
            rows[index] = rows[index]._replace(outcome=Outcome.DUPLICATE)
        return
    for index in group:
        others = ", ".join(str(row.row_no) for row in members if row.row_no != rows[index].row_no)
        reason = f"The same ICCID stands in row {others} with another name, tags or eSIM data; keep one."
        _reject(rows, index, Problem(column, rows[index].iccid or "", RowCode.CONFLICT, reason))


def settle_names(rows: Rows, *, column: str) -> None:
    """Reject all rows that share a name, where the supplier's names must be unique."""
    groups: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        if row.outcome is Outcome.ACCEPTED and row.name is not None:
            groups[row.name].append(index)
    for group in (found for found in groups.values() if len(found) > 1):
        reason = f"{len(group)} rows carry this name, the first in row {rows[group[0]].row_no}; names must differ."
        for index in group:
            _reject(rows, index, Problem(column, rows[index].name or "", RowCode.NAME_REPEATED, reason))


def settle_esims(rows: Rows, *, column: str) -> None:
    """Reject all rows that share a download: a matching id installs one profile once."""
    groups: dict[tuple[str | None, str], list[int]] = defaultdict(list)
    for index, row in rows.special.items():
        if row.outcome is Outcome.ACCEPTED and row.esim is not None and row.esim.matching_id is not None:
            groups[row.esim.smdp_address, row.esim.matching_id].append(index)
    for group in (found for found in groups.values() if len(found) > 1):
        for index in group:
            others = ", ".join(str(rows[other].row_no) for other in group[:10] if other != index)
            reason = f"The same activation code or matching id stands in row {others}; each installs one profile."
            _reject(rows, index, Problem(column, WITHHELD, RowCode.ESIM_REPEATED, reason))


def _reject(rows: Rows, index: int, problem: Problem) -> None:
    row = rows[index]
    rows[index] = row._replace(outcome=Outcome.REJECTED, problems=(*row.problems, problem))
