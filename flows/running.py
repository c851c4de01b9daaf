"""What the flows share: their names while they run, and how they end."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.states import Cancelled, Completed, Failed

from domain.errors import PreactiveError
from domain.events import RUN_HAS_FAILURES, failures
from domain.summary import Summary
from flows.stopping import stopped_by_signals
from tasks.bound import in_run
from tasks.events import tell
from tasks.steps import API_TROUBLE, is_cancelled_in_prefect

P = ParamSpec("P")


def told_flow(function: Callable[P, Awaitable[State[Any]]]) -> Callable[P, Awaitable[State[Any]]]:
    """End with the error's own sentence instead of with a traceback, and on a signal with what was done until then."""

    @wraps(function)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> State[Any]:
        with stopped_by_signals(), in_run(run_id()):
            try:
                state = await function(*args, **kwargs)
            except PreactiveError as error:
                state = Failed(message=str(error), data=error)
            # Prefect lets a run that is being cancelled end in no other state, and would throw our numbers away.
            return Cancelled(message=state.message, data=state.data) if await is_cancelled_in_prefect() else state

    return wrapper


def run_id() -> str:
    """The id of the running flow in Prefect."""
    context = FlowRunContext.get()
    return str(context.flow_run.id) if context is not None and context.flow_run is not None else ""


async def rename(title: str) -> None:
    """Name the run after what it does, once that is known."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    try:
        async with get_client() as client:
            await client.update_flow_run(context.flow_run.id, name=title)
    except API_TROUBLE:
        return  # a name is not worth failing for


def finish(summary: Summary, reports: list[str], *, words: str = "") -> State[Summary]:
    """The final state, whose message has the numbers, and what else there is to say."""
    summary = summary.with_reports(reports)
    look_at = failures(summary)
    if look_at is not None:
        tell(RUN_HAS_FAILURES, f"preactive.batch.{summary.batch}", look_at)
    message = "; ".join(filter(None, (summary.sentence(), words)))
    if summary.stopped or summary.open:
        return Failed(message=message, data=summary)
    return Completed(message=message, data=summary)
