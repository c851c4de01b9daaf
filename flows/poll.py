"""The platforms that have events are asked for what happened since the last time."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from domain.errors import PreactiveError, Stopped
from domain.polling import Polled
from domain.requests import PollRequest
from flows.running import one_at_a_time, told_flow
from tasks import resources
from tasks.platform_events import poll_account


@flow(name="events", flow_run_name="poll events", persist_result=False, log_prints=False)
@told_flow
@one_at_a_time
async def poll(request: PollRequest) -> State[None]:
    """Take in what no webhook brought, and look up the doubts that it may be about. No mapping is changed."""
    accounts = resources.accounts_with_events(request.account)
    if not accounts:
        return Completed(message="no account is on a platform that has events; nothing was asked")
    done: list[Polled] = []
    errors: list[PreactiveError] = []
    for account in accounts:
        try:
            done.append(await poll_account(account))
        except PreactiveError as error:  # another account may do better
            errors.append(error)
    if errors:
        raise Stopped(" ".join(map(str, errors)))
    return Completed(message="; ".join(f"{one.account}: {one.sentence()}" for one in done))
