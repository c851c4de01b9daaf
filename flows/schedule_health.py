"""Whether a server still does what its schedules say: what `doctor` tells of deployments."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import FlowRunSort

_LAST = 3
_GRACE = timedelta(seconds=60)
_NEW = timedelta(minutes=2)  # the server makes the first runs of a schedule within a minute
_NOT_BEGUN = (StateType.SCHEDULED, StateType.PENDING)
_NOTHING_SERVES = "nothing serves it, or what does is busy: start `preactive up`, or a worker of its work pool"
_CANCELS = (
    "see in the last run who cancels them; a limit of the deployment may do it, and deploying again takes it away"
)


async def schedule_troubles(*, new: timedelta = _NEW) -> list[str]:
    """One sentence for each of our deployments whose runs are not made, not carried out, or may be cut short."""
    async with get_client() as client:
        ours = [one for one in await client.read_deployments() if (one.entrypoint or "").startswith("flows.")]
        scheduled = [one for one in ours if not one.paused and any(schedule.active for schedule in one.schedules)]
        told = [text for one in scheduled if (text := await _missed(client, one) or await _unplanned(client, one, new))]
        return told + await _kept_in_memory(client, ours)


async def _unplanned(client: PrefectClient, deployment: DeploymentResponse, new: timedelta) -> str:
    now = datetime.now(UTC)
    if deployment.updated is None or deployment.updated > now - new:
        return ""
    if await _runs(client, deployment, FlowRunFilterExpectedStartTime(after_=now), limit=1):
        return ""
    return (
        f"the server plans no runs of {deployment.name}, which has a schedule; its log says why. With "
        "whenever 0.10 Prefect 3.9.1 makes no runs of cron lines: serve or deploy again, prefect.yaml has intervals"
    )


async def _missed(client: PrefectClient, deployment: DeploymentResponse) -> str:
    due = FlowRunFilterExpectedStartTime(before_=datetime.now(UTC) - _GRACE)
    last = await _runs(client, deployment, due, limit=_LAST)
    if len(last) < _LAST or not all(_is_missed(run) for run in last):
        return ""
    remedy = _CANCELS if last[0].state_type is StateType.CANCELLED else _NOTHING_SERVES
    return f"the last {_LAST} runs of {deployment.name} were not carried out ({_states(last)}); {remedy}"


async def _runs(
    client: PrefectClient, deployment: DeploymentResponse, when: FlowRunFilterExpectedStartTime, *, limit: int
) -> list[FlowRun]:
    """The runs of a deployment that are due then, the last first."""
    which = DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id]))
    return await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(expected_start_time=when),
        deployment_filter=which,
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=limit,
    )


def _is_missed(run: FlowRun) -> bool:
    return run.state_type is StateType.CANCELLED or run.state_type in _NOT_BEGUN


def _states(runs: Iterable[FlowRun]) -> str:
    return ", ".join(dict.fromkeys((run.state_name or "unknown").lower() for run in runs))


async def _kept_in_memory(client: PrefectClient, deployments: Iterable[DeploymentResponse]) -> list[str]:
    """A slot of a limit has a lease; one that the server keeps in memory ends its run when the server restarts."""
    limited = sorted(one.name for one in deployments if one.global_concurrency_limit is not None)
    if not limited or not await _leases_in_memory(client):
        return []
    names = ", ".join(limited)
    return [
        f"the concurrency limits of {names} are leased in the server's memory, so that its restart ends their runs; "
        "deploy again (prefect.yaml has no limits), or set PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE on the server"
    ]


async def _leases_in_memory(client: PrefectClient) -> bool:
    settings: Any = (await client.request("GET", "/admin/settings")).json()
    storage = settings.get("server", {}).get("concurrency", {}).get("lease_storage", "")
    return str(storage).endswith(".memory")
