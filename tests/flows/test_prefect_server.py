"""What operators use: the Prefect server of the locked set, the deployments, and what a run shows in the UI."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.flows.prefect_server import DEPLOYMENTS
from tests.flows.processes import answers, fetch, until
from tests.flows.world import SAMPLES

KINDS = ("progress", "markdown", "table")


def test_the_server_serves_its_ui(server):
    assert answers(server.url.removesuffix("/api"))


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


def test_a_run_shows_its_progress_its_summary_its_rejects_and_its_numbers(world, prefect_api):
    here = world(rows=60)
    wrong = here.iccids[0][:-1] + str((int(here.iccids[0][-1]) + 1) % 10)
    file = here.write("batch.csv", [*here.iccids, "123", wrong])
    summary = here.run("provision", str(file), "--yes", code=3).summary
    run = prefect_api.run(summary["run"])
    artifacts = prefect_api.artifacts(summary["run"])
    data = {kind: [one["data"] for one in artifacts if one["type"] == kind] for kind in KINDS}

    assert run["name"] == "provision batch · 62 rows · t"
    assert run["state"]["type"] == "COMPLETED"
    assert run["state"]["message"] == "60 confirmed, 2 rejected"
    assert [float(value) for value in data["progress"]] == [100]
    assert any("60 confirmed, 2 rejected" in text for text in data["markdown"])
    assert any(Path(summary["reports"][0]).as_uri() in text for text in data["markdown"])
    assert any("](data:image/svg+xml;base64," in text for text in data["markdown"])
    rejects = json.loads(data["table"][0])
    assert [(one["row"], one["value"], one["outcome"]) for one in rejects] == [
        (62, "123", "rejected"),
        (63, f"{wrong[:6]}…{wrong[-4:]}", "rejected"),
    ]
    assert all(one["reason"] for one in rejects)


def test_no_whole_iccid_is_in_what_prefect_shows_of_a_run(world, prefect_api):
    here = world(rows=20)
    here.platform.ask("/faults", [{"fault": "refused", "route": "CreateEndPoint", "nth": [3, 4]}])
    summary = here.run(*here.provision, code=None).summary
    of_run = {"logs": {"flow_run_id": {"any_": [summary["run"]]}}}
    logs = until(lambda: fetch(f"{prefect_api.url}/logs/filter", of_run), 30, "the log")
    artifacts = prefect_api.artifacts(summary["run"])
    shown = json.dumps([logs, artifacts, prefect_api.run(summary["run"])])

    assert summary["refused"] == 2
    assert [one["type"] for one in artifacts].count("table") == 1
    assert [iccid for iccid in here.iccids if iccid in shown] == []


def test_tasks_are_chunks_and_never_rows(world, prefect_api):
    here = world(rows=30)
    summary = here.run(*here.provision).summary
    of_run = {"flow_runs": {"id": {"any_": [summary["run"]]}}}
    # Prefect writes task runs down a little later than they happen.
    names = until(
        lambda: (
            found
            if len(found := {run["name"] for run in fetch(f"{prefect_api.url}/task_runs/filter", of_run)}) >= 6
            else None
        ),
        60,
        "the task runs",
    )

    assert len(names) <= 10
    assert any("create and tag 1 to 30" in name for name in names)
