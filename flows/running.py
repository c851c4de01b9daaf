"""What the flows share: their names while they run, and how they end."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps
from typing import Any, ParamSpec

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.states import Completed, Failed

from domain.errors import PreactiveError
from domain.summary import Summary
from tasks.steps import API_TROUBLE

P = ParamSpec("P")


def told_flow(function: Callable[P, Awaitable[State[Any]]]) -> Callable[P, Awaitable[State[Any]]]:
    """End as Failed with the error's own sentence, instead of with a traceback in the operator's log."""

    @wraps(function)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> State[Any]:
        try:
            return await function(*args, **kwargs)
        except PreactiveError as error:
            return Failed(message=str(error), data=error)

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


def finish(summary: Summary, reports: list[str]) -> State[Summary]:
    """The final state, whose message has the numbers."""
    summary = replace(summary, reports=reports)
    if summary.stopped or summary.open:
        return Failed(message=summary.sentence(), data=summary)
    return Completed(message=summary.sentence(), data=summary)
