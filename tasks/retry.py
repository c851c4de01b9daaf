"""Opens a batch again."""

from domain.requests import RetryRequest
from tasks import resources
from tasks.batch import Batch
from tasks.bound import bound_of
from tasks.steps import step


@step("reopen", "open {request.batch} again")
async def reopen(request: RetryRequest) -> Batch:
    """Take back a cancel, and plan again what was refused."""
    session = resources.current(request.account)
    batch = resources.batch_named(request.batch, session.name)
    bound = bound_of(session.account, request)
    await resources.reopen(session, batch["change_id"], refused=request.refused, bound=bound)
    return Batch(batch["id"], batch["name"], batch["change_id"], batch["rows"])
