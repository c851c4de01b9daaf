"""Rules that compare the rows of a file with each other."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from domain.errors import FileRefused
from domain.iccid import FIFTEEN_DIGITS, ends_in_zeros
from domain.manifest import ManifestRow, Outcome
from domain.problems import FileCode, Problem, RowCode

ADVICE = (
    "the digits are lost and cannot be repaired; export the file again with the ICCID column as text "
    "(in Excel: import with column type Text, never open a CSV by double click)"
)
Loose = Sequence[tuple[str, int]]


def refuse_damaged(seen: Mapping[str, int], loose: Loose) -> None:
    """Refuse a file whose numbers went through a spreadsheet or a floating-point column as a whole."""
    numbers = [*seen, *(digits for digits, _ in loose if 18 <= len(digits) <= 20)]
    zeros = [digits for digits in numbers if digits.endswith("000") and ends_in_zeros(digits)]
    shared = Counter(digits[:FIFTEEN_DIGITS] for digits in zeros)
    if any(count > 1 for count in shared.values()) or _too_many(len(zeros), len(numbers)):
        raise FileRefused(
            FileCode.DAMAGED,
            f"{len(zeros)} of {len(numbers)} ICCIDs end in zeros after digit 15, as after a spreadsheet: {ADVICE}.",
        )
    floats = sum(1 for digits in numbers if _is_float_step(digits))
    if _too_many(floats, len(numbers)):
        raise FileRefused(
            FileCode.DAMAGED,
            f"{floats} of {len(numbers)} ICCIDs are multiples of 1,024 or 16,384, as after a floating-point column: "
            f"{ADVICE}.",
        )


def _too_many(found: int, of: int) -> bool:
    """Tell chance from damage: about one true ICCID in a thousand looks like this."""
    return found >= 2 and (found * 10 >= of or (found >= 10 and found * 100 >= of))


def _is_float_step(digits: str) -> bool:
    mask = 1023 if len(digits) < 20 else 16383
    return not int(digits[-14:]) & mask  # 10^14 is a multiple of both, so the last digits decide


def settle_collisions(rows: list[ManifestRow], seen: Mapping[str, int], loose: Loose, *, column: str) -> None:
    """Reject both rows where one number is another plus one digit: only a person knows which is right."""
    places = {**dict(loose), **seen}
    if len({len(digits) for digits in places}) < 2:
        return
    for longer, index in places.items():
        other = places.get(longer[:-1])
        if other is None:
            continue
        for here, there, words in ((index, other, "without its last digit"), (other, index, "with one more digit")):
            reason = f"Row {rows[there].row_no} holds the same number {words}; find out which is right."
            _reject(rows, here, Problem(column, longer if here == index else longer[:-1], RowCode.COLLISION, reason))


def settle_repeats(rows: list[ManifestRow], seen: Mapping[str, int], repeats: Iterable[int], *, column: str) -> None:
    """Count an identical repetition once, and reject all rows of an ICCID that differ in name or tags."""
    groups: dict[str, list[int]] = defaultdict(list)
    for index in repeats:
        groups[rows[index].iccid or ""].append(index)
    for iccid, later in groups.items():
        _settle_group(rows, [seen[iccid], *later], column)


def _settle_group(rows: list[ManifestRow], group: list[int], column: str) -> None:
    members = [rows[index] for index in group]
    accepted = [row for row in members if row.outcome is Outcome.ACCEPTED]
    if not accepted:
        return
    if len(accepted) == len(members) and len({(row.name, frozenset(row.tags)) for row in members}) == 1:
        for index in group[1:]:
            rows[index] = rows[index]._replace(outcome=Outcome.DUPLICATE)
        return
    for index in group:
        others = ", ".join(str(row.row_no) for row in members if row.row_no != rows[index].row_no)
        reason = f"The same ICCID stands in row {others} with another name or other tags; keep one of them."
        _reject(rows, index, Problem(column, rows[index].iccid or "", RowCode.CONFLICT, reason))


def settle_names(rows: list[ManifestRow], *, column: str) -> None:
    """Reject all rows that share a name, where the supplier's names must be unique."""
    groups: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        if row.outcome is Outcome.ACCEPTED and row.name is not None:
            groups[row.name].append(index)
    for group in (found for found in groups.values() if len(found) > 1):
        reason = f"{len(group)} rows carry this name, the first in row {rows[group[0]].row_no}; names must differ."
        for index in group:
            _reject(rows, index, Problem(column, rows[index].name or "", RowCode.NAME_REPEATED, reason))


def _reject(rows: list[ManifestRow], index: int, problem: Problem) -> None:
    row = rows[index]
    rows[index] = row._replace(outcome=Outcome.REJECTED, problems=(*row.problems, problem))
