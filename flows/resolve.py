"""The platform is asked about what is in doubt; what is left is listed, with what a person can do about it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from prefect import flow
from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State as RunState
from prefect.states import Completed

from domain.doubt import after_looking
from domain.iccid import mask_iccid, mask_numbers
from domain.operation import State
from domain.requests import ResolveRequest
from flows.running import one_at_a_time, told_flow
from tasks import resources
from tasks.doubts import look_up_due
from tasks.steps import API_TROUBLE

_SHOWN = 200
_COLUMNS = ("id", "account", "kind", "target", "state", "text", "lookups")


@flow(name="resolve", flow_run_name="resolve doubts", persist_result=False, log_prints=False)
@told_flow
@one_at_a_time
async def resolve(request: ResolveRequest) -> RunState[None]:
    """Look up every doubt that is due. Nothing is sent again and nothing is decided for a person."""
    if request.account:
        resources.check_account(request.account)
    looked = await look_up_due(request.account or None)
    left = resources.unsettled(request.account or None)
    events = resources.differing_events(request.account or None)
    await _show([*left, *events])
    message = after_looking(looked, [State(row["state"]) for row in left])
    return Completed(message=f"{message}; {len(events):,} events differ from the store" if events else message)


async def _show(left: Sequence[Mapping[str, Any]]) -> None:
    """Put the first of what is left where operators see it."""
    rows = [_row(row) for row in left[:_SHOWN]]
    words = f"In doubt or waiting for a person, at most {_SHOWN}; `preactive resolve` lists all and takes decisions"
    with suppress(*API_TROUBLE):
        if rows:
            await acreate_table_artifact(rows, description=words)


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is shown of an operation; the platform's words may hold a number."""
    shown = {name: row[name] for name in _COLUMNS}
    return {"ICCID": mask_iccid(row["iccid"] or "")} | shown | {"text": mask_numbers(row["text"] or "")}
