"""A file of ICCIDs becomes tagged, pre-active endpoints."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from domain.lifecycle import Kind
from domain.requests import ProvisionRequest
from domain.summary import Summary
from domain.words import plural
from flows.running import finish, rename, run_id, told_flow
from tasks import resources
from tasks.approval import approved
from tasks.batch import Batch
from tasks.carry_out import carry_out_chunk, create_in_bulk, log_in, prepare_tags, settle_rest
from tasks.ingest import ingest_file
from tasks.planning import plan_file
from tasks.progress import watched
from tasks.report import write_report
from tasks.signing import file_to_sign
from tasks.survey import look_before, look_before_tags, read_back, read_back_tags


@flow(name="provision", flow_run_name="provision {request.label}", persist_result=False, log_prints=False)
@told_flow
async def provision(request: ProvisionRequest) -> State[Summary]:
    """Read a file, create a pre-active endpoint for each SIM, tag it, record it and report."""
    if request.dry_run:
        _, plan = plan_file(request)
        return Completed(message=f"dry run: {plan.sentence()}; nothing was changed")
    await approved(file_to_sign(request))
    async with resources.session(request.account) as session:
        await log_in(session.name)
        batch = await ingest_file(request)
        title = f"provision {batch.name} · {plural(batch.rows, 'row')} · {session.name}"
        await rename(title)
        return await provision_batch(session, batch, title)


async def provision_batch(session: resources.Session, batch: Batch, title: str) -> State[Summary]:
    """Carry out what a batch still needs."""
    account, change, started = session.name, batch.change, await session.now()
    async with watched(account, change, title):
        await look_before(account, change, Kind.CREATE)
        await look_before_tags(account, change)
        await prepare_tags(account, change)
        for first, last in await session.open_positions(change):
            if session.account.bulk is not None:
                await create_in_bulk(account, change, first, last)
            await carry_out_chunk(account, change, first, last, "create and tag")
        await settle_rest(account, change, batch.name)
        await read_back(account, change, Kind.CREATE)
        await read_back_tags(account, change)
    summary = resources.summarise(session, batch, started=started, run=run_id())
    reports = await write_report(account, change, summary, title, batch.name, batch)
    return finish(summary, reports)
