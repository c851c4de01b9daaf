"""What failed or was left of a batch is run again, and nothing else."""

from prefect import flow
from prefect.client.schemas.objects import State

from domain.requests import RetryRequest
from domain.summary import Summary
from flows.provision import provision_batch
from flows.running import rename, told_flow
from tasks import resources
from tasks.approval import approved
from tasks.carry_out import log_in
from tasks.retry import reopen
from tasks.signing import retry_to_sign


@flow(name="retry", flow_run_name="retry {request.batch}", persist_result=False, log_prints=False)
@told_flow
async def retry(request: RetryRequest) -> State[Summary]:
    """Take back a cancel, plan refused operations again, settle doubts, and carry out the rest."""
    await approved(retry_to_sign(request))
    async with resources.session(request.account) as session:
        await log_in(session.name)
        batch = await reopen(request)
        title = f"retry {batch.name} · {batch.rows:,} rows · {session.name}"
        await rename(title)
        return await provision_batch(session, batch, title)
