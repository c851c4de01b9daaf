"""What the platform shows before and after the writes, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.endpoint import SimRecord
from domain.lifecycle import MOVES, Kind, Lifecycle
from domain.operation import State, Work
from domain.ownership import TAKEN_TEXT
from domain.plan import ENDED_BEFORE, conflict_reason
from domain.precheck import contradiction


@dataclass(frozen=True, slots=True)
class Finding:
    """A planned operation that need not, or must not, be sent."""

    work: Work
    state: State
    endpoint_id: str | None
    text: str
    is_tombstone: bool = False  # the SIM was terminated before we knew it, and never becomes stock
    is_taken: bool = False  # somebody else took the endpoint into service


def before_write(work: Work, sim: SimRecord | None, platform: str) -> Finding | None:
    """What a SIM's row settles about an operation that was not sent yet.

    A row that does not show the endpoint settles nothing: reads lag behind writes, and carrying it out looks again.
    """
    if work.kind is Kind.CREATE:
        return _before_create(work, sim)
    against = contradiction(work, sim)
    if against:
        return Finding(work, State.NEEDS_HUMAN, None, against)
    if sim is None or sim.endpoint_id is None or work.kind is Kind.TAG:
        return None
    move = MOVES[platform][work.kind]
    if sim.state is not None and sim.state is move.to and work.kind is not Kind.ASSIGN:
        return _done_before(work, sim)
    if work.kind is Kind.ASSIGN and sim.state is Lifecycle.ACTIVE and work.target in (sim.groups or ()):
        return Finding(work, State.CONFIRMED, sim.endpoint_id, "was in the group already")
    return None if sim.state in move.allowed_from else _forbidden(work, sim, platform)


def _done_before(work: Work, sim: SimRecord) -> Finding:
    """What is as wanted already; an activation that no attempt of ours can have made is somebody else's."""
    assert sim.state is not None
    if work.kind is Kind.ACTIVATE and not sim.is_in(work.target):
        return Finding(work, State.NEEDS_HUMAN, None, f"{TAKEN_TEXT}; it is in another group", is_taken=True)
    if work.kind is Kind.ACTIVATE and not work.unclear:
        return Finding(work, State.NEEDS_HUMAN, None, TAKEN_TEXT, is_taken=True)
    return Finding(work, State.CONFIRMED, sim.endpoint_id, f"was {_words(sim.state)} already")


_DONE = {
    Kind.TAG: "tagged",
    Kind.ACTIVATE: "activated",
    Kind.ASSIGN: "put into a group",
    Kind.SUSPEND: "suspended",
    Kind.RESUME: "resumed",
    Kind.TERMINATE: "terminated",
}


def _forbidden(work: Work, sim: SimRecord, platform: str) -> Finding:
    allowed = MOVES[platform][work.kind].allowed_from
    states = " or ".join(_words(state) for state in Lifecycle if state in allowed)
    text = f"the platform shows {sim.state_text!r}; only {states} is {_DONE[work.kind]}"
    return Finding(work, State.REFUSED, None, text)


def _words(state: Lifecycle) -> str:
    return state.value.replace("_", "-")


def _before_create(work: Work, sim: SimRecord | None) -> Finding | None:
    if sim is not None and sim.rivals:
        return Finding(work, State.NEEDS_HUMAN, None, contradiction(work, sim))
    if sim is None or sim.endpoint_id is None:
        return None
    if sim.state is Lifecycle.PRE_ACTIVE:
        return Finding(work, State.CONFIRMED, sim.endpoint_id, "was on the platform already")
    ended = sim.state is Lifecycle.TERMINATED
    return Finding(work, State.REFUSED, None, conflict_reason(sim), is_tombstone=ended)


def ended_on(work: Work, account: str) -> Finding:
    """A create of a SIM that was terminated on another account of the platform: a SIM is one thing."""
    return Finding(work, State.REFUSED, None, f"{ENDED_BEFORE} (account {account})", is_tombstone=True)


ONE_ACCOUNT_EACH = "two accounts of one tenant never have one SIM; use that account, or end the endpoint there first"


def held_by(work: Work, account: str) -> Finding:
    """A create of a SIM that another account of the same tenant has made an endpoint of."""
    return Finding(work, State.REFUSED, None, f"account {account} has an endpoint of this SIM: {ONE_ACCOUNT_EACH}")


@dataclass(frozen=True, slots=True)
class Expected:
    """What the platform must show of a SIM once a change is done. `group` is empty where none was asked for."""

    endpoint_id: str
    state: Lifecycle
    group: str = ""


def is_shown(expected: Expected, sim: SimRecord | None) -> bool:
    """Whether the platform does not contradict it. Not shown is no contradiction."""
    if sim is None:
        return True
    return not _differs(sim, expected.endpoint_id, expected.state) and sim.is_in(expected.group)


def differing(
    expected: Mapping[str, str], seen: Mapping[str, SimRecord | None], state: Lifecycle, group: str = ""
) -> dict[str, str]:
    """Those of the expected ICCID / endpoint id pairs that the platform shows otherwise."""
    return {
        iccid: endpoint_id
        for iccid, endpoint_id in expected.items()
        if not is_shown(Expected(endpoint_id, state, group), seen.get(iccid))
    }


def _differs(sim: SimRecord, endpoint_id: str, state: Lifecycle) -> bool:
    if state is Lifecycle.TERMINATED:
        return sim.endpoint_id == endpoint_id and sim.state is not Lifecycle.TERMINATED
    return sim.endpoint_id != endpoint_id or sim.state is not state or bool(sim.rivals)
