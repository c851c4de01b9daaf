"""Creating endpoints, one at a time."""

from typing import Any

from adapters.platforms.simulator.model import ACTIVE, ACTIVE_TEST, HOLD, PRE_ACTIVE, READY, Endpoint
from adapters.platforms.simulator.sft import codes, fixtures
from adapters.platforms.simulator.sft.context import Call, Platform, flag_field, list_field, params_of, text_field
from adapters.platforms.simulator.sft.envelope import Body, BusinessError, success

NAME_LENGTH = 100


def create_endpoint(platform: Platform, call: Call) -> Body:
    """POST /CreateEndPoint"""
    return success(endPointId=create(platform, params_of(call)).id)


def create(platform: Platform, params: dict[str, Any]) -> Endpoint:
    """Check all fields, then create the endpoint and link its SIM in one commit."""
    name = text_field(params, "name")
    if len(name) > NAME_LENGTH:
        raise BusinessError(codes.INCORRECT_FIELD, "Incorrect value for field name")
    iccid = text_field(params, "iccid") if flag_field(params, "isLinkSIM") else None
    fields = {
        "name": name,
        "roaming_profile_id": _roaming_profile(params),
        "apn_group_id": _apn_group(params),
        "plan_id": base_plan(params),
        "default_activation": _as_sent(params),
        "status": _first_status(platform, params, iccid),
    }
    addons = [addon_plan(plan_id) for plan_id in list_field(params, "addonPlanIds")]
    if iccid is not None:
        check_linkable(platform, iccid)
    return platform.world.create_endpoint(addon_plan_ids=addons, iccid=iccid, **fields)


def check_linkable(platform: Platform, iccid: str) -> None:
    """Refuse a SIM that is not in stock, is not Ready To Activate, or belongs to another endpoint."""
    sim = platform.world.sims.get(iccid)
    if sim is None:
        raise BusinessError(codes.ICCID_UNKNOWN, "ICCID not found")
    if sim.endpoint_id is not None and not platform.config.duplicates:
        raise BusinessError(codes.ICCID_ATTACHED, "SIM is already attached to an endpoint")
    if sim.endpoint_id is None and sim.status != READY:
        raise BusinessError(codes.MOVE_NOT_ALLOWED, f"A SIM that is {sim.status} cannot be linked")


def base_plan(params: dict[str, Any]) -> str:
    """Return the base plan asked for."""
    plan_id = text_field(params, "planId")
    if plan_id not in fixtures.BASE_PLANS:
        raise BusinessError(codes.BAD_PLAN, "Invalid plan")
    return plan_id


def addon_plan(plan_id: str) -> str:
    """Return the id when it is one of an add-on plan."""
    if plan_id not in fixtures.ADDON_PLANS:
        raise BusinessError(codes.BAD_PLAN, "Invalid add-on plan")
    return plan_id


def _roaming_profile(params: dict[str, Any]) -> str:
    joined = text_field(params, "roamingProfileId")
    if not all(part in fixtures.ROAMING_PROFILES for part in joined.split("|")):
        raise BusinessError(codes.BAD_ROAMING_PROFILE, "Invalid roaming profile")
    return joined


def _apn_group(params: dict[str, Any]) -> str:
    group = text_field(params, "apnGroupId")
    if group not in fixtures.APN_GROUPS:
        raise BusinessError(codes.INCORRECT_FIELD, "Incorrect value for field apnGroupId")
    return group


def _as_sent(params: dict[str, Any]) -> str | None:
    value = params.get("isDefaultActivation")
    return None if value is None else str(value).lower()


def _first_status(platform: Platform, params: dict[str, Any], iccid: str | None) -> str:
    """Without isDefaultActivation=false the endpoint is activated at once; without a SIM it waits in Hold."""
    activate = flag_field(params, "isDefaultActivation", default=True)
    if iccid is None:
        return HOLD
    if platform.config.oem:
        return ACTIVE_TEST
    return ACTIVE if activate else PRE_ACTIVE
