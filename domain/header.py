"""Finding the header of a table: which column is the ICCID, the name and the tags, by a table of known names."""

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from domain.errors import FileRefused
from domain.esim import FIELDS
from domain.header_lines import HeaderName, continues, header_names
from domain.header_missing import LONG_NUMBER, explain_missing, iccid_columns, listed
from domain.header_names import (
    ALIASES,
    BARE_LAST,
    QUANTITY_NAMES,
    is_first_iccid,
    is_last_iccid,
    is_wider_iccid,
)
from domain.problems import FileCode
from domain.supplier import SupplierProfile

HEADERLESS_COLUMNS = ("iccid", "name", "tags")
REASON_COLUMNS = ("reject_row", "reject_column", "reject_value", "reject_code", "reject_reason")
BATCH_COLUMN = "reject_batch"  # which batch the rows of a rejects file join

_SECRET = re.compile(
    r"(sim|usim)?(pin|puk|adm|chv|scp|ki[ck]|kid|eki|k4|opc|otak|psk)[a-z0-9]*|k|ki[0-9]*|op|tk|accesscontrol"
    r"|(ki|op)(enc|encrypted|hex|value|wert)[0-9]*|(encrypted|enc|sim|usim|clear)(ki|op)|code(adm|retailer)[0-9]*"
    r"|[a-z0-9]*(keys?|keyset|secret|password|passwort|passphrase|schluessel|schlussel|confirmationcode)[0-9]*"
    r"|(sim)?claimcode|simactivationcode"
)
CLAIM_CODES = frozenset({"activationcode", "claimcode", "simactivationcode", "simclaimcode"})


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns are."""

    row_index: int  # of the header among the rows read; -1 without one
    columns: tuple[str, ...]
    iccid: int
    name: int | None
    tags: int | None
    kept: tuple[int, ...]  # columns that may be shown again; the others hold secrets or our own reasons
    secrets: int
    esim: tuple[tuple[str, int], ...] = ()  # field of domain.esim and its column
    last: int | None = None  # of the last ICCID of a range
    quantity: int | None = None
    lines: int = 1  # of the header, which ends in row_index
    batch: int | None = None  # of a rejects file: the batch that its rows join
    reject_row: int | None = None  # of a rejects file: the row's number in the file before

    @property
    def watched(self) -> frozenset[int]:
        """The columns that mean something here, whose cells must be text."""
        places = {self.iccid, self.name, self.tags, self.last, *(index for _, index in self.esim)}
        return frozenset(index for index in places if index is not None)

    def uses(self) -> tuple[tuple[str, str], ...]:
        """Each column and what it is taken for."""
        words = {self.iccid: "ICCID", self.name: "name", self.tags: "tags"}
        words |= {self.last: "last ICCID of a range", self.quantity: "quantity of a range"}
        words |= {index: field.replace("_", " ") for field, index in self.esim}
        other = dict.fromkeys(self.kept, "not used")
        return tuple(
            (column, words.get(index) or other.get(index, "dropped, never stored"))
            for index, column in enumerate(self.columns)
        )


def header_key(text: str) -> str:
    """Return a header cell without case, blanks and punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    bare = "".join(character for character in unicodedata.normalize("NFKD", folded) if character.isalnum())
    return bare if bare.isascii() else folded.strip()


def find_header(rows: Sequence[Sequence[str]], profile: SupplierProfile) -> Header:
    """Find the header among the first rows of a table, or refuse the file with what was seen."""
    known = _own(profile, "iccid") | frozenset(ALIASES["iccid"])
    if profile.headerless and not any(header_key(cell) in known for row in rows[:1] for cell in row):
        return _without_header(rows)
    for is_iccid in (lambda key: key in known or is_first_iccid(key), is_wider_iccid):
        index = _header_index(rows, is_iccid, profile)
        if index is not None:
            return _header_at(index, rows, profile)
    raise FileRefused(FileCode.HEADER_MISSING, explain_missing(rows, profile.limits.max_title_rows))


def _header_index(
    rows: Sequence[Sequence[str]], is_iccid: Callable[[str], bool], profile: SupplierProfile
) -> int | None:
    """Return the first row with such a name, looking no further than the first data."""
    ignored = _own(profile, "ignore")
    for index, row in enumerate(rows[: profile.limits.max_title_rows + 1]):
        if any(is_iccid(key) and key not in ignored for key in map(header_key, row)):
            return index
        if any(map(LONG_NUMBER.search, row)):
            return None
    return None


def _without_header(rows: Sequence[Sequence[str]]) -> Header:
    first = next((row for row in rows if any(cell.strip() for cell in row)), ())
    columns = tuple(HEADERLESS_COLUMNS[i] if i < 3 else f"column_{i + 1}" for i in range(len(first)))
    width = len(columns)
    return Header(-1, columns, 0, 1 if width > 1 else None, 2 if width > 2 else None, tuple(range(width)), 0)


def _header_at(index: int, rows: Sequence[Sequence[str]], profile: SupplierProfile) -> Header:
    above, row = rows[index - 1] if index else (), rows[index]
    iccid = _iccid_column(index, rows, profile)
    lines = 1 + continues(rows, index, iccid)
    names = header_names(above, row, rows[index + 1] if lines > 1 else ())
    columns, keys = tuple(name.shown for name in names), _keys(names, profile)
    ours = {header_key(name) for name in (*REASON_COLUMNS, BATCH_COLUMN)}
    # Without eSIM data an activation code is the one that claims the SIM, which must not be shown.
    more = frozenset[str]() if profile.read_esim else CLAIM_CODES
    secret = {i for i, name in enumerate(names) if i != iccid and _is_secret(name, more)}
    return Header(
        row_index=index + lines - 1,
        columns=columns,
        iccid=iccid,
        name=_find(columns, keys, profile, "name"),
        tags=_find(columns, keys, profile, "tags"),
        kept=tuple(i for i, key in enumerate(map(header_key, columns)) if i not in secret and key not in ours),
        secrets=len(secret),
        esim=_esim(keys, secret) if profile.read_esim else (),
        lines=lines,
        batch=_place(columns, BATCH_COLUMN),
        reject_row=_place(columns, REASON_COLUMNS[0]),
        **_range_columns(columns, keys, iccid, profile),
    )


