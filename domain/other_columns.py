"""Columns that are not used and contradict those that are: a second ICCID, a quantity, an action such as remove."""

import re
from collections import Counter
from collections.abc import Collection, Sequence

from domain.errors import FileRefused
from domain.header import Header, header_key
from domain.header_missing import looks_like_iccid
from domain.header_names import ACTION_NAMES, QUANTITY_NAMES
from domain.iccid import mask_iccid
from domain.problems import FileCode, Problem, RowCode, shown, shown_masked
from domain.supplier import SupplierProfile
from domain.words import plural

_WITHDRAWN = re.compile(
    r"(?:to be |to )?(?:remov|delet|terminat|deactivat|cancel|scrap|return|retir|replac|recall)\w*"
    r"|(?:to be |to )?(?:revok|block|destroy|discard)\w*"
    r"|(?:is )?(?:defect\w*|faulty|damaged|broken|lost|stolen|dead|expired|bad|purged|swapped|unusable)"
    r"|gel[oö]e?scht|gek[uü]e?ndigt|gesperrt|defekt|l[oö]e?schen|supprim\w*|r[ée]sili\w*|baja|eliminar|-",
    re.IGNORECASE,
)
_LONGEST_AMOUNT = 10  # characters of a quantity


class OtherColumns:
    """Watches the columns of a file that have no use."""

    def __init__(self, header: Header, profile: SupplierProfile, *, creates: bool = True) -> None:
        """`creates` tells that the rows become endpoints; a list of existing ones may name them by their state."""
        ignored = {header_key(name) for name in profile.ignore_headers}
        used = {header.iccid, header.name, header.tags, header.last, header.quantity, *dict(header.esim).values()}
        keys = {i: header_key(header.columns[i]) for i in header.kept if i not in used}
        free = {i: key for i, key in keys.items() if key not in ignored}
        is_chosen = header_key(header.columns[header.iccid]) in {header_key(name) for name in profile.iccid_headers}
        self._header = header
        self._actions = [i for i, key in free.items() if creates and key in ACTION_NAMES]
        self._quantities = [i for i, key in free.items() if key in QUANTITY_NAMES]
        self._rest = [] if is_chosen else [i for i in free if i not in self._actions and i not in self._quantities]
        self._amounts: dict[int, Counter[int]] = {i: Counter() for i in self._quantities}
        self._filled: Counter[int] = Counter()
        self._seconds: Counter[int] = Counter()
        self._example: dict[int, tuple[str, str]] = {}

    def withdrawn(self, columns: Sequence[Sequence[str]]) -> set[int]:
        """Look at many rows, given as columns; return the places of those that say that the SIM is not to be used."""
        iccids = columns[self._header.iccid]
        for place in self._quantities:
            self._count(place, columns[place])
        for place in self._rest:
            if "\n89" in "\n".join(("", *map(str.lstrip, columns[place]))):
                self._compare(place, iccids, columns[place])
        found: set[int] = set()
        for place in self._actions:
            words = {cell for cell in set(columns[place]) if self._is_withdrawn(place, cell)}
            if words:
                found.update(nth for nth, cell in enumerate(columns[place]) if cell in words)
        return found

    def look(self, cells: Sequence[str]) -> None:
        """Look at one row."""
        for place in self._quantities:
            self._count(place, (cells[place],))
        for place in self._rest:
            self._compare(place, (cells[self._header.iccid],), (cells[place],))

    def problems(self, cells: Sequence[str]) -> list[Problem]:
        """What a row says against its SIM being used."""
        return [
            Problem(self._header.columns[place], shown(cells[place]), RowCode.CONTRADICTION, self._reason(place))
            for place in self._actions
            if self._is_withdrawn(place, cells[place])
        ]

    def check(self) -> None:
        """Refuse a file whose rows stand for more SIMs than they name."""
        for place, amounts in self._amounts.items():
            more = next((amount for amount, rows in amounts.items() if rows % amount), None)
            if more is not None:
                raise _range(
                    f"The column {self._name(place)} says that a row stands for {more:,} SIMs", self._name(place)
                )
        for place, found in self._seconds.items():
            if 2 * found >= self._filled[place]:
                one, other = map(mask_iccid, self._example[place])
                example = f"{plural(found, 'row')}, such as {other} beside {one}"
                raise _range(f"The column {self._name(place)} holds ICCIDs too ({example})", self._name(place))

    def _count(self, place: int, cells: Collection[str]) -> None:
        for cell, rows in Counter(cells).items():
            bare = cell.strip()
            if bare.isascii() and bare.isdigit() and len(bare) < _LONGEST_AMOUNT and int(bare) > 1:
                self._amounts[place][int(bare)] += rows

    def _compare(self, place: int, iccids: Sequence[str], cells: Sequence[str]) -> None:
        for iccid, cell in zip(iccids, cells, strict=True):
            if not cell.strip():
                continue
            self._filled[place] += 1
            if looks_like_iccid(cell) and _differ(_digits(iccid), _digits(cell)):
                self._seconds[place] += 1
                self._example.setdefault(place, (_digits(iccid), _digits(cell)))

    def _is_withdrawn(self, place: int, cell: str) -> bool:
        bare = cell.strip()
        if bare == "-" and header_key(self._header.columns[place]) not in {"action", "aktion", "operation"}:
            return False  # a filler
        return _WITHDRAWN.fullmatch(bare) is not None

    def _reason(self, place: int) -> str:
        return (
            f"The column {self._name(place)} says that this SIM is not to be used; remove the row, "
            f"or name the column in ignore_headers for this supplier if it means something else."
        )

    def _name(self, place: int) -> str:
        return repr(shown_masked(self._header.columns[place]))


def _range(words: str, column: str) -> FileRefused:
    return FileRefused(
        FileCode.ICCID_RANGE,
        f"{words}: is this a range? One line for each SIM is needed, or set expand_ranges = true for this supplier; "
        f"if the column means something else, name {column} in ignore_headers.",
    )


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)


def _differ(one: str, other: str) -> bool:
    """Tell two ICCIDs from one that is written with and without its check digit, or with a wrong one."""
    short, long = sorted((one, other), key=len)
    return not long.startswith(short if len(short) < len(long) else short[:-1])
