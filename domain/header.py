"""Finding the header of a table: which column is the ICCID, the name and the tags, by a table of known names."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from domain.errors import FileRefused
from domain.esim import FIELDS
from domain.problems import FileCode, shown_masked
from domain.supplier import SupplierProfile

# Seen in exports of operators, platforms and SIM vendors; written as header_key() makes them, the preferred one first.
ALIASES: dict[str, tuple[str, ...]] = {
    "iccid": (
        *("iccid", "iccidnumber", "iccidnr", "iccidno", "iccidsim", "simiccid", "simnumbericcid", "simcardiccid"),
        *("simnumber", "simcardnumber", "simid", "simcardid", "sernb", "integratedcircuitcardidentifier"),
        *("karteniccid", "kartennr", "kartennummer", "simkartennr", "simkartennummer", "numerosim", "numerodesim"),
    ),
    "name": (
        *("name", "simname", "endpointname", "devicename", "displayname", "wirelessusername", "username"),
        *("deviceuser", "label", "bezeichnung", "nombre", "nom"),
    ),
    "tags": ("tags", "tag", "simtags", "simtag"),
    "eid": ("eid", "euiccid", "eidnumber", "esimeid", "eideid"),
    "smdp_address": (
        *("smdpaddress", "smdpplusaddress", "smdpplusadress", "smdpadress", "smdp", "smdpplus", "smdpfqdn"),
        *("smdpserver", "smdpplusserver", "smdpurl", "rspaddress"),
    ),
    "matching_id": ("matchingid", "esimmatchingid", "activationtoken", "actoken"),
    "activation_code": (
        *("lpastring", "activationcode", "lpacode", "esimactivationcode", "qrcode", "qrcodetext", "textqrcode"),
        *("qrcodestring", "qrcodedata", "ac"),
    ),
}
HEADERLESS_COLUMNS = ("iccid", "name", "tags")
REASON_COLUMNS = ("reject_row", "reject_column", "reject_value", "reject_code", "reject_reason")

_SECRET = re.compile(
    r"(sim|usim)?(pin|puk|adm|chv|scp|ki[ck]|kid|eki|k4|opc|otak|psk)[a-z0-9]*|k|ki[0-9]*|op|tk|accesscontrol"
    r"|(ki|op)(enc|encrypted|hex|value|wert)[0-9]*|(encrypted|enc|sim|usim|clear)(ki|op)|code(adm|retailer)[0-9]*"
    r"|[a-z0-9]*(keys?|keyset|secret|password|passwort|passphrase|schluessel|schlussel|confirmationcode)[0-9]*"
    r"|(sim)?claimcode|simactivationcode"
)
CLAIM_CODES = frozenset({"activationcode", "claimcode", "simactivationcode", "simclaimcode"})
_LONG_NUMBER = re.compile(r"[0-9]{17,}")


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

    @property
    def watched(self) -> frozenset[int]:
        """The columns that mean something here, whose cells must be text."""
        places = {self.iccid, self.name, self.tags, *(index for _, index in self.esim)}
        return frozenset(index for index in places if index is not None)

    def uses(self) -> tuple[tuple[str, str], ...]:
        """Each column and what it is taken for."""
        words = {self.iccid: "ICCID", self.name: "name", self.tags: "tags"}
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
    wanted = _aliases(profile, "iccid")
    if profile.headerless and not any(header_key(cell) in wanted for row in rows[:1] for cell in row):
        return _without_header(rows)
    for index, row in enumerate(rows[: profile.limits.max_title_rows + 1]):
        if any(header_key(cell) in wanted for cell in row):
            return _header_at(index, row, profile)
        if any(_LONG_NUMBER.search(cell) for cell in row):
            raise FileRefused(FileCode.HEADER_MISSING, _data_before_header(index, row))
    raise FileRefused(FileCode.HEADER_MISSING, _nothing_found(rows))


def _without_header(rows: Sequence[Sequence[str]]) -> Header:
    first = next((row for row in rows if any(cell.strip() for cell in row)), ())
    columns = tuple(HEADERLESS_COLUMNS[i] if i < 3 else f"column_{i + 1}" for i in range(len(first)))
    width = len(columns)
    return Header(-1, columns, 0, 1 if width > 1 else None, 2 if width > 2 else None, tuple(range(width)), 0)


def _header_at(index: int, row: Sequence[str], profile: SupplierProfile) -> Header:
    columns = tuple(cell.strip() for cell in row)
    keys = tuple(header_key(cell) for cell in row)
    ours = {header_key(name) for name in REASON_COLUMNS}
    # Without eSIM data an activation code is the one that claims the SIM, which must not be shown.
    more = frozenset[str]() if profile.read_esim else CLAIM_CODES
    secret = {i for i, key in enumerate(keys) if _SECRET.fullmatch(key) or key in more}
    return Header(
        row_index=index,
        columns=columns,
        iccid=_require(_find(columns, keys, profile, "iccid"), columns),
        name=_find(columns, keys, profile, "name"),
        tags=_find(columns, keys, profile, "tags"),
        kept=tuple(i for i, key in enumerate(keys) if i not in secret and key not in ours),
        secrets=len(secret),
        esim=_esim(keys, secret) if profile.read_esim else (),
    )


def _esim(keys: Sequence[str], secret: Collection[int]) -> tuple[tuple[str, int], ...]:
    """Return the eSIM columns; of several for one field the one that comes first in the table of names."""
    found: list[tuple[str, int]] = []
    for field in FIELDS:
        known = ALIASES[field]
        places = [i for i, key in enumerate(keys) if key in known and i not in secret]
        if places:
            found.append((field, min(places, key=lambda place: known.index(keys[place]))))
    return tuple(found)


def _aliases(profile: SupplierProfile, field: str) -> tuple[str, ...]:
    own: tuple[str, ...] = getattr(profile, f"{field}_headers")
    return (*(header_key(name) for name in own), *ALIASES[field])


def _find(columns: tuple[str, ...], keys: tuple[str, ...], profile: SupplierProfile, field: str) -> int | None:
    """Return the one column of a field; the supplier's own header names win over the table."""
    own = {header_key(name) for name in getattr(profile, f"{field}_headers")}
    found = [i for i, key in enumerate(keys) if key in own] or [
        i for i, key in enumerate(keys) if key in ALIASES[field]
    ]
    if len({keys[i] for i in found}) < len(found):
        raise FileRefused(
            FileCode.COLUMN_REPEATED,
            f"The column for the {field} occurs {len(found)} times ({_listed(columns)}); keep one of them.",
        )
    if field != "iccid" and len(found) > 1:
        found = [i for i in found if keys[i] == field] or found
    if len(found) > 1:
        raise FileRefused(
            FileCode.HEADER_AMBIGUOUS,
            f"{len(found)} columns could be the {field} ({_listed([columns[i] for i in found])}); "
            f"rename all but one, or name the right one in the supplier's settings.",
        )
    return found[0] if found else None


def _require(found: int | None, columns: tuple[str, ...]) -> int:
    if found is None:
        raise FileRefused(FileCode.HEADER_MISSING, f"No column is the ICCID; the columns are {_listed(columns)}.")
    return found


def _listed(columns: Sequence[str]) -> str:
    listed = ", ".join(repr(shown_masked(column)) for column in columns[:20])
    return listed + (f" and {len(columns) - 20} more" if len(columns) > 20 else "")


def _data_before_header(index: int, row: Sequence[str]) -> str:
    return (
        f"Row {index + 1} already holds data ({_listed(row)}) and no header was seen before it; "
        "add a first row such as iccid,name or allow files without a header for this supplier."
    )


def _nothing_found(rows: Sequence[Sequence[str]]) -> str:
    first = next((row for row in rows if any(cell.strip() for cell in row)), ())
    return (
        f"No column is known as the ICCID; the first row reads {_listed(first)}; "
        f"name the column iccid, or add {shown_masked(first[0] if first else '')!r} to the supplier's headers."
    )
