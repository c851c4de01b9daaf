"""Runs whose process ended with its machine: Prefect calls them Pending or Running until somebody ends them."""

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Cancelled, Crashed

from flows.embedded import runs_folder
from tasks import resources

_OPEN = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
_AT_ONCE = 200
_WORDS = "Its process is gone: the machine or `up` ended under it."


async def end_orphans() -> int:
    """End the runs that no living process of this machine is at, and return how many.

    Only for a server of our own that nobody else serves deployments on. Runs of a work pool belong to its workers.
    """
    ended = 0
    async with get_client() as client:
        alive: list[FlowRun] = []
        while found := await _open_runs(client, len(alive)):
            for run in found:
                if run.work_pool_name is not None or resources.is_alive(runs_folder(), str(run.id)):
                    alive.append(run)
                    continue
                await client.set_flow_run_state(run.id, _ended(run), force=True)
                ended += 1
    return ended


async def _open_runs(client: PrefectClient, skip: int) -> list[FlowRun]:
    which = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_OPEN)))
    return await client.read_flow_runs(flow_run_filter=which, limit=_AT_ONCE, offset=skip)


def _ended(run: FlowRun) -> State:
    return Cancelled(message=_WORDS) if run.state_type is StateType.CANCELLING else Crashed(message=_WORDS)
