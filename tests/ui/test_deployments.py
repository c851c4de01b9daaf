"""The deployments on a real Prefect server: deployed to a work pool, served, asked for by a form and cancelled."""

from typing import Any

import pytest

from tests.flows.prefect_server import DEPLOYMENTS
from tests.flows.processes import until
from tests.flows.world import SAMPLES


@pytest.fixture(scope="module")
def deployed(server) -> dict[str, dict[str, Any]]:
    """The deployments as Prefect has them after `prefect deploy`."""
    server.prefect("work-pool", "create", "preactive", "--type", "process")
    server.prefect("deploy", "--all")
    return server.deployments()


def test_every_deployment_of_the_file_can_be_deployed_to_a_work_pool(deployed):
    assert set(deployed) == {entry["entrypoint"] for entry in DEPLOYMENTS}
    for entry in DEPLOYMENTS:
        found = deployed[entry["entrypoint"]]
        assert (found["name"], found["work_pool_name"]) == (entry["name"], "preactive")
        assert sorted(found["tags"]) == sorted(entry["tags"])
        assert found["enforce_parameter_schema"] is True
        assert found["description"]


def test_the_form_of_a_deployment_asks_for_a_dry_run_unless_told_otherwise(deployed):
    found = deployed["flows.provision.provision"]
    form = found["parameter_openapi_schema"]["definitions"]["ProvisionRequest"]["properties"]

    assert form["dry_run"]["default"] is True
    assert [name for name, _ in sorted(form.items(), key=lambda item: item[1]["position"])][:3] == [
        "file",
        "account",
        "tags",
    ]


def test_a_run_of_a_served_deployment_plans_a_file_and_its_last_word_has_the_numbers(server):
    with server.serving():
        run = server.submit("flows.provision.provision", file=str(SAMPLES / "clean-500.xlsx"), account="demo")
        state = until(lambda: server.ended(run), 90, "the end of the run")

    assert state["type"] == "COMPLETED", state
    assert "500 to create" in state["message"]
    assert "nothing was changed" in state["message"]
    assert not (server.folder / "store.db").exists()


def test_a_served_run_that_is_cancelled_in_the_ui_ends_with_its_numbers_and_loses_nothing(server, bare_world):
    slow = {"rate_per_second": 20, "max_in_flight": 5}
    here = bare_world(rows=200, account=slow, platform={"--latency": "0.1-0.3"})
    own = {"PREACTIVE_CONFIG": str(here.settings), "PREACTIVE_STORE_URL": here.store_url}
    with server.serving(**own):
        run = server.submit("flows.provision.provision", file=str(here.file), dry_run=False)  # on the default account
        until(lambda: here.platform.writes >= 15 or server.ended(run), 90, "the first writes")
        cancelling = {"state": {"type": "CANCELLING", "name": "Cancelling"}, "force": False}
        server.ask(f"/flow_runs/{run}/set_state", cancelling)
        state = until(lambda: server.ended(run), 60, "the end of the run")

    assert state["type"] == "CANCELLED", state
    assert "(stopped early)" in state["message"]
    made = {iccid: ids[0] for iccid, ids in here.platform.created().items()}
    assert {iccid: found for iccid, found in here.mapping().items() if found} == made
    assert here.run("resolve", "--json").rows == []
