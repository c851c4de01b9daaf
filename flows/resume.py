"""What a process left undone when it ended is gone on with."""

from collections.abc import Sequence

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from domain.errors import PreactiveError, Stopped
from domain.requests import ResumeRequest
from domain.summary import Summary
from domain.unfinished import Unfinished
from flows.running import finish, is_stopping, one_at_a_time, rename, run_id, told_flow
from tasks import resources
from tasks.carry_out import carry_out_chunk, log_in, settle_rest
from tasks.going_on import Came
from tasks.progress import watched
from tasks.report import write_owed_reports, write_report
from tasks.selling import sweep
from tasks.survey import look_before_rest, read_back_rest


@flow(name="resume", flow_run_name="resume unfinished", persist_result=False, log_prints=False)
@told_flow
@one_at_a_time
async def resume(request: ResumeRequest) -> State[Summary]:
    """Settle what is in doubt and send what is left, for every change that no living process works on.

    Orders that a crash left open are finished too, SIMs for which nothing was sent in time are put back, and a report
    that a process owed when it ended is written.
    """
    found, selling = resources.unfinished(request.account), resources.with_open_orders(request.account)
    owed = resources.owed_reports(request.account)
    if request.dry_run or not (found or selling or owed):
        left = [*(one.sentence() for one in found), *(f"orders in progress on {account}" for account in selling)]
        left += [one.sentence() for one in owed]
        return Completed(message=f"{'; '.join(left) or 'nothing is unfinished'}; nothing was changed")
    await rename(f"resume {len(found):,} unfinished")
    came = await _resume_all(found, selling)
    if not came.stopped:
        # What was unfinished has a report by now, or is still unfinished.
        came.written = await write_owed_reports(owed, without={one.change for one in found}, run=run_id())
    summary = came.summary(run_id())
    if came.errors:
        raise Stopped("; ".join([summary.sentence(), *map(str, came.errors)]))
    words = "a report that was owed is written" if came.written else ""
    return finish(summary, summary.reports, words=words)


async def _resume_all(found: Sequence[Unfinished], selling: Sequence[str]) -> Came:
    """Go on with one account after the other; an error on one is no reason to leave the next alone."""
    came = Came()
    changes = {account: [one for one in found if one.account == account] for account in (one.account for one in found)}
    for account, left in [*changes.items(), *((account, []) for account in selling)]:
        if await is_stopping():
            came.stopped = True
            break
        try:
            if left:
                await _resume_account(account, left, came.done)
            else:
                came.swept[account] = await sweep(account)
        except PreactiveError as error:
            came.errors.append(error)
    return came


async def _resume_account(account: str, found: Sequence[Unfinished], done: list[Summary]) -> None:
    async with resources.session(account) as session:
        await log_in(account)
        for one in found:
            if not session.stop.is_set():
                done.append(await _resume_change(session, one))


async def _resume_change(session: resources.Session, found: Unfinished) -> Summary:
    account, change, started, calls = session.name, found.change, await session.now(), session.calls
    title = f"resume {found.request} · {account}"
    await resources.check_groups_of(session, change)
    async with watched(account, change, title):
        await look_before_rest(account, change)
        for first, last in await session.open_positions(change):
            await carry_out_chunk(account, change, first, last, "go on with")
        await settle_rest(account, change, found.request)
        await read_back_rest(account, change)
    summary = resources.summarise_change(
        session, change, label=found.request, started=started, calls_before=calls, run=run_id()
    )
    reports = await write_report(account, change, summary, title, f"resumed-{change}")
    return summary.with_reports(reports)
