"""Whether an endpoint is gone: what a terminated endpoint looks like, before a call, after it, and in doubt.

Ending may take two steps, the SIM first and then the endpoint, so that a SIM without an endpoint proves only the half.
"""

from domain.doubt import Evidence, Sight
from domain.endpoint import SimRecord, rivals_reason
from domain.lifecycle import Lifecycle
from domain.ports import Changing, ReadFailed


async def look(platform: Changing, iccid: str, endpoint_id: str) -> Evidence:
    """Read the SIM and, when it holds no endpoint, look for the endpoint itself.

    Raises ReadFailed, LoginRefused, PlatformUnreachable.
    """
    return await ending(platform, await platform.sim(iccid), endpoint_id)


async def ending(platform: Changing, sim: SimRecord | None, endpoint_id: str) -> Evidence:
    """What a SIM's row says about the end of its endpoint; asks for the endpoint only when the row leaves it open.

    Raises ReadFailed, LoginRefused, PlatformUnreachable.
    """
    if sim is not None and sim.rivals:
        return Evidence(Sight.CONTRADICTION, text=rivals_reason(sim))
    if sim is not None and sim.endpoint_id not in (None, endpoint_id):
        return Evidence(Sight.CONTRADICTION, text=f"the platform shows endpoint {sim.endpoint_id} for this SIM")
    if sim is not None and sim.state is Lifecycle.TERMINATED:
        return Evidence(Sight.PRESENT)
    if sim is not None and sim.endpoint_id is not None:
        return Evidence(Sight.ABSENT)
    exists = await platform.endpoint_exists(endpoint_id)
    if exists is None:
        return Evidence(
            Sight.UNPROVEN, text="the SIM has no endpoint, and the platform does not tell about the endpoint"
        )
    return Evidence(Sight.ABSENT) if exists else Evidence(Sight.PRESENT)


async def evidence(platform: Changing, sim: SimRecord | None, endpoint_id: str) -> Evidence:
    """The same for a doubt, where a failed read says nothing."""
    try:
        return await ending(platform, sim, endpoint_id)
    except ReadFailed as error:
        return Evidence(Sight.UNPROVEN, text=str(error))
