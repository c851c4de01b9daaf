"""A refusal is no news of what an earlier attempt did: looking again before it is believed."""

import asyncio
from dataclasses import replace

from domain.doubt import Evidence, Sight
from domain.endpoint import SimRecord, rivals_reason
from domain.errors import LoginRefused, PlatformUnreachable
from domain.evidence import sim_evidence
from domain.lifecycle import Kind, Lifecycle
from domain.operation import Work
from domain.outcome import Answer, Because, Verdict
from domain.plan import conflict
from domain.ports import Changing, ReadFailed

CONFLICT = 409
NO_READ = (ReadFailed, PlatformUnreachable, LoginRefused)
TOO_OFTEN = "the endpoint is in the group {} times"
_LAG_WAITS = (0.0, 2.0, 5.0)  # reads lag behind writes


async def create_refused(platform: Changing, work: Work, answer: Answer) -> Answer:
    """A create may be refused because an earlier one, whose answer was lost, was carried out: then that one is ours."""
    if work.token <= 1 and answer.http_status != CONFLICT:
        return answer
    sim = None
    for wait in _LAG_WAITS:
        await asyncio.sleep(wait)
        try:
            sim = await platform.sim(work.iccid)
        except NO_READ as error:
            return replace(answer, verdict=Verdict.UNKNOWN, because=None, text=str(error))
        if sim is not None and sim.endpoint_id is not None:
            return _found_instead(sim, answer)
    return replace(answer, verdict=Verdict.NOT_DONE, because=Because.REFUSED)


def _found_instead(sim: SimRecord, answer: Answer) -> Answer:
    if sim.rivals:
        return replace(answer, verdict=Verdict.NOT_DONE, because=Because.CONTRADICTION, text=rivals_reason(sim))
    if sim.state is Lifecycle.PRE_ACTIVE:
        text = f"refused ({answer.text or answer.code}), and found on the platform"
        found = replace(answer, verdict=Verdict.DONE, because=None, already=True, text=text)
        return replace(found, endpoint_id=sim.endpoint_id)
    taken = conflict(sim)
    return replace(answer, verdict=taken.verdict, because=taken.because, text=taken.text)


async def tag_refused(platform: Changing, work: Work, answer: Answer) -> Answer:
    """A platform may refuse a tag because the endpoint carries it already, and that is what was wanted."""
    assert work.endpoint_id is not None
    try:
        tags = await platform.tags_of(work.endpoint_id)
    except NO_READ:
        return answer
    return replace(answer, verdict=Verdict.DONE, because=None, already=True) if work.target in (tags or ()) else answer


async def refused_again(platform: Changing, work: Work, answer: Answer) -> Answer:
    """A change may be refused because an earlier attempt, whose answer was lost, was carried out after all."""
    seen = Evidence(Sight.ABSENT)
    for wait in _LAG_WAITS:
        await asyncio.sleep(wait)
        try:
            seen = await _shown(platform, work)
        except NO_READ as error:
            return replace(answer, verdict=Verdict.UNKNOWN, because=None, text=str(error))
        if seen.sight in (Sight.PRESENT, Sight.CONTRADICTION):
            break
    return _reconsidered(answer, seen)


async def _shown(platform: Changing, work: Work) -> Evidence:
    if work.kind is not Kind.ASSIGN:
        return sim_evidence(work, await platform.sim(work.iccid), known=True)
    assert work.endpoint_id is not None
    count = await platform.assigned(work.endpoint_id, work.target)
    if count is None:
        return Evidence(Sight.UNPROVEN)
    if count > 1:
        return Evidence(Sight.CONTRADICTION, text=TOO_OFTEN.format(count))
    if count:
        return Evidence(Sight.PRESENT)
    return Evidence(Sight.ABSENT if await platform.proves_absence(work.kind, work.target) else Sight.UNPROVEN)


def _reconsidered(answer: Answer, seen: Evidence) -> Answer:
    refusal = f"refused ({answer.text or answer.code})"
    if seen.sight is Sight.PRESENT:
        text = f"{refusal}, and found done"
        return replace(answer, verdict=Verdict.DONE, because=None, already=True, text=text)
    if seen.sight is Sight.CONTRADICTION:
        return replace(answer, because=Because.CONTRADICTION, text=f"{refusal}; {seen.text}")
    if seen.sight is Sight.UNPROVEN:
        return replace(answer, verdict=Verdict.UNKNOWN, because=None, text=f"{refusal}, and no look-up shows more")
    return answer