def _place(columns: Sequence[str], column: str) -> int | None:
    """Where one of our own columns is."""
    return next((i for i, one in enumerate(columns) if header_key(one) == header_key(column)), None)


def _keys(names: Sequence[HeaderName], profile: SupplierProfile) -> tuple[str, ...]:
    """The keys by which columns are found; those of columns that are not to be looked at are empty."""
    ignored = _own(profile, "ignore")
    keys = (header_key(name.own or name.shown) for name in names)
    return tuple("" if key in ignored else key for key in keys)


def _is_secret(name: HeaderName, more: Collection[str]) -> bool:
    return any(_SECRET.fullmatch(key) or key in more for key in map(header_key, name.readings))


def _range_columns(
    columns: tuple[str, ...], keys: Sequence[str], iccid: int, profile: SupplierProfile
) -> dict[str, int | None]:
    """Return the columns of a range's end; without the option to expand ranges a file of them is refused."""
    last = [i for i, key in enumerate(keys) if is_last_iccid(key) and i != iccid]
    if not profile.expand_ranges:
        is_chosen = keys[iccid] in _own(profile, "iccid")
        if not is_chosen and (last or is_first_iccid(keys[iccid])):
            raise FileRefused(
                FileCode.ICCID_RANGE,
                f"The columns ({listed(columns)}) are those of ranges of ICCIDs; one line for each SIM is needed, "
                "or set expand_ranges = true for this supplier.",
            )
        return {}
    last = last or [i for i, key in enumerate(keys) if key in BARE_LAST]
    quantity = [i for i, key in enumerate(keys) if key in QUANTITY_NAMES]
    if len(last) > 1 or len(quantity) > 1:
        raise FileRefused(
            FileCode.HEADER_AMBIGUOUS,
            f"Several columns could be the last ICCID or the quantity of a range ({listed(columns)}); "
            "name those that are not in ignore_headers for this supplier.",
        )
    return {"last": next(iter(last), None), "quantity": next(iter(quantity), None)}


def _esim(keys: Sequence[str], secret: Collection[int]) -> tuple[tuple[str, int], ...]:
    """Return the eSIM columns; of several for one field the one that comes first in the table of names."""
    found: list[tuple[str, int]] = []
    for field in FIELDS:
        known = ALIASES[field]
        places = [i for i, key in enumerate(keys) if key in known and i not in secret]
        if places:
            found.append((field, min(places, key=lambda place: known.index(keys[place]))))
    return tuple(found)


def _own(profile: SupplierProfile, field: str) -> frozenset[str]:
    """The header names of a supplier's settings."""
    names: tuple[str, ...] = getattr(profile, f"{field}_headers")
    return frozenset(map(header_key, names))


def _iccid_column(index: int, rows: Sequence[Sequence[str]], profile: SupplierProfile) -> int:
    """Return the column of the ICCID by the best names that stand there; of wider names also by the values."""
    names, below = header_names(rows[index - 1] if index else (), rows[index], ()), rows[index + 1 :]
    columns, keys = tuple(name.shown for name in names), _keys(names, profile)
    ranks = (_own(profile, "iccid").__contains__, ALIASES["iccid"].__contains__, is_first_iccid)
    found = next((places for rank in ranks if (places := [i for i, key in enumerate(keys) if rank(key)])), None)
    if found is None:
        found = [i for i, key in enumerate(keys) if is_wider_iccid(key)]
        by_value = iccid_columns(below)
        if by_value and not {*by_value} & {*found}:  # such a name means something else here
            raise FileRefused(FileCode.HEADER_MISSING, explain_missing(rows, profile.limits.max_title_rows))
        found = [i for i in found if i in by_value] if len(found) > 1 and by_value else found
    place = _only(found, columns, keys, "iccid")
    if place is None:
        raise FileRefused(FileCode.HEADER_MISSING, f"No column is the ICCID; the columns are {listed(columns)}.")
    return place


def _find(columns: tuple[str, ...], keys: tuple[str, ...], profile: SupplierProfile, field: str) -> int | None:
    """Return the one column of a field; the supplier's own header names win over the table."""
    own = _own(profile, field)
    found = [i for i, key in enumerate(keys) if key in own] or [
        i for i, key in enumerate(keys) if key in ALIASES[field]
    ]
    if len(found) > 1 and len({keys[i] for i in found}) == len(found):
        found = [i for i in found if keys[i] == field] or found
    return _only(found, columns, keys, field)


def _only(found: Sequence[int], columns: tuple[str, ...], keys: Sequence[str], field: str) -> int | None:
    if len({keys[i] for i in found}) < len(found):
        raise FileRefused(
            FileCode.COLUMN_REPEATED,
            f"The column for the {field} occurs {len(found)} times ({listed(columns)}); keep one of them.",
        )
    if len(found) > 1:
        raise FileRefused(
            FileCode.HEADER_AMBIGUOUS,
            f"{len(found)} columns could be the {field} ({listed([columns[i] for i in found])}); "
            f"rename all but one, or name the right one in {field}_headers for this supplier.",
        )
    return found[0] if found else None
