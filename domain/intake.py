"""Turning the cells of a table into manifest rows: first each row by itself, then all of them against each other."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from domain.crossrow import refuse_damaged, settle_collisions, settle_names, settle_repeats
from domain.errors import FileRefused
from domain.header import Header
from domain.iccid import BLANKS, IccidResult, check_iccid
from domain.labels import Label, check_name, check_tags
from domain.manifest import ManifestRow, Outcome
from domain.problems import FileCode, Problem, RowCode, shown
from domain.supplier import SupplierProfile

VALUE_SHOWN = 120
TAGS_REMEMBERED = 10_000
NO_LABEL = Label()


class Oddity(NamedTuple):
    """A cell of a workbook that is not text: what it is, in words."""

    code: RowCode
    what: str


class Intake:
    """Collects the rows of one table."""

    def __init__(self, header: Header, profile: SupplierProfile) -> None:
        self.header = header
        self.profile = profile
        self.rows: list[ManifestRow] = []
        self._seen: dict[str, int] = {}  # ICCID -> index of its first row
        self._repeats: list[int] = []
        self._loose: list[tuple[str, int]] = []  # digits of refused ICCIDs, to compare, with the index of their row
        self._tags: dict[str, Label] = {}  # tags repeat from row to row
        self._name_pattern = re.compile(profile.name_pattern or ".*")

    def add(self, row_no: int, cells: Sequence[str], odd: Mapping[int, Oddity] | None = None) -> None:
        """Check one row; `odd` names the cells that are no text."""
        header = self.header
        if not odd and len(cells) == len(header.columns):
            result = check_iccid(cells[header.iccid], self.profile)
            if result.iccid is not None:
                name = self._read_name(cells[header.name]) if header.name is not None else NO_LABEL
                tags = self._read_tags(cells[header.tags]) if header.tags is not None else NO_LABEL
                if not (name.code or tags.code):
                    row = (row_no, Outcome.ACCEPTED, result.iccid, name.name, tags.tags, (), result.notes)
                    return self._append(ManifestRow(*row))
        return self._add_with_care(row_no, cells, odd or {})

    def settle(self) -> None:
        """Apply the rules that compare rows; refuses the file when it was damaged as a whole."""
        if not any(row.outcome is not Outcome.BLANK for row in self.rows):
            raise FileRefused(FileCode.NO_ROWS, "The file has a header but no rows; hand in a file with at least one.")
        refuse_damaged(self._seen, self._loose)
        settle_repeats(self.rows, self._seen, self._repeats, column=self._column(self.header.iccid))
        settle_collisions(self.rows, self._seen, self._loose, column=self._column(self.header.iccid))
        if self.profile.unique_names and self.header.name is not None:
            settle_names(self.rows, column=self._column(self.header.name))
        self._seen.clear()  # a million rows should not be held twice

    def lacking(self) -> dict[int, int]:
        """The rows rejected by comparison, whose cells were not kept at first: row number -> index."""
        return {
            row.row_no: index
            for index, row in enumerate(self.rows)
            if row.outcome is Outcome.REJECTED and not row.original and row.problems[0].code != RowCode.ROW_LENGTH
        }

    def supply(self, index: int, cells: Sequence[str]) -> None:
        """Add the original cells to a row that was rejected by comparison."""
        self.rows[index] = self.rows[index]._replace(original=self._original(cells))

    def notes(self) -> tuple[str, ...]:
        """What was trimmed or tolerated, with the number of rows."""
        found = Counter(note for row in self.rows for note in row.notes)
        return tuple(f"{count} of {len(self.rows)} rows: {note}" for note, count in sorted(found.items()))

    def _append(self, row: ManifestRow) -> None:
        index = len(self.rows)
        if index >= self.profile.limits.max_rows:
            limit = self.profile.limits.max_rows
            raise FileRefused(FileCode.TOO_LARGE, f"The file has more than {limit:,} rows; split it.")
        self.rows.append(row)
        if row.iccid is not None and self._seen.setdefault(row.iccid, index) != index:
            self._repeats.append(index)

    def _read_name(self, text: str) -> Label:
        plain = text.isascii() and text.isprintable() and 0 < len(text) <= self.profile.name_max_chars
        if plain and text[0] not in " '#" and text[-1] != " " and self._name_pattern.fullmatch(text):
            return Label(text)
        return check_name(text, self.profile)  # takes longer

    def _read_tags(self, text: str) -> Label:
        found = self._tags.get(text)
        if found is None:
            found = check_tags(text, self.profile)
            if len(self._tags) < TAGS_REMEMBERED:
                self._tags[text] = found
        return found

    def _add_with_care(self, row_no: int, cells: Sequence[str], odd: Mapping[int, Oddity]) -> None:
        if not odd and not any(cell.strip(BLANKS) for cell in cells):
            return self._append(ManifestRow(row_no, Outcome.BLANK))
        if len(cells) != len(self.header.columns):
            return self._append(self._ragged(row_no, cells))
        header = self.header
        problems = [self._oddity(index, cells, odd[index]) for index in sorted(odd)]
        result = IccidResult(None)
        if header.iccid not in odd:
            result = check_iccid(cells[header.iccid], self.profile)
            self._note_problem(problems, header.iccid, cells, result.code, result.reason)
        name = tags = NO_LABEL
        if header.name is not None and header.name not in odd:
            name = self._read_name(cells[header.name])
            self._note_problem(problems, header.name, cells, name.code, name.reason)
        if header.tags is not None and header.tags not in odd:
            tags = self._read_tags(cells[header.tags])
            self._note_problem(problems, header.tags, cells, tags.code, tags.reason)
        if result.digits and len(result.digits) in self.profile.lengths:
            self._loose.append((result.digits, len(self.rows)))
        outcome = Outcome.REJECTED if problems else Outcome.ACCEPTED
        original = self._original(cells) if problems else ()
        row = (row_no, outcome, result.iccid, name.name, tags.tags, tuple(problems), result.notes, original)
        return self._append(ManifestRow(*row))

    def _note_problem(self, problems: list[Problem], index: int, cells: Sequence[str], code: str, reason: str) -> None:
        if code:
            problems.append(Problem(self._column(index), shown(cells[index], limit=VALUE_SHOWN), code, reason))

    def _oddity(self, index: int, cells: Sequence[str], odd: Oddity) -> Problem:
        reason = f"The cell holds {odd.what} instead of text; format the column as text and enter the value again."
        return Problem(self._column(index), shown(cells[index], limit=VALUE_SHOWN), odd.code, reason)

    def _ragged(self, row_no: int, cells: Sequence[str]) -> ManifestRow:
        """Reject a row with too few or too many fields; its cells are kept only if none can be a secret."""
        reason = f"The row has {len(cells)} fields, the header has {len(self.header.columns)}."
        hidden = self.header.secrets > 0
        value = "" if hidden else shown(" | ".join(cells), limit=VALUE_SHOWN)
        problem = Problem("", value, RowCode.ROW_LENGTH, reason)
        original = () if hidden else self._original(cells)
        return ManifestRow(row_no, Outcome.REJECTED, problems=(problem,), original=original)

    def _original(self, cells: Sequence[str]) -> tuple[str, ...]:
        return tuple(cells[index] if index < len(cells) else "" for index in self.header.kept)

    def _column(self, index: int) -> str:
        return self.header.columns[index]
