"""A run that nobody sits before tells of what a person should look at, once; a run at a terminal tells its person."""

import json

import pytest
from prefect.states import Cancelled, Completed, Failed

from domain.errors import LoginRefused, NotApproved
from domain.summary import Summary
from domain.taken import Taken
from flows.running import needs_a_look
from tests.flows.processes import fetch

# Looks into the inbox twice, as a person's program and as a run that a schedule made; prints what was told.
RUN = """
import asyncio, json
from pathlib import Path
from uuid import UUID
from prefect.client.orchestration import get_client
from prefect.flow_engine import run_flow
from domain.requests import InboxRequest
from flows.inbox import inbox
from tasks import events

told = []
events.emit_event = lambda event, resource, payload: told.append(payload)
request = InboxRequest(settle_seconds=0, dry_run=False)

async def scheduled():
    async with get_client() as client:
        known = await client.read_flow_run(UUID({number!r}))
    return await run_flow(inbox, flow_run=known, parameters={{"request": request}}, return_type="state")

for run in (lambda: inbox(request, return_state=True), scheduled):
    Path("data/inbox/bad.csv").write_text("iccid\\n123\\n")
    told.append(asyncio.run(run()).message)
print(json.dumps(told))
"""


def number_of_a_deployed_run(api) -> str:
    """A run that a schedule would have made."""
    flow = fetch(f"{api.url}/flows/", {"name": "provision"})
    deployment = fetch(f"{api.url}/deployments/", {"name": "inbox", "flow_id": flow["id"]})
    asked = {"state": {"type": "PENDING"}, "name": "inbox"}
    return str(fetch(f"{api.url}/deployments/{deployment['id']}/create_flow_run", asked)["id"])


def test_a_rejected_file_is_told_of_by_the_run_that_nobody_sits_before(world, prefect_api):
    here = world(rows=1)
    (here.folder / "data" / "inbox").mkdir(parents=True)
    number = number_of_a_deployed_run(prefect_api)
    ended = here.run("-c", RUN.format(number=number))

    sentence = "0 processed, 1 rejected, 0 left, 0 waiting"
    event = {"batch": "inbox", "run": number, "sentence": sentence}
    assert json.loads(ended.out.splitlines()[-1]) == [sentence, event, sentence]


@pytest.mark.parametrize(
    ("state", "needed"),
    [
        (Failed(message="refused", data=LoginRefused()), True),
        (Failed(message="in progress"), True),
        (Failed(message="a person said no", data=NotApproved()), False),
        (Failed(message="told already", data=Summary("b", "r", open=1)), False),
        (Completed(message="all well"), False),
        (Cancelled(message="a person did it"), False),
        (Completed(message="", data=Taken(processed=2, waiting=3)), False),
        (Completed(message="", data=Taken(rejected=1)), True),
        (Failed(message="", data=Taken(left=1)), True),
        (Failed(message="", data=Taken(unfinished=1)), True),
        (Failed(message="", data=Taken(stopped=True)), True),
    ],
)
def test_an_error_is_told_and_what_a_person_did_or_the_summary_told_is_not(state, needed):
    assert needs_a_look(state) is needed
