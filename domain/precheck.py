"""The SIM named is the SIM changed: nothing is sent for an endpoint id that no read shows with this ICCID.

In the platform's portal a SIM can be put on another endpoint, and the id in the store then stands for somebody else's.
"""

from dataclasses import replace

from domain.doubt import Patience
from domain.endpoint import SimRecord, rivals_reason
from domain.errors import LoginRefused
from domain.lifecycle import Kind, Lifecycle
from domain.operation import Work
from domain.outcome import Answer, Because, Verdict
from domain.ownership import taken
from domain.ports import Changing, ReadStopped
from domain.refusals import NO_READ

PAIR_SECONDS = 1800.0  # a read that showed the endpoint with its SIM counts for so long
# A create is guarded by its ICCID, and a termination reads by itself just before it is sent.
PAIRED = frozenset({Kind.TAG, Kind.ACTIVATE, Kind.ASSIGN, Kind.SUSPEND, Kind.RESUME})


def is_fresh(work: Work) -> bool:
    """Whether a read showed the endpoint with its SIM not long before the operation was handed out."""
    return work.seen_at > 0 and work.sent_at - work.seen_at <= PAIR_SECONDS


def shows_pair(work: Work, sim: SimRecord | None) -> bool:
    """Whether a SIM's row shows this endpoint, and no other beside it."""
    return sim is not None and not sim.rivals and sim.endpoint_id == work.endpoint_id


def contradiction(work: Work, sim: SimRecord | None) -> str:
    """What a SIM's row says against the pair; empty when it only does not show it."""
    if sim is not None and sim.rivals:
        return rivals_reason(sim)
    if sim is not None and sim.endpoint_id not in (None, work.endpoint_id):
        return f"the platform shows endpoint {sim.endpoint_id} for this SIM, not {work.endpoint_id}"
    return ""


def unseen_reason(work: Work, sim: SimRecord | None) -> str:
    """What to say of a SIM whose row does not show the endpoint. Reads lag behind writes, so it is looked at again."""
    what = "does not list this SIM" if sim is None else "shows no endpoint for this SIM"
    return f"the platform {what}, so endpoint {work.endpoint_id} may hold another; nothing was sent"


async def precheck(platform: Changing, work: Work) -> Answer | None:
    """Why a change must not be sent, or None when it may.

    Reads the SIM unless that was done not long ago; before a change is sent once more it is always read.
    """
    if work.kind not in PAIRED or (is_fresh(work) and not work.unclear):
        return None
    try:
        sim = await platform.sim(work.iccid)
    except NO_READ as error:
        return unread(error)
    return judge_pair(work, sim)


def judge_pair(work: Work, sim: SimRecord | None) -> Answer | None:
    """What a SIM's row says against sending a change, or None when nothing does."""
    against = contradiction(work, sim)
    if against:
        return Answer(Verdict.NOT_DONE, Because.CONTRADICTION, text=against)
    if not shows_pair(work, sim):
        return Answer(Verdict.NOT_DONE, Because.UNSEEN, text=unseen_reason(work, sim))
    if work.kind is Kind.ACTIVATE and sim is not None and sim.state is Lifecycle.ACTIVE and not work.unclear:
        return taken()
    return None


def unread(error: Exception) -> Answer:
    """What a look means that got no answer: the change was not sent."""
    if isinstance(error, LoginRefused):
        return Answer(Verdict.NOT_DONE, Because.LOGIN, text=str(error))
    if isinstance(error, ReadStopped):
        return Answer(Verdict.NOT_DONE, Because.STOPPED, text=str(error))
    text = f"the SIM could not be looked at ({error}); nothing was sent"
    return Answer(Verdict.NOT_DONE, Because.UNREAD, text=text)


def confirmed_by_look(answer: Answer, work: Work, sim: SimRecord | None) -> Answer:
    """An answer to a change beside which the SIM was read: a yes counts only for an endpoint that has this SIM.

    A pair that is not shown makes the outcome unknown, so that it is looked at until it is shown or a person decides.
    """
    if shows_pair(work, sim):
        return answer
    against = contradiction(work, sim)
    if against:
        said = f"endpoint {work.endpoint_id} was changed, and {against}"
        return replace(answer, verdict=Verdict.NOT_DONE, because=Because.CONTRADICTION, text=said)
    said = f"endpoint {work.endpoint_id} was changed, and the platform does not show it with this SIM"
    return replace(answer, verdict=Verdict.UNKNOWN, because=None, text=said)


def missed_enough(misses: int, patience: Patience) -> bool:
    """Whether so many looks in a row, `patience.spacing` apart, took the settle time: then a person decides."""
    return misses * patience.spacing >= patience.settle
