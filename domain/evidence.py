"""What a SIM's row proves about a change that was sent and whose outcome is not known, or not believed."""

from domain.doubt import Doubt, Evidence, Sight
from domain.endpoint import SimRecord, rivals_reason
from domain.lifecycle import Kind, Lifecycle
from domain.operation import Work

_WANTED = {Kind.ACTIVATE: Lifecycle.ACTIVE, Kind.SUSPEND: Lifecycle.SUSPENDED, Kind.RESUME: Lifecycle.ACTIVE}
_BEFORE = {Kind.ACTIVATE: Lifecycle.PRE_ACTIVE, Kind.SUSPEND: Lifecycle.ACTIVE, Kind.RESUME: Lifecycle.SUSPENDED}


def sim_evidence(change: Work | Doubt, sim: SimRecord | None, *, known: bool) -> Evidence:
    """What a SIM's row says about a create or a change of state that was sent. `known`: a look-up was answered."""
    if not known:
        return Evidence(Sight.UNPROVEN, text="the look-up gave no usable answer")
    if sim is not None and sim.rivals:
        return Evidence(Sight.CONTRADICTION, text=rivals_reason(sim))
    if change.kind is Kind.CREATE:
        return _create_evidence(sim)
    if sim is None or sim.endpoint_id is None:
        text = f"the platform shows no endpoint for this SIM, for which {change.endpoint_id} is recorded"
        return Evidence(Sight.GONE, text=text)
    if sim.endpoint_id != change.endpoint_id:
        text = f"the platform shows endpoint {sim.endpoint_id} for this SIM, not {change.endpoint_id}"
        return Evidence(Sight.CONTRADICTION, text=text)
    if sim.state is _WANTED[change.kind] and not sim.is_in(change.target):
        return Evidence(Sight.CONTRADICTION, text="the platform shows the endpoint in another group")
    if sim.state is _WANTED[change.kind]:
        return Evidence(Sight.PRESENT, endpoint_id=sim.endpoint_id)
    if sim.state is _BEFORE[change.kind]:
        return Evidence(Sight.ABSENT)
    return Evidence(Sight.CONTRADICTION, text=f"the platform shows the state {sim.state_text!r}")


def _create_evidence(sim: SimRecord | None) -> Evidence:
    if sim is None or sim.endpoint_id is None:
        return Evidence(Sight.ABSENT)
    if sim.state is Lifecycle.PRE_ACTIVE:
        return Evidence(Sight.PRESENT, endpoint_id=sim.endpoint_id, text="found by look-up")
    return Evidence(
        Sight.CONTRADICTION,
        endpoint_id=sim.endpoint_id,
        text=f"the SIM has endpoint {sim.endpoint_id} in state {sim.state_text!r}, not pre-active",
    )
