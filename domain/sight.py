"""What the platform shows before and after the writes, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.endpoint import SimRecord
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State, Work
from domain.plan import conflict_reason


@dataclass(frozen=True, slots=True)
class Finding:
    """A planned operation that need not, or must not, be sent."""

    work: Work
    state: State
    endpoint_id: str | None
    text: str
    is_tombstone: bool = False  # the SIM was terminated before we knew it, and never becomes stock


def before_write(work: Work, sim: SimRecord | None) -> Finding | None:
    """What a SIM's row settles about an operation that was not sent yet."""
    if work.kind is Kind.CREATE:
        return _before_create(work, sim)
    if sim is None:
        return None
    if sim.endpoint_id not in (None, work.endpoint_id):
        return Finding(work, State.NEEDS_HUMAN, None, f"the platform shows endpoint {sim.endpoint_id} for this SIM")
    if sim.state is Lifecycle.PRE_ACTIVE and sim.endpoint_id is not None:
        return None
    if sim.state is Lifecycle.ACTIVE and sim.endpoint_id is not None:
        if not sim.is_in(work.target):
            return Finding(work, State.REFUSED, None, "active already, in another group; assigning would move it")
        return Finding(work, State.CONFIRMED, sim.endpoint_id, "was active already")
    return Finding(work, State.REFUSED, None, f"the platform shows {sim.state_text!r}; only pre-active is activated")


def _before_create(work: Work, sim: SimRecord | None) -> Finding | None:
    if sim is None or sim.endpoint_id is None:
        return None
    if sim.state is Lifecycle.PRE_ACTIVE:
        return Finding(work, State.CONFIRMED, sim.endpoint_id, "was on the platform already")
    ended = sim.state is Lifecycle.TERMINATED
    return Finding(work, State.REFUSED, None, conflict_reason(sim), is_tombstone=ended)


def differing(
    expected: Mapping[str, str], seen: Mapping[str, SimRecord | None], state: Lifecycle, group: str = ""
) -> dict[str, str]:
    """Those of the expected ICCID / endpoint id pairs that the platform shows otherwise. Not shown is not different."""
    return {
        iccid: endpoint_id
        for iccid, endpoint_id in expected.items()
        if (sim := seen.get(iccid)) is not None
        and (sim.endpoint_id != endpoint_id or sim.state is not state or not sim.is_in(group))
    }
