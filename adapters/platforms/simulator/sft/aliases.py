"""Set B names for set A calls. The documentation gives the paths; the translation of the bodies is INVENTED."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from adapters.platforms.simulator.sft import codes, fixtures
from adapters.platforms.simulator.sft.context import Call, Handler, Platform
from adapters.platforms.simulator.sft.envelope import Body, BusinessError

ALIASES = {
    "/createEndpoint": "/CreateEndPoint",
    "/activateEndpoint": "/EndPointActivation",
    "/changeEndpointLifecycle": "/EndPointLifeCycleChange",
    "/linkSim": "/LinkSim",
    "/delinkSim": "/DeLinkSim",
    "/deleteEndpoint": "/DeleteEndPoint",
    "/modifyEndpoint": "/endpoint",
}
# Set B does not name these two, and set A cannot do without them.
_MISSING = {
    "roamingProfileId": next(iter(fixtures.ROAMING_PROFILES)),
    "apnGroupId": next(iter(fixtures.APN_GROUPS)),
}


def translated(handler: Handler) -> Callable[[Platform, Call], Body]:
    """Return a handler that takes `endpointInfo` where the given one takes `Request`."""

    def handle(platform: Platform, call: Call) -> Body:
        return handler(platform, replace(call, body=_set_a_body(call.body)))

    return handle


def _set_a_body(body: Body) -> Body:
    info = body.get("endpointInfo")
    if not isinstance(info, dict):
        raise BusinessError(codes.INCORRECT_FIELD, "Incorrect value for field endpointInfo")
    params: dict[str, Any] = {**_MISSING, "isLinkSIM": str("iccid" in info).lower(), **info}
    params["name"] = params.pop("endpointName", params.get("name", ""))
    return {"Request": {"endPointId": params.pop("endpointId", None), "requestParam": params}}
