"""Reading endpoints: GetEndPointProfile and GetEndpoints."""

import time
from typing import Any

from adapters.platforms.simulator.model import Addon, Endpoint
from adapters.platforms.simulator.sft import codes, fixtures
from adapters.platforms.simulator.sft.context import Call, Platform
from adapters.platforms.simulator.sft.envelope import TIME_FORMAT, Body, BusinessError, success
from adapters.platforms.simulator.sft.sims import paging
from adapters.platforms.simulator.stock import imsis_of

MONTH_SECONDS = 30 * 86_400


def get_endpoint_profile(platform: Platform, call: Call) -> Body:
    """GET /GetEndPointProfile: the data is in `info`, and parts without content are left out."""
    endpoint = platform.world.replica.endpoint(call.query.get("endPointId", ""))
    if endpoint is None:
        raise BusinessError(codes.INCORRECT_FIELD, "Incorrect value for field endPointId")
    info: dict[str, Any] = {"basicInfo": _basic_info(platform, endpoint)}
    if endpoint.addons:
        info["promotionalPlans"] = {"plan": [_plan(addon) for addon in endpoint.addons]}
        info["benefitInfo"] = {"benefit": [_benefit(addon) for addon in endpoint.addons]}
    return success(text="Endpoint profile", info=info)


def get_endpoints(platform: Platform, call: Call) -> Body:
    """GET /GetEndpoints: the row fields are INVENTED."""
    page, per_page = paging(platform, call.query)
    endpoints = platform.world.replica.endpoints()
    shown = endpoints[(page - 1) * per_page : page * per_page]
    rows = [
        {
            "endPointId": endpoint.id,
            "name": endpoint.name,
            "iccid": endpoint.iccid or "-",
            "endPointStatus": endpoint.status,
            "planId": endpoint.plan_id,
        }
        for endpoint in shown
    ]
    return success(text="Endpoints", totalNoOfPages=-(-len(endpoints) // per_page), responseParam={"rows": rows})


def _basic_info(platform: Platform, endpoint: Endpoint) -> dict[str, str]:
    sim = platform.world.sims[endpoint.iccid] if endpoint.iccid else None
    return {
        "name": endpoint.name,
        "iccid": endpoint.iccid or "-",
        "msisdn": f"88299{sim.number:08d}" if sim else "-",
        "imsi": imsis_of(sim.number)[0]["supplierIMSI"] if sim else "-",
        "imeiLockStatus": "UNLOCKED",
        "endPointStatus": endpoint.status,  # INVENTED: a status field surely exists, but its name is not known
    }


def _plan(addon: Addon) -> dict[str, Any]:
    return {
        "uniqueId": addon.unique_id,
        "planId": addon.plan_id,
        "planName": fixtures.ADDON_PLANS[addon.plan_id],
        "planServiceName": "DATA",
        "planStartDate": _date(addon.since),
        "planExpiryDate": _date(addon.since + MONTH_SECONDS),
    }


def _benefit(addon: Addon) -> dict[str, Any]:
    size = fixtures.ADDON_BYTES[addon.plan_id]
    return {
        "name": "DATA",
        "uniqueId": addon.unique_id,
        "actualBalance": size,
        "balance": size,
        "startDate": "-",  # nothing was used yet
        "expiryDate": "-",
    }


def _date(seconds: float) -> str:
    return time.strftime(TIME_FORMAT, time.gmtime(seconds))
