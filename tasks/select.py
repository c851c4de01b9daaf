"""Selects the endpoints of a change."""

from prefect.logging import get_run_logger

from domain.errors import Unsigned
from domain.requests import SelectionRequest
from domain.selection import Selected
from tasks import resources
from tasks.bound import is_bounded
from tasks.planning import find_room, plan_selection
from tasks.signing import bound_of_selection
from tasks.steps import step


@step("select instead", "select others for {request.label}")
async def select_instead(request: SelectionRequest) -> int:
    """Plan others for those that somebody else activated meanwhile, up to the total that was asked for."""
    session = resources.current(request.account)
    if request.count is None or session.stop.is_set():
        return 0
    try:
        bound = bound_of_selection(request, session.account)
        selected = await resources.select_endpoints(session, request, bound, anew=False)
    except Unsigned as unsigned:
        get_run_logger().warning("%s: no others were taken instead: %s", request.label, unsigned)
        return 0
    if selected.new:
        get_run_logger().info("%s: %s", request.label, selected.sentence())
    return selected.new


@step("select", "select {request.label}")
async def select_endpoints(request: SelectionRequest) -> Selected:
    """Check the request and its group, and plan its operations, so that the same request finds the same ones again."""
    session = resources.current(request.account)
    if request.group is not None:
        await resources.learn_group(session, request.group)
    preview = plan_selection(request, bounded=is_bounded())
    if request.group is not None:
        await find_room(session, request.group, preview)
    selected = await resources.select_endpoints(session, request, bound_of_selection(request, session.account))
    get_run_logger().info("%s: %s", request.label, selected.sentence())
    return selected
