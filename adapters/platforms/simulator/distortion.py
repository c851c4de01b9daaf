"""Answers that are well formed and wrong."""

from collections.abc import Callable
from typing import Any

from adapters.platforms.simulator.exchange import SftExchange
from adapters.platforms.simulator.faults import FaultRule

Content = dict[str, Any]

_ICCID_FORMS: dict[str, Callable[[str], object]] = {
    "other": lambda iccid: iccid[:-2] + str((int(iccid[-2]) + 1) % 10) + iccid[-1],
    "spaced": lambda iccid: " ".join(iccid[start : start + 4] for start in range(0, len(iccid), 4)),
    "padded": lambda iccid: iccid + "F",
    "short": lambda iccid: iccid[:-1],
    "number": int,
    "float": float,
}
_IDS: dict[str, Callable[[str], object]] = {
    "number": int,
    "huge": lambda _id: 2**63,
    "uuid": lambda number: f"00000000-0000-4000-8000-{number:0>12}",
    "float": float,
    "empty": lambda _id: "",
    "null": lambda _id: None,
}


def empty_id(_exchange: SftExchange, _rule: FaultRule, content: Content) -> None:
    """Leave the new id out of a success."""
    content.pop("endPointId", None)


def duplicate_id(exchange: SftExchange, _rule: FaultRule, content: Content) -> None:
    """Answer with the id of an endpoint that was there before."""
    if content.get("endPointId"):
        content["endPointId"] = next(iter(exchange.engine.world.endpoints))


def odd_id(_exchange: SftExchange, rule: FaultRule, content: Content) -> None:
    """Write the new id as another type, or as nothing."""
    if content.get("endPointId"):
        content["endPointId"] = _IDS[rule.form or "number"](content["endPointId"])


def wrong_iccid(_exchange: SftExchange, rule: FaultRule, content: Content) -> None:
    """Write another ICCID, or the right one in another form, into the rows."""
    for row in _rows(content):
        row["iccid"] = _ICCID_FORMS[rule.form or "other"](row["iccid"])


def two_rows(_exchange: SftExchange, _rule: FaultRule, content: Content) -> None:
    """Show a second endpoint for each SIM."""
    rows = _rows(content)
    rows.extend([{**row, "endPointId": f"9{row['endPointId']}"} for row in rows if row.get("endPointId", "-") != "-"])


def _rows(content: Content) -> list[Content]:
    rows: list[Content] = content.get("responseParam", {}).get("rows", [])
    return rows
