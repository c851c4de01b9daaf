"""Activation, suspension, linking and deletion of endpoints."""

from adapters.platforms.simulator.model import ACTIVE, HOLD
from adapters.platforms.simulator.sft import codes, fixtures
from adapters.platforms.simulator.sft.context import (
    Call,
    Platform,
    attached_endpoint,
    endpoint_of,
    params_of,
    text_field,
)
from adapters.platforms.simulator.sft.creation import check_linkable
from adapters.platforms.simulator.sft.envelope import Body, BusinessError, success


def activate(platform: Platform, call: Call) -> Body:
    """POST /EndPointActivation"""
    endpoint = attached_endpoint(platform, call)
    if endpoint.status == ACTIVE:
        raise BusinessError(codes.ALREADY_ACTIVE, "Endpoint is already active")
    _check_move(endpoint.status, ACTIVE, fixtures.FIRST_ACTIVATION)
    platform.world.change_status(endpoint, ACTIVE, kind="activate")
    return success(codes.ACTIVATED, "Endpoint activated", responseParam={"endPointId": endpoint.id})


def change_lifecycle(platform: Platform, call: Call) -> Body:
    """POST /EndPointLifeCycleChange"""
    params = params_of(call)
    target = fixtures.LIFECYCLES.get(text_field(params, "lifeCycle"))
    if target is None or text_field(params, "reason") not in fixtures.REASONS:
        raise BusinessError(codes.INCORRECT_FIELD, "Incorrect value for field lifeCycle or reason")
    endpoint = attached_endpoint(platform, call)
    if endpoint.status == target:
        raise BusinessError(codes.ALREADY_IN_STATE, f"Endpoint is already in lifecycle {target}")
    _check_move(endpoint.status, target, fixtures.MOVES[target])
    platform.world.change_status(endpoint, target, kind="lifecycle")
    return success(
        codes.LIFECYCLE_CHANGED,
        "Endpoint lifecycle changed",
        responseParam={"currentStatus": target, "previousStatus": endpoint.status},
    )


def link_sim(platform: Platform, call: Call) -> Body:
    """POST /LinkSim: a SIM that is Ready To Activate goes on an endpoint in Hold; both are Pre-Active then"""
    endpoint, iccid = endpoint_of(platform, call), text_field(params_of(call), "iccid")
    check_linkable(platform, iccid)
    if endpoint.iccid is not None:
        raise BusinessError(codes.ICCID_ATTACHED, "Endpoint already holds a SIM")
    if endpoint.status != HOLD:
        raise BusinessError(codes.MOVE_NOT_ALLOWED, f"A SIM cannot be linked to an endpoint in {endpoint.status}")
    platform.world.link(endpoint, iccid)
    return success(text="SIM linked")


def delink_sim(platform: Platform, call: Call) -> Body:
    """POST /DeLinkSim"""
    platform.world.delink(attached_endpoint(platform, call))
    return success(codes.SIM_DELINKED, "SIM de-linked")


def delete_endpoint(platform: Platform, call: Call) -> Body:
    """POST /DeleteEndPoint"""
    endpoint = endpoint_of(platform, call)
    if endpoint.iccid is not None:
        raise BusinessError(codes.SIM_STILL_ATTACHED, "De-link the SIM first")
    platform.world.delete(endpoint)
    return success(codes.ENDPOINT_DELETED, "Endpoint deleted")


def _check_move(status: str, target: str, allowed_from: set[str]) -> None:
    if status not in allowed_from:
        raise BusinessError(codes.MOVE_NOT_ALLOWED, f"Lifecycle change from {status} to {target} is not allowed")
