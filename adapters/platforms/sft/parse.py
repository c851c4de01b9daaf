"""Takes out of SFT's answers what the client needs. Fields that may be missing are treated as missing."""

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.platforms.sft.wire import VERIFY, Meaning, Reading
from adapters.platforms.texts import clean
from domain.endpoint import SimRecord, usable_id
from domain.lifecycle import from_platform
from domain.outcome import Answer, Because, Verdict
from domain.ports import ReadFailed


def tag_body(endpoint_id: str | None, tag: str) -> dict[str, Any]:
    return {"endpointTagInfo": {"endpointId": endpoint_id, "tagName": tag}}


def new_id(response: Mapping[str, Any]) -> str | None:
    inner = response.get("responseParam")
    return usable_id(response.get("endPointId")) or usable_id(
        inner.get("endPointId") if isinstance(inner, dict) else None
    )


def is_for_another(response: Mapping[str, Any], iccid: str) -> bool:
    """Whether an answer names an ICCID and it is not the one that was asked about."""
    inner = response.get("responseParam")
    named = [place.get("iccid") for place in (response, inner) if isinstance(place, Mapping)]
    return any(value is not None and canonical(str(value)) != iccid for value in named)


def bulk_items(reading: Reading) -> Iterator[tuple[str, Answer]]:
    """The items of a bulk answer that say plainly what became of them; the others stay unknown."""
    data = reading.response.get("responseParam")
    rows = data.get("rows") if isinstance(data, dict) else None
    for row in rows if isinstance(rows, list) else ():
        iccid = row.get("iccid") if isinstance(row, dict) else None
        if not isinstance(iccid, str):
            continue
        endpoint_id, code = usable_id(row.get("endPointId")), str(row.get("resultCode", ""))
        if endpoint_id is not None and code == "0":
            yield canonical(iccid), Answer(Verdict.DONE, endpoint_id=endpoint_id, code=code)
        elif endpoint_id is None and code not in ("", "0", *VERIFY):
            text = clean(str(row.get("resultDescription", "")))
            yield canonical(iccid), Answer(Verdict.NOT_DONE, Because.REFUSED, code=code, text=text)


def readable_sims(reading: Reading) -> list[SimRecord]:
    """The SIMs of an answer that says yes, all of them readable; an answer that says "no data" has none.

    Raises ReadFailed: what cannot be read does not say that there is nothing.
    """
    if reading.meaning is Meaning.EMPTY:
        return []
    data = reading.response.get("responseParam")
    rows = data.get("rows") if isinstance(data, dict) else None
    found = list(sims(reading))
    if not isinstance(rows, list) or (rows and not found):
        raise ReadFailed("the platform's answer holds no readable list of SIMs")
    return found


def sims(reading: Reading) -> Iterator[SimRecord]:
    data = reading.response.get("responseParam")
    rows = data.get("rows") if isinstance(data, dict) else None
    for row in rows if isinstance(rows, list) else ():
        iccid = row.get("iccid") if isinstance(row, dict) else None
        if isinstance(iccid, str) and iccid:
            word = str(row.get("simStatus") or "")
            yield SimRecord(canonical(iccid), usable_id(row.get("endPointId")), from_platform("sft", word), word)


def canonical(iccid: str) -> str:
    """An ICCID as the platform may write it, without separators and filler."""
    return iccid.replace(" ", "").replace("-", "").rstrip("Ff")


def pages(reading: Reading, *, page: int, full: bool) -> int:
    try:
        return int(str(reading.response["totalNoOfPages"]))
    except (KeyError, ValueError):
        return page + 1 if full else page


def addon_plans(reading: Reading) -> Iterator[str]:
    info = reading.response.get("info")
    plans = info.get("promotionalPlans") if isinstance(info, dict) else None
    listed = plans.get("plan") if isinstance(plans, dict) else None
    for plan in [listed] if isinstance(listed, dict) else listed or ():
        if isinstance(plan, dict):
            yield str(plan.get("planId"))


def profile_iccid(reading: Reading) -> str | None:
    """The ICCID that an endpoint's profile names, empty for none, None where it names no such field or several."""
    named = {canonical(value.strip()) for value in values_of(reading.response, "iccid")}
    if len(named) != 1:
        return None
    (iccid,) = named
    return iccid


def values_of(tree: object, key: str) -> Iterator[str]:
    """Every text under this key, at any depth."""
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            if name == key and isinstance(value, str):
                yield value
            else:
                yield from values_of(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from values_of(value, key)
