"""Answers that are well formed and wrong."""

import zlib
from collections.abc import Callable

from adapters.platforms.simulator.exchange import Exchange
from adapters.platforms.simulator.faults import FaultRule
from adapters.platforms.simulator.sft.envelope import Reply

_UUID_TAIL = 12

_ICCID_FORMS: dict[str, Callable[[str], object]] = {
    "other": lambda iccid: iccid[:-2] + str((int(iccid[-2]) + 1) % 10) + iccid[-1],
    "spaced": lambda iccid: " ".join(iccid[start : start + 4] for start in range(0, len(iccid), 4)),
    "padded": lambda iccid: iccid + "F",
    "short": lambda iccid: iccid[:-1],
    "number": int,
    "float": float,
}


def _number(its_id: str) -> int:
    return int(its_id) if its_id.isdigit() else zlib.crc32(its_id.encode())


_IDS: dict[str, Callable[[str], object]] = {
    "number": _number,
    "huge": lambda _id: 2**63,
    "uuid": lambda its_id: f"00000000-0000-4000-8000-{its_id[-_UUID_TAIL:]:0>{_UUID_TAIL}}",
    "float": lambda its_id: float(_number(its_id)),
    "empty": lambda _id: "",
    "null": lambda _id: None,
}


def empty_id(exchange: Exchange, _rule: FaultRule, reply: Reply) -> None:
    """Leave the new id out of a success."""
    place, field = exchange.new_id(reply)
    place.pop(field, None)


def duplicate_id(exchange: Exchange, _rule: FaultRule, reply: Reply) -> None:
    """Answer with the id of an endpoint that was there before."""
    place, field = exchange.new_id(reply)
    if place.get(field):
        place[field] = exchange.first_id()


def odd_id(exchange: Exchange, rule: FaultRule, reply: Reply) -> None:
    """Write the new id as another type, or as nothing."""
    place, field = exchange.new_id(reply)
    if isinstance(place.get(field), str):
        place[field] = _IDS[rule.form or "number"](place[field])


def wrong_iccid(exchange: Exchange, rule: FaultRule, reply: Reply) -> None:
    """Write another ICCID, or the right one in another form, into the rows."""
    for row in exchange.rows(reply):
        row["iccid"] = _ICCID_FORMS[rule.form or "other"](row["iccid"])


def two_rows(exchange: Exchange, _rule: FaultRule, reply: Reply) -> None:
    """Show a second endpoint for each SIM."""
    rows, name = exchange.rows(reply), exchange.row_id
    rows.extend([{**row, name: _another(row[name])} for row in rows if row.get(name, "-") != "-"])


def _another(its_id: str) -> str:
    """An id of the same form that nobody has."""
    return f"9{its_id}" if its_id.isdigit() else f"{'a' if its_id[0] == '9' else '9'}{its_id[1:]}"
