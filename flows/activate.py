"""A tagged batch of pre-active endpoints becomes active and grouped."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from domain.requests import ActivateRequest
from domain.summary import Summary
from flows.changing import change_endpoints
from flows.running import told_flow
from tasks.approval import approved
from tasks.bound import is_bounded
from tasks.planning import plan_change
from tasks.signing import selection_to_sign


@flow(name="activate", flow_run_name="activate {request.label}", persist_result=False, log_prints=False)
@told_flow
async def activate(request: ActivateRequest) -> State[Summary]:
    """Select endpoints by tag or list, activate them, put them into the group, record it and report."""
    if request.dry_run:
        plan = await plan_change(request, bounded=is_bounded())
        return Completed(message=f"dry run: {plan.sentence()}; nothing was changed")
    await approved(selection_to_sign(request))
    return await change_endpoints(request, "activate and assign")
