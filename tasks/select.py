"""Selects the endpoints of an activation."""

from domain.requests import ActivateRequest
from domain.selection import Selected
from tasks import resources
from tasks.planning import find_room, plan_selection
from tasks.steps import step


@step("select", "select {request.label}")
async def select_endpoints(request: ActivateRequest) -> Selected:
    """Check the request and its group, and plan its operations, so that the same request finds the same ones again."""
    session = resources.current(request.account)
    preview = plan_selection(request)
    if request.group is not None:
        await find_room(session, request.group, preview)
    return await resources.select_endpoints(session, request)
