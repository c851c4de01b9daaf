"""The route table of the API, in the exact case of the wire."""

from dataclasses import dataclass

from adapters.platforms.simulator.config import SimulatorConfig
from adapters.platforms.simulator.sft import bulk, catalogue, creation, endpoints, lifecycle, logins, plans, sims, tags
from adapters.platforms.simulator.sft.aliases import ALIASES, translated
from adapters.platforms.simulator.sft.context import Handler


@dataclass(frozen=True, slots=True)
class Route:
    """One call of the API; `slow` calls have the platform's 180 s time-out and take the write latency."""

    method: str
    path: str
    handler: Handler
    writes: bool = False
    slow: bool = False
    enterprise_only: bool = True
    needs_token: bool = True


_ALWAYS = (
    Route("POST", "/login", logins.login, enterprise_only=False, needs_token=False),
    Route("GET", "/RefreshToken", logins.refresh_token, enterprise_only=False, needs_token=False),
    Route("POST", "/CreateEndPoint", creation.create_endpoint, writes=True, slow=True),
    Route("POST", "/EndPointActivation", lifecycle.activate, writes=True, slow=True),
    Route("POST", "/EndPointLifeCycleChange", lifecycle.change_lifecycle, writes=True, slow=True),
    Route("POST", "/LinkSim", lifecycle.link_sim, writes=True, slow=True),
    Route("POST", "/DeLinkSim", lifecycle.delink_sim, writes=True, slow=True),
    Route("POST", "/DeleteEndPoint", lifecycle.delete_endpoint, writes=True),
    Route("POST", "/SubscribeAddon", plans.subscribe_addon, writes=True),
    Route("PATCH", "/endpoint", plans.modify_endpoint, writes=True),
    Route("POST", "/ChangePlan", plans.change_plan, writes=True),
    Route("POST", "/UpdateThreshold", plans.update_threshold, writes=True),
    Route("POST", "/createTag", tags.create_tag, writes=True),
    Route("GET", "/fetchSIM", sims.fetch_sim, enterprise_only=False),
    Route("GET", "/GetEndpoints", endpoints.get_endpoints),
    Route("GET", "/GetEndPointProfile", endpoints.get_endpoint_profile),
    Route("GET", "/QueryRatePlan", catalogue.query_rate_plan, enterprise_only=False),
    Route("GET", "/GetPlans", catalogue.get_plans, enterprise_only=False),
    Route("GET", "/GetRoamingProfiles", catalogue.get_roaming_profiles, enterprise_only=False),
)
_SET_B_TAGS = (
    Route("POST", "/createEndpointTag", tags.create_endpoint_tag, writes=True),
    Route("GET", "/GetEndpointTag", tags.get_endpoint_tags),
    Route("POST", "/deleteEndpointTag", tags.delete_endpoint_tag, writes=True),
)
_BULK = Route("POST", "/CreateBulkEndPoint", bulk.create_bulk, writes=True)


def routes_of(config: SimulatorConfig) -> dict[tuple[str, str], Route]:
    """Return the routes that the configured platform has, by method and path."""
    routes = [*_ALWAYS]
    if config.set_b_tags:
        routes += _SET_B_TAGS
    if config.bulk != "absent":
        routes.append(_BULK)
    if config.set_b_aliases:
        routes += _set_b()
    return {(route.method, route.path): route for route in routes}


def _set_b() -> list[Route]:
    by_path = {route.path: route for route in _ALWAYS}
    return [
        Route("POST", path, translated(by_path[real].handler), writes=True, slow=by_path[real].slow)
        for path, real in ALIASES.items()
    ]
