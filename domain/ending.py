"""Whether an endpoint is gone: what a terminated endpoint looks like, before a call, after it, and in doubt.

Ending may take two steps, the SIM first and then the endpoint, so that a SIM without an endpoint proves only the half,
and only of an ending that we began: in the portal an endpoint may have been given another SIM.
"""

from domain.doubt import Evidence, Sight
from domain.endpoint import SimRecord, rivals_reason
from domain.lifecycle import Lifecycle
from domain.ports import Changing, ReadFailed

DELINKED = "SIM de-linked"  # begins the text of an attempt that took the SIM away and did not get further


async def look(platform: Changing, iccid: str, endpoint_id: str) -> Evidence:
    """Read the SIM and, when it holds no endpoint, look for the endpoint itself and for the SIM that it holds.

    Raises ReadFailed, LoginRefused, PlatformUnreachable.
    """
    found = await ending(platform, await platform.sim(iccid), endpoint_id)
    return await _with_its_sim(platform, iccid, endpoint_id, found) if found.sight is Sight.DETACHED else found


async def _with_its_sim(platform: Changing, iccid: str, endpoint_id: str, found: Evidence) -> Evidence:
    """The endpoint is there and its SIM does not show it: what the endpoint itself says of its SIM."""
    held = await platform.iccid_on(endpoint_id)
    if held == iccid:
        return Evidence(Sight.ABSENT)  # the list of SIMs lags, or leaves it out
    if held:
        return Evidence(Sight.CONTRADICTION, text=f"endpoint {endpoint_id} holds another SIM by now")
    return found


async def ending(platform: Changing, sim: SimRecord | None, endpoint_id: str) -> Evidence:
    """What a SIM's row says about the end of its endpoint; asks for the endpoint only when the row leaves it open.

    Raises ReadFailed, LoginRefused, PlatformUnreachable.
    """
    if sim is not None and sim.rivals:
        return Evidence(Sight.CONTRADICTION, text=rivals_reason(sim))
    if sim is not None and sim.endpoint_id not in (None, endpoint_id):
        text = f"the platform shows endpoint {sim.endpoint_id} for this SIM, not {endpoint_id}"
        return Evidence(Sight.CONTRADICTION, text=text)
    if sim is not None and sim.state is Lifecycle.TERMINATED:
        return Evidence(Sight.PRESENT)
    if sim is not None and sim.endpoint_id is not None:
        return Evidence(Sight.ABSENT)
    exists = await platform.endpoint_exists(endpoint_id)
    if exists is None:
        text = f"the SIM has no endpoint, and the platform does not tell about endpoint {endpoint_id}"
        return Evidence(Sight.UNPROVEN, text=text)
    if not exists:
        return Evidence(Sight.PRESENT)
    return Evidence(Sight.DETACHED, text=f"the SIM has no endpoint, and endpoint {endpoint_id} is there without it")


def why_not_ended(seen: Evidence, *, has_begun: bool) -> str:
    """Why an endpoint must not be ended after this look, or nothing. `has_begun`: we may have taken its SIM away."""
    if seen.sight is Sight.CONTRADICTION:
        return seen.text
    if seen.sight in (Sight.DETACHED, Sight.UNPROVEN) and not has_begun:
        return f"{seen.text}; it may serve another SIM by now, so nothing was sent"
    return ""


async def evidence(platform: Changing, sim: SimRecord | None, endpoint_id: str) -> Evidence:
    """The same for a doubt, where a failed read says nothing."""
    try:
        return await ending(platform, sim, endpoint_id)
    except ReadFailed as error:
        return Evidence(Sight.UNPROVEN, text=str(error))
