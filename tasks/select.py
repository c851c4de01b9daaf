"""Selects the endpoints of a change."""

from prefect.logging import get_run_logger

from domain.requests import SelectionRequest
from domain.selection import Selected
from tasks import resources
from tasks.approval import approved_count
from tasks.planning import find_room, plan_selection
from tasks.steps import step


@step("select", "select {request.label}")
async def select_endpoints(request: SelectionRequest) -> Selected:
    """Check the request and its group, and plan its operations, so that the same request finds the same ones again."""
    session = resources.current(request.account)
    preview = plan_selection(request, approved=approved_count)
    if request.group is not None:
        await find_room(session, request.group, preview)
    selected = await resources.select_endpoints(session, request)
    get_run_logger().info("%s: %s", request.label, selected.sentence())
    return selected
