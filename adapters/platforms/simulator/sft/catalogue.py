"""Look-ups of plans and roaming profiles, over fixed INVENTED entries."""

from adapters.platforms.simulator.sft import codes, fixtures
from adapters.platforms.simulator.sft.context import Call, Platform
from adapters.platforms.simulator.sft.envelope import Body, BusinessError, success

_CATEGORIES = {"NORMAL": fixtures.BASE_PLANS, "ADDON": fixtures.ADDON_PLANS}


def query_rate_plan(_platform: Platform, call: Call) -> Body:
    """GET /QueryRatePlan"""
    category, wanted = call.query.get("planCategory"), call.query.get("planId")
    plans = [
        {"basicInfo": {"planId": plan_id, "planName": name, "planCategory": its_category, "planType": "0"}}
        for its_category, named in _CATEGORIES.items()
        for plan_id, name in named.items()
        if category in (None, its_category) and wanted in (None, plan_id)
    ]
    if not plans:
        raise BusinessError(codes.NO_DATA, "No data available")
    return success("1604", "Plans", responseParam={"plan": plans})


def get_plans(_platform: Platform, _call: Call) -> Body:
    """GET /GetPlans: said to carry roaming profile ids as well."""
    rows = [
        {"planId": plan_id, "planName": name, "roamingProfileId": next(iter(fixtures.ROAMING_PROFILES))}
        for plan_id, name in fixtures.BASE_PLANS.items()
    ]
    return success(text="Plans", responseParam={"rows": rows})


def get_roaming_profiles(_platform: Platform, call: Call) -> Body:
    """GET /GetRoamingProfiles"""
    wanted = call.query.get("roamingProfileId")
    rows = [
        {"roamingProfileId": profile_id, "roamingProfileName": name, "tadigList": []}
        for profile_id, name in fixtures.ROAMING_PROFILES.items()
        if wanted in (None, profile_id)
    ]
    return success(text="Roaming profiles", responseParam={"rows": rows})
