"""Takes out of SFT's answers what the client needs. Fields that may be missing are treated as missing."""

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.platforms.sft.naming import canonical, endpoints_in, objects_with
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


def bulk_items(reading: Reading) -> Iterator[tuple[str, Answer]]:
    """The items of a bulk answer that say plainly what became of them; the others stay unknown."""
    data = reading.response.get("responseParam")
    rows = data.get("rows") if isinstance(data, dict) else None
    for row in rows if isinstance(rows, list) else ():
        iccid = row.get("iccid") if isinstance(row, dict) else None
        if not isinstance(iccid, str):
            continue
        endpoint_id, code = usable_id(row.get("endPointId")), clean(str(row.get("resultCode", "")), length=40)
        if endpoint_id is not None and code == "0":
            yield canonical(iccid), Answer(Verdict.DONE, endpoint_id=endpoint_id, code=code)
        elif endpoint_id is None and code not in ("", "0", *VERIFY):
            text = clean(str(row.get("resultDescription", "")))
            yield canonical(iccid), Answer(Verdict.NOT_DONE, Because.REFUSED, code=code, text=text)


def readable_sims(reading: Reading, *, of_one: bool = False) -> list[SimRecord]:
    """The SIMs of an answer that says yes, all of them readable; an answer that says "no data" has none.

    `of_one`: a look-up of one ICCID may leave its rows out when there are none.
    Raises ReadFailed: what cannot be read does not say that there is nothing.
    """
    if reading.meaning is Meaning.EMPTY or (of_one and _leaves_rows_out(reading.response)):
        return []
    data = reading.response.get("responseParam")
    rows = data.get("rows") if isinstance(data, dict) else None
    found = list(sims(reading))
    if not isinstance(rows, list) or (rows and not found):
        raise ReadFailed("the platform's answer holds no readable list of SIMs")
    return found


def _leaves_rows_out(response: Mapping[str, Any]) -> bool:
    """Whether an answer holds nothing where rows would stand, and no page of them."""
    data = response.get("responseParam")
    rows = data.get("rows") if isinstance(data, dict) else None
    empty = data is None or (isinstance(data, dict) and (not data or (rows is None and "rows" in data)))
    return empty and str(response.get("totalNoOfPages") or "0") == "0"


def sims(reading: Reading) -> Iterator[SimRecord]:
    data = reading.response.get("responseParam")
    rows = data.get("rows") if isinstance(data, dict) else None
    for row in rows if isinstance(rows, list) else ():
        iccid = row.get("iccid") if isinstance(row, dict) else None
        if isinstance(iccid, str) and iccid:
            word = str(row.get("simStatus") or "")
            state = from_platform("sft", word)
            yield SimRecord(canonical(iccid), usable_id(row.get("endPointId")), state, clean(word))


def pages(reading: Reading, *, page: int, holds_rows: bool) -> int:
    """How many pages there are; where the platform does not say, there is one more after each that is not empty."""
    try:
        return int(str(reading.response["totalNoOfPages"]))
    except (KeyError, ValueError):
        return page + 1 if holds_rows else page


def addon_plans(reading: Reading) -> list[str] | None:
    """The plan of each add-on instance that a profile lists, or None when the profile cannot be read."""
    info = reading.response.get("info")
    if reading.meaning is not Meaning.SUCCESS or not isinstance(info, dict):
        return None
    plans = info.get("promotionalPlans") or {}
    listed = plans.get("plan") if isinstance(plans, dict) else plans
    rows = [listed] if isinstance(listed, dict) else listed or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) and usable_id(row.get("planId")) for row in rows):
        return None
    return [str(row["planId"]) for row in rows]


def profile_iccid(reading: Reading) -> str | None:
    """The ICCID that an endpoint's profile names, empty for none, None where it names no such field or several."""
    places = [place["iccid"] for place in objects_with(reading.response, "iccid")]
    named = {canonical(value.strip()) for value in places if isinstance(value, str)}
    if len(named) != 1:
        return None
    (iccid,) = named
    return iccid


def tags_in(reading: Reading, endpoint_id: str) -> frozenset[str]:
    """The tags that an answer shows for this endpoint. Their place is not documented, so every tagName is taken.

    Raises ReadFailed when it shows those of others only.
    """
    owners = set(endpoints_in(reading.response))
    rows = list(objects_with(reading.response, "tagName"))
    own = [row for row in rows if endpoint_id in (named := set(endpoints_in(row))) or not named]
    if (owners and endpoint_id not in owners) or (rows and not own):
        raise ReadFailed("the platform's answer shows tags of other endpoints")
    return frozenset(clean(row["tagName"]) for row in own if isinstance(row["tagName"], str))
