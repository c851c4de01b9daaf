"""A tagged batch of pre-active endpoints becomes active and grouped."""

import time

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from domain.lifecycle import Kind
from domain.requests import ActivateRequest
from domain.summary import Summary
from flows.running import finish, rename, run_id, told_flow
from tasks import resources
from tasks.carry_out import carry_out_chunk, log_in, settle_rest
from tasks.planning import plan_selection
from tasks.progress import watched
from tasks.report import write_report
from tasks.select import select_endpoints
from tasks.survey import look_before, read_back


@flow(name="activate", flow_run_name="activate {request.tag}", persist_result=False, log_prints=False)
@told_flow
async def activate(request: ActivateRequest) -> State[Summary]:
    """Select endpoints by tag or list, activate them, put them into the group, record it and report."""
    if request.dry_run:
        return Completed(message=f"dry run: {plan_selection(request).sentence()}; nothing was changed")
    async with resources.session(request.account) as session:
        await log_in(request.account)
        selected = await select_endpoints(request)
        account, change, started = session.name, selected.change, time.time()
        title = f"activate {request.label} · {selected.wanted:,} endpoints · {account}"
        await rename(title)
        async with watched(account, change, title):
            await look_before(account, change, Kind.ACTIVATE)
            for first, last in await session.open_positions(change):
                await carry_out_chunk(account, change, first, last, "activate and assign")
            await settle_rest(account, change, request.label)
            await read_back(account, change, Kind.ACTIVATE, started, request.group or "")
        summary = resources.summarise_selection(session, selected, label=request.label, started=started, run=run_id())
        reports = await write_report(account, change, summary, title, request.report)
        return finish(summary, reports)
