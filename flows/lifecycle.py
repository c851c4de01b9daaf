"""Existing endpoints are put into a group, suspended, resumed or terminated."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from domain.requests import LifecycleRequest
from domain.summary import Summary
from flows.changing import change_endpoints
from flows.running import told_flow
from tasks.approval import approved
from tasks.bound import is_bounded
from tasks.planning import plan_change
from tasks.signing import selection_to_sign


@flow(name="lifecycle", flow_run_name="{request.action} {request.label}", persist_result=False, log_prints=False)
@told_flow
async def lifecycle(request: LifecycleRequest) -> State[Summary]:
    """Select endpoints by tag or list, change them, record it and report. A termination needs its count confirmed."""
    if request.dry_run:
        plan = await plan_change(request, bounded=is_bounded())
        return Completed(message=f"dry run: {plan.sentence()}; nothing was changed")
    await approved(selection_to_sign(request))
    return await change_endpoints(request, request.action.value)
