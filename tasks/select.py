"""Selects the endpoints of a change."""

from prefect.logging import get_run_logger

from domain.requests import SelectionRequest
from domain.selection import Selected
from tasks import resources
from tasks.approval import approved_count
from tasks.planning import plan_selection
from tasks.steps import step


@step("select", "select {request.label}")
async def select_endpoints(request: SelectionRequest) -> Selected:
    """Check the request and plan its operations, so that the same request finds the same ones again."""
    plan_selection(request, approved=approved_count)
    selected = await resources.select_endpoints(resources.current(request.account), request)
    get_run_logger().info("%s: %s", request.label, selected.sentence())
    return selected
