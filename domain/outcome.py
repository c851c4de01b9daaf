"""What is known after a call: done, not done, or unknown."""

from dataclasses import dataclass
from enum import StrEnum

from domain.operation import State


class Verdict(StrEnum):
    """The three outcomes a call can have."""

    DONE = "done"
    NOT_DONE = "not_done"
    UNKNOWN = "unknown"


class Because(StrEnum):
    """Why a call is known not to have been carried out."""

    REFUSED = "refused"  # for ever, this endpoint only
    ENDED = "ended"  # the SIM was terminated before; it never becomes stock
    THROTTLED = "throttled"  # the account asked too often; send again later
    UNREACHABLE = "unreachable"  # no byte was sent
    LOGIN = "login"  # the account may not do this at all; the run stops
    TURNED_AWAY = "turned_away"  # refused in front of the platform, so that it says nothing of the endpoint; try later
    STOPPED = "stopped"  # we did not send it: cancelled or interrupted
    GROUP = "group"  # the group takes no endpoint, whichever; the run stops
    CONTRADICTION = "contradiction"  # a read made before the call speaks against it; a person decides
    TAKEN = "taken"  # done already, and not by us, where only our own change would make the endpoint ours
    UNSEEN = "unseen"  # the platform did not show the endpoint with this ICCID; look again later
    UNREAD = "unread"  # the look before the call got no usable answer; look again later


@dataclass(frozen=True, slots=True)
class Answer:
    """The platform's answer to one call, reduced to what decisions need. Texts hold no secret."""

    verdict: Verdict
    because: Because | None = None
    endpoint_id: str | None = None
    already: bool = False
    code: str = ""
    text: str = ""
    response_id: str = ""
    http_status: int = 0
    retry_after: float | None = None
    seconds: float = 0.0
    at_the_gate: bool = False  # a refusal that does not come from the platform itself


_NOT_DONE = {
    Because.REFUSED: State.REFUSED,
    Because.ENDED: State.REFUSED,
    Because.CONTRADICTION: State.NEEDS_HUMAN,
    Because.TAKEN: State.NEEDS_HUMAN,
}


def next_state(answer: Answer) -> State:
    """The state an operation moves to after this answer."""
    if answer.verdict is Verdict.DONE:
        return State.CONFIRMED
    if answer.verdict is Verdict.UNKNOWN:
        return State.IN_DOUBT
    assert answer.because is not None
    return _NOT_DONE.get(answer.because, State.PLANNED)


# After these nothing was done, whatever the platform is like.
NOT_CARRIED_OUT = tuple(
    because.value
    for because in (
        Because.UNREACHABLE,
        Because.STOPPED,
        Because.LOGIN,
        Because.TURNED_AWAY,
        Because.UNSEEN,
        Because.UNREAD,
    )
)
# The look before the call did not show the endpoint with this ICCID.
LOOK_AGAIN = frozenset({Because.UNSEEN, Because.UNREAD})
