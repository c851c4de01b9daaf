"""What operators use: the Prefect server of the locked set, the deployments, and what a run shows in the UI."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.embedded import QUIET
from tests.flows.processes import answers, clean_env, end, fetch, free_port, until
from tests.flows.world import ROOT, SAMPLES

KINDS = ("progress", "markdown", "table")
DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]


@dataclass
class Server:
    """A Prefect server and the environment of its clients."""

    url: str
    env: dict[str, str]
    folder: Path

    def prefect(self, *arguments: str) -> str:
        """Run Prefect's own command line."""
        command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
        options = {"capture_output": True, "text": True, "timeout": 100}
        ended = subprocess.run(command, check=False, env=self.env, cwd=self.folder, **options)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        """Start a program that uses the server."""
        return subprocess.Popen(
            [sys.executable, *arguments],
            env=self.env | env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def deployments(self) -> dict[str, dict[str, Any]]:
        """Every deployment by its entrypoint."""
        return {found["entrypoint"]: found for found in fetch(f"{self.url}/deployments/filter", {})}

    @contextmanager
    def serving(self, **env: str) -> Iterator[None]:
        """Serve the deployments of the file, and only those."""
        for deployed in self.deployments().values():  # those of a work pool would wait for its workers
            fetch(f"{self.url}/deployments/{deployed['id']}", method="DELETE")
        process = self.start("-m", "flows.serving", **env)
        try:
            until(lambda: len(self.deployments()) == len(DEPLOYMENTS), 60, "the serving")
            yield
        finally:
            end(process)

    def submit(self, entrypoint: str, **request: Any) -> str:
        """Start a deployment as its form does, and give the run's id."""
        deployment = self.deployments()[entrypoint]
        path = f"{self.url}/deployments/{deployment['id']}/create_flow_run"
        run = fetch(path, {"parameters": {"request": request}, "state": {"type": "SCHEDULED"}})
        return str(run["id"])

    def ended(self, run_id: str) -> dict[str, Any] | None:
        """The final state of a run, once it has one."""
        state: dict[str, Any] = fetch(f"{self.url}/flow_runs/{run_id}")["state"]
        return state if state["type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") else None


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    """`prefect server start`, as `preactive up` starts it."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(ROOT / "prefect.yaml", folder)
    for _ in range(3):
        port = free_port()
        url = f"http://127.0.0.1:{port}/api"
        env = clean_env(**QUIET, PREFECT_HOME=str(folder / "home"), PREFECT_API_URL=url)
        env |= {"PREACTIVE_STORE_URL": f"sqlite:///{folder / 'store.db'}"}
        made = Server(url, env, folder)
        process = made.start("-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
        until(lambda: process.poll() is not None or answers(f"{url}/health"), 110, "the Prefect server")  # noqa: B023
        if process.poll() is None:
            break
    assert process.poll() is None, "the Prefect server did not start"
    yield made
    end(process)


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
        fetch(f"{server.url}/flow_runs/{run}/set_state", cancelling)
        state = until(lambda: server.ended(run), 60, "the end of the run")

    assert state["type"] == "CANCELLED", state
    assert "(stopped early)" in state["message"]
    made = {iccid: ids[0] for iccid, ids in here.platform.created().items()}
    assert {iccid: found for iccid, found in here.mapping().items() if found} == made
    assert here.run("resolve", "--json").rows == []


def test_a_run_shows_its_progress_its_summary_its_rejects_and_its_numbers(world, prefect_api):
    here = world(rows=60)
    file = here.write("batch.csv", [*here.iccids, "123"])
    summary = here.run("provision", str(file), "--yes", code=3).summary
    run = prefect_api.run(summary["run"])
    artifacts = prefect_api.artifacts(summary["run"])
    data = {kind: [one["data"] for one in artifacts if one["type"] == kind] for kind in KINDS}

    assert run["name"] == "provision batch · 61 rows · t"
    assert run["state"]["type"] == "COMPLETED"
    assert run["state"]["message"] == "60 confirmed, 1 rejected"
    assert [float(value) for value in data["progress"]] == [100]
    assert any("60 confirmed, 1 rejected" in text for text in data["markdown"])
    assert any(Path(summary["reports"][0]).as_uri() in text for text in data["markdown"])
    (reject,) = json.loads(data["table"][0])
    assert (reject["row"], reject["column"], reject["value"], reject["outcome"]) == (62, "iccid", "123", "rejected")
    assert reject["reason"]


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
