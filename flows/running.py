"""What the flows share: their names while they run, and how they end."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext
from prefect.states import Cancelled, Completed, Failed

from domain.errors import NotApproved, PreactiveError
from domain.events import RUN_HAS_FAILURES, failures
from domain.iccid import mask_numbers
from domain.summary import Summary
from domain.taken import Taken
from flows.embedded import runs_folder
from flows.output import outlive_reader
from flows.stopping import stopped_by_signals
from tasks import resources
from tasks.bound import in_run
from tasks.events import tell
from tasks.places import check_places
from tasks.steps import API_TROUBLE, is_cancelled_in_prefect, within_run

P = ParamSpec("P")


def told_flow(function: Callable[P, Awaitable[State[Any]]]) -> Callable[P, Awaitable[State[Any]]]:
    """End with the error's own sentence instead of with a traceback, and on a signal with what was done until then."""

    @wraps(function)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> State[Any]:
        with stopped_by_signals(), within_run(), in_run(run_id()):
            try:
                with _alive():
                    state = await function(*args, **kwargs)
            except PreactiveError as error:
                state = Failed(message=str(error), data=error)
            except Exception as error:
                _tell_of(f"unexpected error, {type(error).__name__}; its log says more")
                raise
            if await is_cancelled_in_prefect():
                # Prefect lets a run that is being cancelled end in no other state, and would throw our numbers away.
                return Cancelled(message=state.message, data=state.data)
            if needs_a_look(state):
                _tell_of(state.message or "")
            return state

    return wrapper


def one_at_a_time(function: Callable[P, Awaitable[State[Any]]]) -> Callable[P, Awaitable[State[Any]]]:
    """Leave the work to another run of the same deployment, where one is at it; the next will see to what is new.

    A run that a person started at a terminal is not held up: the store lets any number of processes work side by side.
    """

    @wraps(function)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> State[Any]:
        run = _deployed()
        if run is None:
            return await function(*args, **kwargs)
        job = function.__name__
        with resources.only_one(job) as is_ours:
            if not is_ours:
                return Completed(message=f"another {job} run is at work; this one changed nothing")
            return await function(*args, **kwargs)

    return wrapper


@contextmanager
def _alive() -> Iterator[None]:
    """Show that the run has a process; one of a deployment also outlives whoever reads its output."""
    context = FlowRunContext.get()
    run = context.flow_run if context is not None else None
    if run is None:
        yield
        return
    if run.deployment_id is not None:
        outlive_reader()
        check_places(run.work_pool_name)
    with resources.living_run(runs_folder(), str(run.id)):
        yield


def _deployed() -> FlowRun | None:
    """The running flow, if a deployment started it and no other flow."""
    context = FlowRunContext.get()
    run = context.flow_run if context is not None else None
    return run if run is not None and run.deployment_id is not None else None


def needs_a_look(state: State[Any]) -> bool:
    """Whether a person should hear of how a run ended; what a summary says was told by `finish`."""
    if isinstance(state.data, Summary | NotApproved):
        return False
    return state.data.needs_a_look if isinstance(state.data, Taken) else state.is_failed()


def _tell_of(sentence: str) -> None:
    """Tell of a run that nobody sits before: one from a deployment, and none that another flow called."""
    run = _deployed()
    if run is None:
        return
    facts = {"batch": mask_numbers(run.name), "run": str(run.id), "sentence": mask_numbers(sentence)}
    tell(RUN_HAS_FAILURES, f"preactive.run.{run.id}", facts)


async def is_stopping() -> bool:
    """Whether a signal or a cancel in Prefect ends the run: no further account or file is begun."""
    return resources.is_stopping() or await is_cancelled_in_prefect()


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
    if not summary.is_complete:
        return Failed(message=message, data=summary)
    return Completed(message=message, data=summary, name=end_name(summary))


def end_name(summary: Summary) -> str:
    """What the end of a run is called: one that was asked for more than there is does not look like any other."""
    return "Too few" if summary.asked else "Completed"
