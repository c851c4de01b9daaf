"""The form of an approval is never there without its question: whoever can answer sees what is signed."""

import re
from datetime import datetime

import pytest

from tests.flows.processes import fetch

ENTRYPOINT = "flows.provision.provision"
CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


@pytest.mark.long
def test_the_question_is_kept_before_the_form_that_answers_it(world, prefect_api):
    """Prefect shows a run as suspended, throws away what was kept for it, and only then keeps the form."""
    here = world(rows=4, account={"max_change": 2})
    assert all(CODE.findall(here.run("approver", "add", name).out) for name in ("ann", "bob"))
    run = prefect_api.begin(prefect_api.deploy(ENTRYPOINT), file=str(here.file), dry_run=False)
    here.execute(run, ENTRYPOINT).end()
    state = prefect_api.run(run)["state"]
    key = state["state_details"]["pause_key"]
    inputs = fetch(f"{prefect_api.url}/flow_runs/{run}/input/filter", {"prefix": f"suspended-{key}-", "limit": 9})
    kept = {one["key"].rpartition("-")[2]: datetime.fromisoformat(one["created"]) for one in inputs}
    question = fetch(f"{prefect_api.url}/flow_runs/{run}/input/suspended-{key}-description")

    assert state["name"] == "Suspended"
    assert "create 4 endpoints from batch.csv on account t; 2 are allowed without an approval" in question
    assert set(kept) == {"description", "schema"}
    assert kept["description"] < kept["schema"]
    assert here.platform.writes == 0
