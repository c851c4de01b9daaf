"""Turning the cells of a table into manifest rows: first each row by itself, then all of them against each other."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from domain.column_faults import check_column, repetition
from domain.crossrow import settle_collisions, settle_esims, settle_names, settle_repeats
from domain.errors import FileRefused
from domain.esim import Esim, read_esim
from domain.float_damage import FloatCounts
from domain.header import Header
from domain.iccid import BLANKS, IccidResult, check_iccid, luhn_ok
from domain.iccid_column import ColumnLook, look_at
from domain.labels import NO_LABEL, LabelReader, Naming, without_filler
from domain.manifest import ManifestRow, Outcome, Rows
from domain.other_columns import OtherColumns
from domain.problems import WITHHELD, FileCode, Oddity, Problem, RowCode, looks_secret, shown
from domain.supplier import SupplierProfile
from domain.trailer import is_trailer, total_of

VALUE_SHOWN = 120
_LIKE_ICCID = range(17, 23)  # digits of what may be an ICCID, also without its last digit


class Intake:
    """Collects the rows of one table."""

    def __init__(
        self, header: Header, profile: SupplierProfile, naming: Naming | None = None, *, creates: bool = True
    ) -> None:
        self.header = header
        self.profile = profile.for_rows()
        self.rows = Rows()
        self._floats = FloatCounts()
        self._others = OtherColumns(header, profile, creates=creates)
        self._trailers: dict[int, int | None] = {}  # index of a row that may end the file, and the total it names
        self._refused: list[str] = []  # digits of refused ICCIDs of about the right length
        self._loose: list[tuple[str, int]] = []  # digits of refused ICCIDs, to compare, with the index of their row
        self._lengths: set[int] = set()  # of ICCIDs, as far as they may matter
        self._naming = naming  # of rows without a name
        self._labels = LabelReader(profile)
        self._batches: set[str] = set()  # that the rows of a rejects file are of

    def add_columns(self, first: int, columns: Sequence[Sequence[str]]) -> None:
        """Check rows that are all as wide as the header, given as columns; `first` is the number of the first."""
        header, size = self.header, len(columns[0])
        self._require_room(size)
        look = ColumnLook([*range(size)], []) if header.esim else look_at(columns[header.iccid], self.profile)
        doubtful = set(look.care)
        care = doubtful | self._others.withdrawn(columns)
        for sound in look.sound:
            self._floats.add_sound(*sound)
            self._lengths.add(sound.length)
        names: Sequence[str | None] = [None] * size
        tags: Sequence[tuple[str, ...]] = [()] * size
        if header.name is not None:
            names, refused = self._labels.names(columns[header.name])
            care |= refused
        if header.tags is not None:
            tags, refused = self._labels.tag_lists(columns[header.tags])
            care |= refused
        care |= self._badly_named(first, names, columns[header.iccid])
        if header.batch is not None:
            self._batches.update(columns[header.batch])
        done = 0
        for place in (*sorted(care), size):
            if place > done:
                iccids = columns[header.iccid][done:place]
                self.rows.extend(range(first + done, first + place), iccids, names[done:place], tags[done:place])
            if place < size:
                self._check(first + place, [column[place] for column in columns], {}, is_counted=place not in doubtful)
            done = place + 1

    def add(self, row_no: int, cells: Sequence[str], odd: Mapping[int, Oddity] | None = None) -> None:
        """Check one row; `odd` names the cells that are no text."""
        odd = odd or {}
        if not odd and not any(cell.strip(BLANKS) for cell in cells):
            return self._append(ManifestRow(row_no, Outcome.BLANK))
        if self.header.batch is not None and self.header.batch < len(cells):
            self._batches.add(cells[self.header.batch])
        if len(cells) != len(self.header.columns):
            self._note_trailer(cells)
            return self._append(self._ragged(row_no, cells))
        self._others.look(cells)
        return self._check(row_no, cells, odd, is_counted=False)

    def _check(self, row_no: int, cells: Sequence[str], odd: Mapping[int, Oddity], *, is_counted: bool) -> None:
        """Check a row that is as wide as the header; `is_counted` tells that its number was looked at with others."""
        if not odd and not any(cell.strip(BLANKS) for cell in cells):
            return self._append(ManifestRow(row_no, Outcome.BLANK))
        if not odd and self._is_last_line(cells):
            return None
        header = self.header
        problems = [self._oddity(index, cells, odd[index]) for index in sorted(odd)]
        result = IccidResult(None)
        if header.iccid not in odd:
            result = check_iccid(cells[header.iccid], self.profile)
            self._note_problem(problems, header.iccid, cells, result.code, result.reason)
        name = tags = NO_LABEL
        if header.name is not None and header.name not in odd:
            name = self._labels.name(cells[header.name])
            self._note_problem(problems, header.name, cells, name.code, name.reason)
        if name == NO_LABEL and header.name not in odd and result.iccid is not None:
            problems += self._made_name_problem(row_no, result.iccid)
        if header.tags is not None and header.tags not in odd:
            tags = self._labels.tags(cells[header.tags])
            self._note_problem(problems, header.tags, cells, tags.code, tags.reason)
        esim = self._read_esim(cells, odd, problems) if header.esim else None
        problems += self._others.problems(cells)
        if not is_counted:
            self._count(result)
        if result.iccid is None and not result.digits:
            self._note_trailer(cells)
        outcome = Outcome.REJECTED if problems else Outcome.ACCEPTED
        original = self._original(cells) if problems else ()
        row = (row_no, outcome, result.iccid, name.name, tags.tags, tuple(problems), result.notes, original, esim)
        return self._append(ManifestRow(*row))

    @property
    def batch(self) -> str:
        """The batch that the rows of a rejects file join; empty if the file is none.

        Raises FileRefused.
        """
        found = sorted({name.strip(BLANKS) for name in self._batches} - {""})
        if len(found) > 1:
            listed = ", ".join(repr(shown(name)) for name in found[:5])
            raise FileRefused(
                FileCode.BATCHES,
                f"The rows are rejects of {len(found)} batches ({listed}); hand in a file for each, or empty the "
                "column reject_batch.",
            )
        return found[0] if found else ""

    def _is_last_line(self, cells: Sequence[str]) -> bool:
        """Whether a row is the one at the end of a rejects file, which says what to do with it."""
        header = self.header
        if header.batch is None or header.reject_row is None:
            return False
        empty = (*header.kept, header.reject_row)
        return bool(cells[header.batch].strip(BLANKS)) and not any(cells[place].strip(BLANKS) for place in empty)

    def settle(self) -> None:
        """Apply the rules that compare rows; refuses the file when it was damaged as a whole."""
        self._leave_out_trailers()
        if self.rows.counts()[Outcome.BLANK] == len(self.rows):
            raise FileRefused(FileCode.NO_ROWS, "The file has a header but no rows; hand in a file with at least one.")
        numbers = set(self.rows.iccids)
        numbers.discard("")
        column = self._column(self.header.iccid)
        self._floats.check()
        check_column(self.rows, numbers, self._refused, column, self.profile)
        self._others.check()
        settle_repeats(self.rows, numbers, column=column)
        settle_collisions(self.rows, self._lengths, self._loose, column=column)
        settle_esims(self.rows, column=self._esim_column())
        if self.profile.unique_names and self.header.name is not None:
            settle_names(self.rows, column=self._column(self.header.name))

    def lacking(self) -> dict[int, int]:
        """The rows rejected by comparison, whose cells were not kept at first: row number -> index."""
        return {
            row.row_no: index
            for index, row in self.rows.special.items()
            if row.outcome is Outcome.REJECTED and not row.original and row.problems[0].code != RowCode.ROW_LENGTH
        }

    def supply(self, index: int, cells: Sequence[str]) -> None:
        """Add the original cells to a row that was rejected by comparison."""
        self.rows[index] = self.rows[index]._replace(original=self._original(cells))

    def notes(self) -> tuple[str, ...]:
        """What was trimmed or tolerated, with the number of rows."""
        found = Counter(note for row in self.rows.special.values() for note in row.notes)
        counted = (f"{count} of {len(self.rows)} rows: {note}" for note, count in sorted(found.items()))
        return (*counted, *repetition(self.rows))

    def _count(self, result: IccidResult) -> None:
        """Remember a number for the rules that compare all of them."""
        digits, is_refused = result.digits, result.iccid is None
        if len(digits) in _LIKE_ICCID:
            is_wrong = result.code == RowCode.LUHN or not luhn_ok(digits)
            self._floats.add(digits, is_refused=is_refused, is_wrong=is_wrong)
            self._refused += [digits] if is_refused else []
        if is_refused and digits and len(digits) in self.profile.lengths:
            self._loose.append((digits, len(self.rows)))

    def _note_trailer(self, cells: Sequence[str]) -> None:
        if is_trailer(cells):
            self._trailers[len(self.rows)] = total_of(cells)

    def _leave_out_trailers(self) -> None:
        """Take the lines that end the file for blank; a total that is not the number of SIMs refuses the file."""
        totals: list[tuple[int, int]] = []
        for index in range(len(self.rows) - 1, -1, -1):
            row = self.rows.special.get(index)
            if row is None or (row.outcome is not Outcome.BLANK and index not in self._trailers):
                break
            if index in self._trailers:
                total = self._trailers[index]
                totals += [(row.row_no, total)] if total is not None else []
                self.rows[index] = ManifestRow(row.row_no, Outcome.BLANK, notes=("a line that ends the file left out",))
        filled = len(self.rows) - self.rows.counts()[Outcome.BLANK]
        numbers = {filled, len({*self.rows.iccids} - {""})}
        for row_no, total in totals:
            if total not in numbers:
                raise FileRefused(
                    FileCode.QUANTITY,
                    f"Row {row_no} says that the file has {total:,} SIMs, and it holds {filled:,}; ask for all of it.",
                )

    def _badly_named(self, first: int, names: Sequence[str | None], iccids: Sequence[str]) -> set[int]:
        """Return the places of rows without a name for which no usable one can be made."""
        if self._naming is None or None not in names:
            return set()
        missing = (place for place, name in enumerate(names) if name is None)
        return {place for place in missing if self._made_name_problem(first + place, iccids[place])}

    def _made_name_problem(self, row_no: int, iccid: str) -> list[Problem]:
        if self._naming is None:
            return []
        made = self._naming.name(row_no, iccid)
        label = self._labels.made_name(made)
        column = "" if self.header.name is None else self._column(self.header.name)
        return [Problem(column, shown(made, limit=VALUE_SHOWN), label.code, label.reason)] if label.code else []

    def _require_room(self, count: int) -> None:
        limit = self.profile.limits.max_rows
        if len(self.rows) + count > limit:
            raise FileRefused(FileCode.TOO_LARGE, f"The file has more than {limit:,} rows; split it.")

    def _append(self, row: ManifestRow) -> None:
        self._require_room(1)
        self.rows.append(row)
        if row.iccid is not None:
            self._lengths.add(len(row.iccid))

    def _read_esim(self, cells: Sequence[str], odd: Collection[int], problems: list[Problem]) -> Esim | None:
        texts = {field: without_filler(cells[index]) for field, index in self.header.esim if index not in odd}
        esim, found = read_esim(texts, usual_address=self.profile.smdp_address)
        columns = dict(self.header.esim)
        problems += [Problem(self._column(columns[p.field]), WITHHELD, p.code, p.reason) for p in found]
        return esim

    def _esim_column(self) -> str:
        """The column that says which profile a row is about."""
        columns = dict(self.header.esim)
        place = columns.get("activation_code", columns.get("matching_id"))
        return "" if place is None else self._column(place)

    def _note_problem(self, problems: list[Problem], index: int, cells: Sequence[str], code: str, reason: str) -> None:
        if code:
            problems.append(Problem(self._column(index), self._shown(cells[index]), code, reason))

    def _oddity(self, index: int, cells: Sequence[str], odd: Oddity) -> Problem:
        reason = f"The cell holds {odd.what} instead of text; format the column as text and enter the value again."
        return Problem(self._column(index), self._shown(cells[index]), odd.code, reason)

    def _shown(self, cell: str) -> str:
        return WITHHELD if looks_secret(cell) else shown(cell, limit=VALUE_SHOWN)

    def _ragged(self, row_no: int, cells: Sequence[str]) -> ManifestRow:
        """Reject a row with too few or too many fields; its cells are kept only if none can be a secret."""
        reason = f"The row has {len(cells)} fields, the header has {len(self.header.columns)}."
        hidden = self.header.secrets > 0
        value = "" if hidden else shown(" | ".join(map(self._shown, cells)), limit=VALUE_SHOWN)
        problem = Problem("", value, RowCode.ROW_LENGTH, reason)
        original = () if hidden else self._original(cells)
        return ManifestRow(row_no, Outcome.REJECTED, problems=(problem,), original=original)

    def _original(self, cells: Sequence[str]) -> tuple[str, ...]:
        kept = (cells[index] if index < len(cells) else "" for index in self.header.kept)
        return tuple(WITHHELD if looks_secret(cell) else cell for cell in kept)

    def _column(self, index: int) -> str:
        return self.header.columns[index]
