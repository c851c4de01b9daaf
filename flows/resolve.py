"""The platform is asked about what is in doubt; what is left is listed, with what a person can do about it."""

from contextlib import suppress

from prefect import flow
from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from domain.iccid import mask_iccid
from domain.requests import ResolveRequest
from flows.running import told_flow
from tasks import resources
from tasks.doubts import look_up_due
from tasks.steps import API_TROUBLE

_SHOWN = 200


@flow(name="resolve", flow_run_name="resolve doubts", persist_result=False, log_prints=False)
@told_flow
async def resolve(request: ResolveRequest) -> State[None]:
    """Look up every doubt that is due. Nothing is sent again and nothing is decided for a person."""
    looked = await look_up_due(request.account or None)
    rows = resources.unsettled(request.account or None)
    with suppress(*API_TROUBLE):
        if rows:
            words = (
                f"In doubt or waiting for a person, at most {_SHOWN}; `preactive resolve` lists all and takes decisions"
            )
            await acreate_table_artifact([_shown(row) for row in rows[:_SHOWN]], description=words)
    doubts = sum(row["state"] == "in_doubt" for row in rows)
    left = f"{doubts:,} in doubt, {len(rows) - doubts:,} need a person" if rows else "nothing is in doubt"
    return Completed(message=f"{looked:,} looked up; {left}")


def _shown(row: dict[str, object]) -> dict[str, object]:
    names = ("id", "account", "kind", "target", "state", "text", "lookups")
    return {"ICCID": mask_iccid(str(row["iccid"]))} | {name: row[name] for name in names}
