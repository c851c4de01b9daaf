"""Selects the endpoints of an activation."""

from domain.requests import ActivateRequest
from domain.selection import Selected
from tasks import resources
from tasks.approval import approved_count
from tasks.planning import plan_selection
from tasks.steps import step


@step("select", "select {request.label}")
async def select_endpoints(request: ActivateRequest) -> Selected:
    """Check the request and plan its operations, so that the same request finds the same ones again."""
    plan_selection(request, approved=approved_count)
    return await resources.select_endpoints(resources.current(request.account), request)
