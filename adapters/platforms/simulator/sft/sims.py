"""fetchSIM: the list of SIMs, filtered and paged."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from adapters.platforms.simulator.model import Sim
from adapters.platforms.simulator.sft import codes, fixtures
from adapters.platforms.simulator.sft.context import Call, Platform
from adapters.platforms.simulator.sft.envelope import Body, BusinessError, success
from adapters.platforms.simulator.stock import SIM_PRODUCT, activation_code_of, eid_of, imsis_of

DEFAULT_PER_PAGE = 10  # INVENTED, as is the maximum: the platform's own are not known


def fetch_sim(platform: Platform, call: Call) -> Body:
    """GET /fetchSIM"""
    page, per_page = paging(platform, call.query)
    total, sims = _matching(platform, call.query)
    rows = [row_of(sim) for sim in islice(sims, (page - 1) * per_page, page * per_page)]
    if not total and platform.config.no_match == "1359":
        raise BusinessError(codes.NO_DATA, "No data available")
    return success(text="SIM list", totalNoOfPages=-(-total // per_page), responseParam={"rows": rows})


def row_of(sim: Sim) -> dict[str, Any]:
    """Return one SIM as it is written on the wire; `-` stands for no endpoint."""
    return {
        "simId": str(sim.number),
        "iccid": sim.iccid,
        "eid": eid_of(sim.iccid),
        "simProduct": SIM_PRODUCT,
        "simStatus": sim.status,
        "simAttachStatus": "ATTACHED" if sim.endpoint_id else "NOT ATTACHED",
        "endPointId": sim.endpoint_id or "-",
        "iMSIList": [{"supplierIMSIList": imsis_of(sim.number)}],
        "activationCode": activation_code_of(sim.iccid),
    }


def paging(platform: Platform, query: Mapping[str, str]) -> tuple[int, int]:
    """Return page and page size, the size capped at the maximum."""
    page, per_page = _number(query, "page", 1), _number(query, "perPage", DEFAULT_PER_PAGE)
    return page, min(per_page, platform.config.max_per_page)


def _matching(platform: Platform, query: Mapping[str, str]) -> tuple[int, Any]:
    replica, iccid = platform.world.replica, query.get("iccid")
    status_id, attach_id = query.get("simStatusId"), query.get("simAttachStatusId")
    status = fixtures.SIM_STATUS_IDS.get(status_id, "") if status_id else None
    attached = fixtures.ATTACH_STATUS_IDS.get(attach_id) if attach_id else None
    if attach_id and attached is None:
        return 0, iter(())
    if not iccid:
        return replica.sims(status=status, attached=attached)
    sim = replica.sim(iccid)
    found = sim and status in (None, sim.status) and attached in (None, sim.endpoint_id is not None)
    return (1, iter((sim,))) if found else (0, iter(()))


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal() or not 0 < int(text) < 10**9:
        raise BusinessError(codes.INCORRECT_FIELD, f"Incorrect value for field {name}")
    return int(text)
