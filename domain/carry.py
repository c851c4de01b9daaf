"""Carrying out one operation: the reads around a write that is not idempotent."""

import asyncio
from dataclasses import replace

from domain.doubt import Sight
from domain.ending import look
from domain.endpoint import SimRecord, rivals_reason
from domain.errors import LoginRefused, PlatformUnreachable
from domain.lifecycle import Kind, Lifecycle
from domain.operation import Work
from domain.outcome import Answer, Because, Verdict
from domain.plan import conflict
from domain.ports import Changing, ReadFailed, ReadRefused, ReadStopped

CONFLICT = 409
_LAG_WAITS = (0.0, 2.0, 5.0)  # reads lag behind writes


async def carry_out(platform: Changing, work: Work) -> Answer:
    """Perform one operation and say what is known afterwards."""
    if work.kind is Kind.ASSIGN:
        return await _assign(platform, work)
    if work.kind is Kind.TERMINATE:
        return await _terminate(platform, work)
    answer = await platform.perform(work)
    if work.kind is Kind.TAG and answer.because is Because.REFUSED:
        return await _tag_refused(platform, work, answer)
    if work.kind is Kind.CREATE and (answer.because is Because.REFUSED or answer.http_status == CONFLICT):
        return await _create_refused(platform, work, answer)
    return answer


async def _create_refused(platform: Changing, work: Work, answer: Answer) -> Answer:
    """A create may be refused because an earlier one, whose answer was lost, was carried out: then that one is ours."""
    if work.token <= 1 and answer.http_status != CONFLICT:
        return answer
    sim = None
    for wait in _LAG_WAITS:
        await asyncio.sleep(wait)
        try:
            sim = await platform.sim(work.iccid)
        except (ReadFailed, PlatformUnreachable, LoginRefused) as error:
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


async def _tag_refused(platform: Changing, work: Work, answer: Answer) -> Answer:
    """A platform may refuse a tag because the endpoint carries it already, and that is what was wanted."""
    assert work.endpoint_id is not None
    try:
        tags = await platform.tags_of(work.endpoint_id)
    except ReadFailed:
        return answer
    return replace(answer, verdict=Verdict.DONE, because=None, already=True) if work.target in (tags or ()) else answer


async def _assign(platform: Changing, work: Work) -> Answer:
    """Each subscription makes a new instance, so instances are counted before and after."""
    assert work.endpoint_id is not None
    try:
        before = await platform.assigned(work.endpoint_id, work.target)
    except _NO_READ as error:
        return _unsent(error)
    if before:
        return _counted(before, Answer(Verdict.DONE, already=True, text="already in the group"))
    answer = await platform.perform(work)
    if answer.verdict is not Verdict.DONE or before is None:
        return answer
    try:
        after = await platform.assigned(work.endpoint_id, work.target)
    except _NO_READ:
        return replace(answer, text=answer.text or "done; the count afterwards failed")
    return _counted(after or 1, answer)


async def _terminate(platform: Changing, work: Work) -> Answer:
    """There is no way back, so the SIM is read just before, and a refusal is believed only after another look."""
    assert work.endpoint_id is not None
    try:
        before = await look(platform, work.iccid, work.endpoint_id)
    except _NO_READ as error:
        return _unsent(error)
    if before.sight is Sight.PRESENT:
        return Answer(Verdict.DONE, already=True, text="was terminated already")
    if before.sight is Sight.CONTRADICTION:
        return Answer(Verdict.NOT_DONE, Because.CONTRADICTION, text=before.text)
    answer = await platform.perform(work)
    if answer.because is not Because.REFUSED:
        return answer
    try:
        after = await look(platform, work.iccid, work.endpoint_id)
    except _NO_READ:
        return answer
    return replace(answer, verdict=Verdict.DONE, because=None, already=True) if after.sight is Sight.PRESENT else answer


_NO_READ = (ReadFailed, PlatformUnreachable, LoginRefused)


def _unsent(error: Exception) -> Answer:
    """What a failed read before the write means: the write was not made."""
    because = Because.UNREACHABLE
    if isinstance(error, LoginRefused):
        because = Because.LOGIN
    elif isinstance(error, ReadRefused):
        because = Because.REFUSED
    elif isinstance(error, ReadStopped):
        because = Because.STOPPED
    return Answer(Verdict.NOT_DONE, because, text=str(error))


def _counted(instances: int, answer: Answer) -> Answer:
    if instances > 1:
        text = f"the endpoint is in the group {instances} times"
        return replace(answer, verdict=Verdict.NOT_DONE, because=Because.CONTRADICTION, text=text)
    return answer
