"""What a buyer needs to install an eSIM profile: EID, SM-DP+ address, matching id, and the activation code of them.

Source: GSMA SGP.22, activation code, and SGP.29, EID. A matching id works like a password for one download, so values
of these columns never stand in a message.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from domain.problems import RowCode

FIELDS = ("eid", "smdp_address", "matching_id", "activation_code")

ADDRESS = re.compile(r"(?=.{4,255}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
_MATCHING_ID = re.compile(r"[0-9A-Za-z-]{1,255}")
_URI = re.compile(r"https://", re.IGNORECASE)
_OBJECT_ID = re.compile(r"[0-9]+(?:\.[0-9]+)+")
_BLANKS = re.compile(r"[\s\u00a0\u202f-]+")


class Esim(NamedTuple):
    """The eSIM data of one row, each part as the file has it or as its activation code says."""

    eid: str | None = None
    smdp_address: str | None = None
    matching_id: str | None = None
    object_id: str | None = None
    needs_confirmation: bool = False

    @property
    def lpa(self) -> str | None:
        """The string that a QR code shows, or None without an address."""
        if self.smdp_address is None:
            return None
        parts = ["LPA:1", self.smdp_address, self.matching_id or ""]
        if self.object_id or self.needs_confirmation:
            parts.append(self.object_id or "")
        return "$".join([*parts, "1"] if self.needs_confirmation else parts)


class EsimProblem(NamedTuple):
    """Which field is wrong, and why; the value is left out on purpose."""

    field: str
    code: RowCode
    reason: str


def is_eid(text: str) -> bool:
    """Tell whether a text is an eUICC identifier: 32 digits whose check number over all of them is 1 modulo 97."""
    return len(text) == 32 and text.isascii() and text.isdigit() and int(text) % 97 == 1


def read_esim(cells: Mapping[str, str], *, usual_address: str | None) -> tuple[Esim | None, list[EsimProblem]]:
    """Check the eSIM cells of a row, by field; a row without any has no eSIM data.

    `usual_address` is the supplier's SM-DP+ for matching ids that come without one.
    """
    texts = {field: text.strip() for field, text in cells.items() if text.strip()}
    if not texts:
        return None, []
    problems: list[EsimProblem] = []
    esim = _of_code(texts["activation_code"], problems) if "activation_code" in texts else Esim()
    checks = {"eid": _eid, "smdp_address": _address, "matching_id": _matching_id}
    for field, check in checks.items():
        if field in texts:
            value, reason = check(texts[field])
            known = getattr(esim, field)
            if not reason and known is not None and known.casefold() != value.casefold():
                problems.append(EsimProblem(field, RowCode.ESIM_CONFLICT, "The activation code says something else."))
            elif reason:
                problems.append(EsimProblem(field, RowCode(field), reason))
            else:
                esim = Esim(**(esim._asdict() | {field: known or value}))
    if esim.matching_id is not None and esim.smdp_address is None:
        esim = esim._replace(smdp_address=usual_address)
    if not problems and esim.matching_id is not None and esim.smdp_address is None:
        problems.append(
            EsimProblem("matching_id", RowCode.SMDP_ADDRESS, "A matching id is of no use without an SM-DP+ address.")
        )
    return (None if problems else esim), problems


def _of_code(text: str, problems: list[EsimProblem]) -> Esim:
    """Take an activation code apart: `LPA:1$address$matching id[$object id[$1]]`, with or without `LPA:`."""
    bare = text[4:] if text[:4].upper() == "LPA:" else text
    form, _, rest = bare.partition("$")
    address, matching, object_id, confirmation, *more = [*rest.split("$"), "", "", ""]
    is_sound = (
        form == "1"
        and ADDRESS.fullmatch(address)
        and (not matching or _MATCHING_ID.fullmatch(matching))
        and (not object_id or _OBJECT_ID.fullmatch(object_id))
        and confirmation in {"", "1"}
        and not any(more)
    )
    if not is_sound:
        reason = "The activation code does not read 1$address$matching id, with or without LPA: before it."
        problems.append(EsimProblem("activation_code", RowCode.ACTIVATION_CODE, reason))
        return Esim()
    return Esim(None, address, matching or None, object_id or None, confirmation == "1")


def _eid(text: str) -> tuple[str, str]:
    bare = _BLANKS.sub("", text)
    if is_eid(bare):
        return bare, ""
    if len(bare) == 32 and bare.isascii() and bare.isdigit():
        return "", "The check digits of the EID are wrong: a digit was mistyped, or the number was damaged."
    return "", f"An EID has 32 digits; this has {len(bare)} characters."


def _address(text: str) -> tuple[str, str]:
    host = _URI.sub("", text.removesuffix("/"), count=1)
    if ADDRESS.fullmatch(host):
        return host, ""
    return "", "The SM-DP+ address is not a host name such as smdp.example.com, without a path."


def _matching_id(text: str) -> tuple[str, str]:
    if _MATCHING_ID.fullmatch(text):
        return text, ""
    return "", "A matching id has letters, digits and hyphens only."
