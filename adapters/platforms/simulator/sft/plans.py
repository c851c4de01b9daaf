"""Base plan, add-ons and thresholds of an endpoint."""

from adapters.platforms.simulator.sft import codes
from adapters.platforms.simulator.sft.context import (
    Call,
    Platform,
    endpoint_of,
    find_endpoint,
    list_field,
    params_of,
    text_field,
)
from adapters.platforms.simulator.sft.creation import addon_plan, base_plan
from adapters.platforms.simulator.sft.envelope import Body, BusinessError, success


def subscribe_addon(platform: Platform, call: Call) -> Body:
    """POST /SubscribeAddon: each call makes another instance; the path of `uniqueId` in the answer is INVENTED."""
    params = params_of(call)
    endpoint = find_endpoint(platform, params.get("endPointId"))
    _, addon = platform.world.subscribe_addon(endpoint, addon_plan(text_field(params, "planId")))
    details = {"uniqueId": addon.unique_id, "planId": addon.plan_id}
    return success(text="Add-on subscribed", responseParam={"addonDetails": details})


def modify_endpoint(platform: Platform, call: Call) -> Body:
    """PATCH /endpoint: add and remove add-on instances, all or none."""
    endpoint, params = endpoint_of(platform, call), params_of(call)
    added = [addon_plan(plan_id) for plan_id in list_field(params, "addAddonPlanIds")]
    removed = list_field(params, "removeAddonUniqueIds")
    held = {str(addon.unique_id): addon.unique_id for addon in endpoint.addons}
    if not (added or removed) or not held.keys() >= set(removed):
        raise BusinessError(codes.INCORRECT_FIELD, "Incorrect value for field requestParam")
    for unique_id in dict.fromkeys(removed):
        endpoint = platform.world.remove_addon(endpoint, held[unique_id])
    for plan_id in added:
        endpoint, _ = platform.world.subscribe_addon(endpoint, plan_id)
    return success(text="Endpoint modified")


def change_plan(platform: Platform, call: Call) -> Body:
    """POST /ChangePlan"""
    platform.world.change_plan(endpoint_of(platform, call), base_plan(params_of(call)))
    return success(codes.PLAN_CHANGED, "Plan changed")


def update_threshold(platform: Platform, call: Call) -> Body:
    """POST /UpdateThreshold: noted, and shown nowhere."""
    endpoint, params = endpoint_of(platform, call), params_of(call)
    platform.world.note("threshold", endpoint, threshold=text_field(params, "threshold"))
    return success(codes.THRESHOLD_UPDATED, "Threshold updated")
