"""What the flows that change existing endpoints share."""

from prefect.client.schemas.objects import State

from domain.events import of_count
from domain.report import rejects_of_list
from domain.requests import SelectionRequest
from domain.selection import Selected
from domain.summary import Summary
from domain.words import plural
from flows.running import finish, rename, run_id
from tasks import resources
from tasks.carry_out import carry_out_chunk, log_in, settle_rest
from tasks.events import tell
from tasks.planning import read_list
from tasks.progress import watched
from tasks.report import write_report
from tasks.select import select_endpoints, select_instead
from tasks.survey import look_before, read_back


async def change_endpoints(request: SelectionRequest, words: str) -> State[Summary]:
    """Select endpoints by tag or list, look at them, change them, look again, and report."""
    kind = request.kind
    async with resources.session(request.account) as session:
        await log_in(session.name)
        selected = await select_endpoints(request)
        account, change, started = session.name, selected.change, await session.now()
        title = f"{kind} {request.label} · {plural(selected.wanted, 'endpoint')} · {account}"
        await rename(title)
        if change:
            async with watched(account, change, title):
                await look_before(account, change, kind)
                while await select_instead(request):
                    await look_before(account, change, kind)
                await _carry_out(session, change, request, words)
                while await select_instead(request):
                    await look_before(account, change, kind)
                    await _carry_out(session, change, request, words)
                await read_back(account, change, kind)
        summary = resources.summarise_selection(session, selected, label=request.label, started=started, run=run_id())
        short = of_count(account, request.tag or "", request.group or "", summary)
        if short is not None:
            tell(*short)
        return finish(summary, await _reported(account, request, selected, summary, title))


async def _carry_out(session: resources.Session, change: int, request: SelectionRequest, words: str) -> None:
    for first, last in await session.open_positions(change):
        await carry_out_chunk(session.name, change, first, last, words)
    await settle_rest(session.name, change, request.label)


async def _reported(
    account: str, request: SelectionRequest, selected: Selected, summary: Summary, title: str
) -> list[str]:
    """The report files. Without anything done, an earlier report is worth more than an empty one."""
    rejects = rejects_of_list(read_list(request), selected.left)
    if not selected.change and not rejects.rows:
        return []
    stem = request.report if selected.change else f"{request.report}-left-out"
    return await write_report(account, selected.change, summary, title, stem, rejects=rejects, asked=selected.done)
