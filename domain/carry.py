"""Carrying out one operation: the reads around a write that is not idempotent."""

from dataclasses import replace

from domain.doubt import Evidence, Sight
from domain.ending import look, why_not_ended
from domain.errors import LoginRefused
from domain.lifecycle import Kind
from domain.operation import Work
from domain.outcome import Answer, Because, Verdict
from domain.ownership import BOUGHT_TEXT, ours_only
from domain.ports import Changing, GroupUnusable, ReadRefused, ReadStopped
from domain.precheck import precheck
from domain.refusals import CONFLICT, NO_READ, TOO_OFTEN, create_refused, refused_again, tag_refused


async def carry_out(platform: Changing, work: Work, *, exclusive: bool = False) -> Answer:
    """Perform one operation on an endpoint that is shown with its SIM, and say what is known afterwards.

    `exclusive`: the endpoint is for one buyer, so that whatever was done before is somebody else's.
    """
    if work.kind is Kind.TERMINATE:
        return await _terminate(platform, work)
    held = await precheck(platform, work)
    return held or ours_only(work, await send(platform, work, exclusive=exclusive))


async def send(platform: Changing, work: Work, *, exclusive: bool = False) -> Answer:
    """Perform one operation whose endpoint was seen with its SIM."""
    if work.kind is Kind.ASSIGN:
        return await _assign(platform, work, exclusive=exclusive)
    answer = await platform.perform(work)
    if work.kind is Kind.TAG and answer.because is Because.REFUSED:
        return await tag_refused(platform, work, answer)
    if work.kind is Kind.CREATE and (answer.because is Because.REFUSED or answer.http_status == CONFLICT):
        return await create_refused(platform, work, answer)
    if answer.because is Because.REFUSED and work.token > 1:
        return await refused_again(platform, work, answer)
    return answer


async def _assign(platform: Changing, work: Work, *, exclusive: bool) -> Answer:
    """Each subscription makes a new instance, so instances are counted before and after."""
    assert work.endpoint_id is not None
    try:
        before = await platform.assigned(work.endpoint_id, work.target)
    except NO_READ as error:
        return _unsent(error)
    if before and exclusive and not work.unclear:
        return Answer(Verdict.NOT_DONE, Because.CONTRADICTION, text=BOUGHT_TEXT)
    if before:
        return _counted(before, Answer(Verdict.DONE, already=True, text="already in the group"))
    answer = await platform.perform(work)
    if answer.because is Because.REFUSED and work.token > 1 and before is not None:
        return await refused_again(platform, work, answer)
    if answer.verdict is not Verdict.DONE or before is None:
        return answer
    try:
        after = await platform.assigned(work.endpoint_id, work.target)
    except NO_READ:
        return replace(answer, text=answer.text or "done; the count afterwards failed")
    return _counted(after or 1, answer)


async def _terminate(platform: Changing, work: Work) -> Answer:
    """There is no way back, so the SIM is read just before, and a refusal is believed only after another look."""
    assert work.endpoint_id is not None
    try:
        before = await look(platform, work.iccid, work.endpoint_id)
    except NO_READ as error:
        return _unsent(error)
    if before.sight is Sight.PRESENT:
        return Answer(Verdict.DONE, already=True, text="was terminated already")
    against = why_not_ended(before, has_begun=bool(work.unclear))
    if against:
        return Answer(Verdict.NOT_DONE, Because.CONTRADICTION, text=against)
    work = replace(work, detached=before.sight in (Sight.DETACHED, Sight.UNPROVEN))
    answer = await platform.perform(work)
    if answer.because is not Because.REFUSED:
        return answer
    return await _ended_after_all(platform, work, answer)


async def _ended_after_all(platform: Changing, work: Work, answer: Answer) -> Answer:
    """What a refused termination means: it may be refused because the endpoint is gone."""
    assert work.endpoint_id is not None
    try:
        after = await look(platform, work.iccid, work.endpoint_id)
    except NO_READ as error:
        unknown = replace(answer, verdict=Verdict.UNKNOWN, because=None, text=str(error))
        return unknown if work.token > 1 else answer
    return _after_refusal(answer, after, is_half_done=work.detached)


def _after_refusal(answer: Answer, after: Evidence, *, is_half_done: bool) -> Answer:
    if after.sight is Sight.PRESENT:
        return replace(answer, verdict=Verdict.DONE, because=None, already=True)
    if not is_half_done:
        return answer
    text = f"the SIM was de-linked, and the endpoint is not deleted: {answer.text or answer.code}"
    return replace(answer, because=Because.CONTRADICTION, text=text)


def _unsent(error: Exception) -> Answer:
    """What a failed read before the write means: the write was not made."""
    because = Because.UNREACHABLE
    if isinstance(error, LoginRefused):
        because = Because.LOGIN
    elif isinstance(error, GroupUnusable):
        because = Because.GROUP
    elif isinstance(error, ReadRefused):
        because = Because.REFUSED
    elif isinstance(error, ReadStopped):
        because = Because.STOPPED
    return Answer(Verdict.NOT_DONE, because, text=str(error))


def _counted(instances: int, answer: Answer) -> Answer:
    if instances > 1:
        text = TOO_OFTEN.format(instances)
        return replace(answer, verdict=Verdict.NOT_DONE, because=Because.CONTRADICTION, text=text)
    return answer
