"""Carrying out one operation: the reads around a write that is not idempotent."""

from dataclasses import replace

from domain.errors import LoginRefused, PlatformUnreachable
from domain.lifecycle import Kind
from domain.operation import Work
from domain.outcome import Answer, Because, Verdict
from domain.ports import Changing, ReadFailed, ReadRefused, ReadStopped


async def carry_out(platform: Changing, work: Work) -> Answer:
    """Perform one operation and say what is known afterwards."""
    if work.kind is Kind.ASSIGN:
        return await _assign(platform, work)
    answer = await platform.perform(work)
    if work.kind is Kind.TAG and answer.because is Because.REFUSED:
        return await _tag_refused(platform, work, answer)
    return answer


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
    except LoginRefused as error:
        return Answer(Verdict.NOT_DONE, Because.LOGIN, text=str(error))
    except ReadRefused as error:
        return Answer(Verdict.NOT_DONE, Because.REFUSED, text=str(error))
    except (ReadFailed, PlatformUnreachable) as error:
        because = Because.STOPPED if isinstance(error, ReadStopped) else Because.UNREACHABLE
        return Answer(Verdict.NOT_DONE, because, text=str(error))
    if before:
        return _counted(before, Answer(Verdict.DONE, already=True, text="already in the group"))
    answer = await platform.perform(work)
    if answer.verdict is not Verdict.DONE or before is None:
        return answer
    try:
        after = await platform.assigned(work.endpoint_id, work.target)
    except (ReadFailed, PlatformUnreachable, LoginRefused):
        return replace(answer, text=answer.text or "done; the count afterwards failed")
    return _counted(after or 1, answer)


def _counted(instances: int, answer: Answer) -> Answer:
    if instances > 1:
        text = f"the endpoint is in the group {instances} times"
        return replace(answer, verdict=Verdict.NOT_DONE, because=Because.CONTRADICTION, text=text)
    return answer
