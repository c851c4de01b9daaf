"""What operators use: the Prefect server of the locked set, the deployments, and what a run shows in the UI."""

import json
from datetime import datetime
from pathlib import Path

from flows.serving import deployments
from tests.flows.processes import answers, fetch, until

OF_SCHEDULE = {"schedule", "active"}
EVERY = {"unfinished": 600, "nightly": 86_400, "poll": 300, "stock": 900, "inbox": 60}
KINDS = ("progress", "markdown", "table")


def test_the_server_serves_its_ui(server):
    assert answers(server.url.removesuffix("/api"))


def test_a_schedule_makes_runs(server):
    """The server of the locked set once started, served its UI, and scheduled nothing for a month of nights."""
    flow = server.ask("/flows/", {"name": "nightly"})
    every_minute = {"schedule": {"interval": 60}, "active": True}
    made = server.ask("/deployments/", {"name": "minutely", "flow_id": flow["id"], "schedules": [every_minute]})
    of_deployment = {"deployments": {"id": {"any_": [made["id"]]}}}
    runs = until(lambda: server.ask("/flow_runs/filter", of_deployment), 60, "scheduled runs")
    server.ask(f"/deployments/{made['id']}", method="DELETE")

    assert {run["state"]["type"] for run in runs} == {"SCHEDULED"}


def test_every_schedule_of_the_file_makes_runs_at_its_times(server):
    """And those of a cron line, which an operator adds in the UI: a server that makes none says so in its log only."""
    flow = server.ask("/flows/", {"name": "scheduled"})
    served = [one for one in deployments() if one.schedules]
    schedules = {
        one.name: [schedule.model_dump(mode="json", include=OF_SCHEDULE) for schedule in one.schedules]
        for one in served
    }
    schedules["by hand"] = [{"schedule": {"cron": "30 6 * * *", "timezone": "UTC"}}]
    made = {
        name: server.ask("/deployments/", {"name": name, "flow_id": flow["id"], "schedules": theirs})["id"]
        for name, theirs in schedules.items()
    }

    def runs(name):
        of_deployment = {"deployments": {"id": {"any_": [made[name]]}}, "sort": "EXPECTED_START_TIME_ASC", "limit": 2}
        found = server.ask("/flow_runs/filter", of_deployment)
        return [datetime.fromisoformat(one["expected_start_time"]) for one in found] if len(found) > 1 else []

    times = {name: until(lambda: runs(name), 60, f"runs of {name}") for name in made}  # noqa: B023
    for deployment in made.values():
        server.ask(f"/deployments/{deployment}", method="DELETE")

    assert {name: (later - first).total_seconds() for name, (first, later) in times.items()} == EVERY | {
        "by hand": 86_400
    }
    assert all(first.strftime("%S") == "00" for first, _ in times.values())
    assert times["nightly"][0].strftime("%H:%M") == "02:30"


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
    assert run["state"]["message"] == "60 confirmed, 2 rejected; written: 60 creates, 60 tags"
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
