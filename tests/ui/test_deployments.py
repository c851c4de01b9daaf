"""The deployments on a real Prefect server: deployed to a work pool, served, asked for by a form and cancelled."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.flows.prefect_server import DEPLOYMENTS, Server
from tests.flows.processes import end, until
from tests.flows.selling import TAG
from tests.flows.world import GROUP, SAMPLES


def deploy(server: Server) -> dict[str, dict[str, Any]]:
    """Bring the deployments of the file to a work pool."""
    server.prefect("work-pool", "create", "preactive", "--type", "process", "--overwrite")
    server.prefect("deploy", "--all")
    return server.deployments()


@contextmanager
def working(server: Server, **env: str) -> Iterator[None]:
    """A worker of the work pool, for the deployments that were deployed to it."""
    deploy(server)
    quick = {"PREFECT_WORKER_QUERY_SECONDS": "1"}
    process = server.start("-m", "prefect", "worker", "start", "--pool", "preactive", **env, **quick)
    try:
        yield
    finally:
        end(process)


@pytest.fixture(scope="module")
def deployed(server) -> dict[str, dict[str, Any]]:
    """The deployments as Prefect has them after `prefect deploy`."""
    return deploy(server)


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


def test_a_schedule_fires_and_what_lies_in_the_inbox_becomes_endpoints(server, bare_world):
    here = bare_world(rows=5)
    inbox = here.folder / "inbox"
    inbox.mkdir()
    here.settings.write_text(f'inbox_dir = "{inbox}"\n{here.settings.read_text()}')
    own = {"PREACTIVE_CONFIG": str(here.settings), "PREACTIVE_STORE_URL": here.store_url}
    with server.serving(**own, PREFECT_RUNNER_POLL_FREQUENCY="1"):
        deployment = server.deployments()["flows.inbox.inbox"]
        wanted = deployment["parameters"]["request"] | {"settle_seconds": 0}
        schedule = {"slug": "inbox", "schedule": {"interval": 5}, "active": True}
        often = {"parameters": {"request": wanted}, "schedules": [schedule]}
        server.ask(f"/deployments/{deployment['id']}", often, method="PATCH")
        file = here.write("inbox/new.csv", here.iccids)
        named = {"flow_runs": {"name": {"any_": ["inbox · 1 file"]}, "state": {"type": {"any_": ["COMPLETED"]}}}}
        named |= {"deployments": {"id": {"any_": [deployment["id"]]}}}
        (run,) = until(lambda: server.ask("/flow_runs/filter", named), 120, "a run that took the file")

    assert (run["auto_scheduled"], run["deployment_id"]) == (True, deployment["id"])
    assert run["state"]["message"] == "1 processed, 0 rejected, 0 left, 0 waiting"
    assert not file.exists()
    here.check_one_each()


def test_every_deployment_does_its_work_on_a_real_server_with_a_real_worker(server, bare_world):
    here = bare_world(rows=12)
    mark = f'[[accounts.t.stock]]\ntag = "{TAG}"\nlow = 2\nhigh = 6\n'
    inbox = here.folder / "inbox"
    inbox.mkdir()
    here.settings.write_text(f'inbox_dir = "{inbox}"\n{here.settings.read_text()}{mark}')
    file = here.write("spring.csv", here.iccids[:8])
    here.write("inbox/more.csv", here.iccids[8:12])
    few = here.write("few.csv", here.iccids[:2])
    runs: dict[str, dict[str, Any]] = {}

    def run(entrypoint: str, **request: Any) -> str:
        """Ask for a run as a form does, and wait for its end."""
        number = server.submit(entrypoint, **request)
        runs[entrypoint] = until(lambda: server.ended(number), 120, entrypoint)
        assert runs[entrypoint]["type"] == "COMPLETED", runs[entrypoint]
        return str(runs[entrypoint]["message"])

    with working(server, PREACTIVE_CONFIG=str(here.settings), PREACTIVE_STORE_URL=here.store_url):
        assert run("flows.provision.provision", file=str(file), tags=[TAG], dry_run=False).startswith("8 confirmed;")
        assert run("flows.activate.activate", tag=TAG, group=GROUP, count=3, dry_run=False).startswith("3 confirmed;")
        assert "2 confirmed" in run("flows.lifecycle.lifecycle", action="suspend", file=str(few), dry_run=False)
        assert run("flows.inbox.inbox", settle_seconds=0, dry_run=False)
        assert run("flows.sell.sell", order="A-1", tag=TAG, group=GROUP)
        assert run("flows.replenish.replenish", dry_run=False)
        assert run("flows.retry.retry", batch="spring")
        assert run("flows.resume.resume", dry_run=False)
        assert run("flows.resolve.resolve") == "0 looked up; nothing is in doubt"
        assert run("flows.reconcile.reconcile")
        assert run("flows.poll.poll") == "no account is on a platform that has events; nothing was asked"

    assert set(runs) == {entry["entrypoint"] for entry in DEPLOYMENTS}
    states = Counter(one["status"] for one in here.platform.endpoints.values())
    assert states == {"Active": 2, "Suspended": 2, "Pre-Active": 8}
