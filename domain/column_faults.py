"""Faults of a whole column of ICCIDs, which the reasons of its rows would hide."""

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import pairwise

from domain.errors import FileRefused
from domain.float_damage import ADVICE
from domain.iccid import mask_iccid, mask_numbers
from domain.iccid_reasons import COLUMN_WORDS, LIMITS_OF_PROGRAMS
from domain.manifest import ManifestRow, Outcome, Rows
from domain.problems import FileCode, Problem, RowCode, shown
from domain.supplier import Severity, SupplierProfile
from domain.words import plural

_LEAST = 5  # rows from which a column says something about all of its numbers
_REPEATED = 10
_UNREADABLE = frozenset({RowCode.DAMAGED, RowCode.NOT_TEXT})
_NUMBER_CELL = "a number"
_NUMBER_CELLS = "are numbers, of which a spreadsheet keeps 15 digits"


def check_column(
    rows: Rows, numbers: Collection[str], loose: Sequence[str], column: str, profile: SupplierProfile
) -> None:
    """Refuse a file whose ICCIDs are all of no use for one reason.

    `numbers` are the different ICCIDs, `loose` the digits of refused ones in the order of the rows.
    """
    filled = len(rows) - rows.counts()[Outcome.BLANK]
    refused = [row for _, row in sorted(rows.special.items()) if row.outcome is Outcome.REJECTED]
    _check_readable(refused, filled, column)
    _check_one_value(rows, numbers, loose, filled)
    _check_range_cells(refused, filled, column)
    if profile.luhn == Severity.REJECT:
        _check_check_digits(refused, loose, filled, profile)


def repetition(rows: Rows) -> tuple[str, ...]:
    """A note on a column in which most rows repeat an ICCID."""
    counts = rows.counts()
    repeated, filled = counts[Outcome.DUPLICATE], len(rows) - counts[Outcome.BLANK]
    if filled < _REPEATED or 2 * repeated <= filled:
        return ()
    return (
        f"{repeated:,} of {filled:,} rows repeat an ICCID of this file: compare the number of SIMs with the delivery",
    )


def _check_readable(refused: Sequence[ManifestRow], filled: int, column: str) -> None:
    """Refuse a column of number cells, exponents or words that programs write for a lost value."""
    found = [(row.row_no, problem) for row in refused for problem in row.problems[:1] if _is(problem, column)]
    if len(found) < 2 or len(found) * 10 < filled * 9:
        return
    row_no, first = found[0]
    [(reason, _)] = Counter(problem.reason for _, problem in found).most_common(1)
    what = COLUMN_WORDS.get(reason, _NUMBER_CELLS if _NUMBER_CELL in reason else "are no text")
    raise FileRefused(
        FileCode.DAMAGED,
        f"{len(found):,} of {filled:,} cells of the column {column!r} {what} "
        f"(row {row_no}: {_example(first.value)!r}): {ADVICE}.",
    )


def _example(value: str) -> str:
    """A cell as an example; a number that a program writes for any other is no ICCID and stays whole."""
    return value if value in LIMITS_OF_PROGRAMS else mask_numbers(shown(value))


def _is(problem: Problem, column: str) -> bool:
    return problem.column == column and problem.code in _UNREADABLE


def _check_one_value(rows: Rows, numbers: Collection[str], loose: Sequence[str], filled: int) -> None:
    """Refuse a column in which one number, or one in five rows, stands for all."""
    different = {*numbers, *loose}
    count = len(rows.iccids) - rows.iccids.count("") + len(loose)
    if len(different) == 1 and count >= _LEAST and count * 10 >= filled * 9:
        words = f"{count:,} of {filled:,} rows hold the same ICCID {mask_iccid(next(iter(different)))}"
    elif count >= _REPEATED and len(different) * _LEAST <= count:
        words = f"{count:,} rows hold only {len(different):,} different ICCIDs"
    else:
        return
    raise FileRefused(
        FileCode.DAMAGED,
        f"{words}: a program may have cut the numbers; export the file again with the ICCID column as text, "
        "or remove the rows that repeat another.",
    )


def _check_range_cells(refused: Sequence[ManifestRow], filled: int, column: str) -> None:
    ranges = [row for row in refused if row.problems[0].code == RowCode.ICCID_RANGE]
    if ranges and len(ranges) == filled:
        raise FileRefused(
            FileCode.ICCID_RANGE,
            f"{plural(len(ranges), 'cell')} of the column {column!r}, which are all, hold a range or two numbers "
            f"(first in row {ranges[0].row_no}); one line for each SIM is needed, "
            "or set expand_ranges = true for this supplier.",
        )


def _check_check_digits(
    refused: Sequence[ManifestRow], loose: Sequence[str], filled: int, profile: SupplierProfile
) -> None:
    """Refuse numbers that all lack their last digit, by their length or because they count up by one."""
    codes = Counter(row.problems[0].code for row in refused)
    if codes[RowCode.LENGTH] == len(loose) == filled >= _LEAST and len(lengths := set(map(len, loose))) == 1:
        [length] = lengths
        if length + 1 in profile.lengths:
            raise FileRefused(FileCode.CHECK_DIGIT, f"All {filled:,} ICCIDs have {length} digits{_left_out(length)}")
    if 2 * codes[RowCode.LUHN] > filled >= _LEAST:
        _check_counting([digits for digits in loose if len(digits) in profile.lengths], codes[RowCode.LUHN], filled)


def _check_counting(loose: Sequence[str], wrong: int, filled: int) -> None:
    values = sorted(map(int, loose))
    steps = sum(0 < after - before <= 2 for before, after in pairwise(values))
    if 2 * steps > len(values):
        length = len(loose[0])
        raise FileRefused(
            FileCode.CHECK_DIGIT,
            f"{wrong:,} of {filled:,} ICCIDs have a wrong check digit and count up by one{_left_out(length)}",
        )


def _left_out(length: int) -> str:
    return (
        f": their check digit seems to be left out; export the file with it, or set add_check_digit = [{length}] "
        f"and lengths = [{length + 1}] for this supplier."
    )
