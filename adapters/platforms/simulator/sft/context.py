"""What a handler is given: the platform behind the API, and one call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.platforms.simulator.config import SimulatorConfig
from adapters.platforms.simulator.model import Endpoint
from adapters.platforms.simulator.sft import codes
from adapters.platforms.simulator.sft.envelope import Body, BusinessError
from adapters.platforms.simulator.sft.sessions import Sessions
from adapters.platforms.simulator.world import World


@dataclass(slots=True)
class Platform:
    """The account's state, its logins, and a way to go on working after the answer."""

    config: SimulatorConfig
    world: World
    sessions: Sessions
    later: Callable[[float, Callable[[], object]], object]


@dataclass(slots=True)
class Call:
    """One request as the handlers see it."""

    body: Body = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None


Handler = Callable[[Platform, Call], Body]


def request_of(call: Call) -> dict[str, Any]:
    """Return the `Request` object of the body."""
    return _object(call.body, "Request")


def params_of(call: Call) -> dict[str, Any]:
    """Return `Request.requestParam`."""
    return _object(request_of(call), "requestParam")


def endpoint_of(platform: Platform, call: Call) -> Endpoint:
    """Return the endpoint named by `Request.endPointId`."""
    return find_endpoint(platform, request_of(call).get("endPointId"))


def find_endpoint(platform: Platform, endpoint_id: object) -> Endpoint:
    """Return the endpoint of that id, or refuse; the code for an unknown endpoint is not known."""
    endpoint = platform.world.endpoints.get(str(endpoint_id))
    if endpoint is None:
        raise BusinessError(codes.INCORRECT_FIELD, "Incorrect value for field endPointId")
    return endpoint


def attached_endpoint(platform: Platform, call: Call) -> Endpoint:
    """Return the endpoint named by the call, or refuse when it holds no SIM."""
    endpoint = endpoint_of(platform, call)
    if endpoint.iccid is None:
        raise BusinessError(codes.NO_SIM_ATTACHED, "No SIM attached to the endpoint")
    return endpoint


def subject_of(call: Call) -> tuple[str | None, str | None]:
    """Return the ICCID and the endpoint id that a call names, wherever they stand."""
    request = call.body.get("Request")
    params = request.get("requestParam") if isinstance(request, dict) else None
    places = [call.query, request, params, call.body.get("endpointTagInfo"), call.body.get("endpointInfo")]
    found: dict[str, str] = {}
    for place in places:
        if isinstance(place, Mapping):
            found.update({key.lower(): value for key, value in place.items() if isinstance(value, str)})
    return found.get("iccid"), found.get("endpointid")


def bulk_iccids(call: Call) -> list[str]:
    """Return the ICCIDs of a bulk call's rows."""
    request = call.body.get("Request")
    params = request.get("requestParam") if isinstance(request, dict) else None
    rows = params.get("endPoints") if isinstance(params, dict) else None
    found = [row.get("iccid") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [iccid for iccid in found if isinstance(iccid, str)]


def text_field(params: Mapping[str, Any], name: str) -> str:
    """Return a mandatory field as text; numbers are taken as they are written."""
    value = params.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise BusinessError(codes.INCORRECT_FIELD, f"Incorrect value for field {name}")
    return str(value)


def flag_field(params: Mapping[str, Any], name: str, *, default: bool | None = None) -> bool:
    """Return a boolean, which travels as the text `true` or `false`."""
    text = str(params.get(name, default)).lower()
    if text not in ("true", "false"):
        raise BusinessError(codes.INCORRECT_FIELD, f"Incorrect value for field {name}")
    return text == "true"


def list_field(params: Mapping[str, Any], name: str) -> list[str]:
    """Return an optional list of ids."""
    value = params.get(name, [])
    if not isinstance(value, list):
        raise BusinessError(codes.INCORRECT_FIELD, f"Incorrect value for field {name}")
    return [str(item) for item in value]


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if not isinstance(value, dict):
        raise BusinessError(codes.INCORRECT_FIELD, f"Incorrect value for field {name}")
    return value
