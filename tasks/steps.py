"""What all tasks share: no caching, no results kept, and an error that is told instead of traced."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import httpx
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.exceptions import PrefectException
from prefect.states import Failed

from domain.errors import PreactiveError

P = ParamSpec("P")
R = TypeVar("R")


class _NoEmptyTraceback(logging.Filter):
    """A task that ends as Failed without an exception would be logged with the line "NoneType: None"."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info is not None and record.exc_info[0] is None:
            record.exc_info = None
        return True


logging.getLogger("prefect.task_runs").addFilter(_NoEmptyTraceback())

# What a Prefect API that is away raises. Work on the platform does not depend on it.
API_TROUBLE = (PrefectException, httpx.HTTPError, OSError)


# The runs of Prefect that what is done now belongs to, the outermost first.
_RUNS: ContextVar[tuple[UUID, ...]] = ContextVar("runs", default=())


@contextmanager
def within_run() -> Iterator[None]:
    """What is done inside belongs to the running flow, and to those that called it."""
    context = FlowRunContext.get()
    ours = () if context is None or context.flow_run is None else (context.flow_run.id,)
    before = _RUNS.set(_RUNS.get() + ours)
    try:
        yield
    finally:
        _RUNS.reset(before)


async def is_cancelled_in_prefect() -> bool:
    """Whether somebody cancelled the run, or one that called it, in Prefect, which only marks it: we have to stop."""
    runs = _RUNS.get()
    if not runs:
        return False
    try:
        async with get_client() as client:
            found = await client.read_flow_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=list(runs))))
    except API_TROUBLE:
        return False
    return any(run.state is not None and (run.state.is_cancelled() or run.state.is_cancelling()) for run in found)


def told(function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """End as Failed with the error's own sentence, instead of with a traceback in the operator's log."""

    @wraps(function)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await function(*args, **kwargs)
        except PreactiveError as error:
            failed: State[Any] = Failed(message=str(error), data=error)
            return failed  # type: ignore[return-value]

    return wrapper


def step(name: str, run_name: str) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
    """A Prefect task that may write to a platform: never retried, never timed out, never cached by Prefect.

    The one retry loop is in the store. A timeout here could not stop a call, only lose its answer.
    """

    def decorate(function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        made = task(name=name, task_run_name=run_name, cache_policy=NO_CACHE, persist_result=False, log_prints=False)(
            told(function)
        )

        @wraps(function)
        async def call(*args: P.args, **kwargs: P.kwargs) -> R:
            # Without this, Prefect would hand the failed state to the flow as if it were the result.
            state: Any = await made(*args, return_state=True, **kwargs)  # type: ignore[misc]
            result: R = await state.aresult()
            return result

        return call

    return decorate
