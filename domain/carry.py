"""Carrying out one operation: the reads around a write that is not idempotent."""

from dataclasses import replace

from domain.lifecycle import Kind
from domain.operation import Work
from domain.outcome import Answer, Because, Verdict
from domain.ports import Platform, ReadFailed, ReadStopped


async def carry_out(platform: Platform, work: Work) -> Answer:
    """Perform one operation and say what is known afterwards."""
    if work.kind is Kind.ASSIGN:
        return await _assign(platform, work)
    return await platform.perform(work)


async def _assign(platform: Platform, work: Work) -> Answer:
    """Each subscription makes a new instance, so instances are counted before and after."""
    assert work.endpoint_id is not None
    try:
        before = await platform.assigned(work.endpoint_id, work.target)
    except ReadFailed as error:
        because = Because.STOPPED if isinstance(error, ReadStopped) else Because.UNREACHABLE
        return Answer(Verdict.NOT_DONE, because, text=str(error))
    if before:
        return _counted(before, Answer(Verdict.DONE, already=True, text="already in the group"))
    answer = await platform.perform(work)
    if answer.verdict is not Verdict.DONE or before is None:
        return answer
    try:
        after = await platform.assigned(work.endpoint_id, work.target)
    except ReadFailed:
        return replace(answer, text=answer.text or "done; the count afterwards failed")
    return _counted(after or 1, answer)


def _counted(instances: int, answer: Answer) -> Answer:
    if instances > 1:
        text = f"the endpoint is in the group {instances} times"
        return replace(answer, verdict=Verdict.NOT_DONE, because=Because.CONTRADICTION, text=text)
    return answer
