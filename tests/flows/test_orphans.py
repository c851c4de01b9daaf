"""After the death of a machine: runs that no process is at are ended before anything is served."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from adapters.file_lock import hold
from tests.flows.prefect_server import DEPLOYMENTS, Server
from tests.flows.processes import end, until

GONE = "Its process is gone: the machine or `up` ended under it."


@pytest.fixture
def begin(server: Server):
    """Leaves runs of a deployment as they stood when the machine died; gives their ids."""
    flow = server.ask("/flows/", {"name": "poll"})
    server.ask("/work_pools/", {"name": f"pool-{uuid4().hex[:8]}", "type": "process"})
    pool = server.ask("/work_pools/filter", {})[-1]["name"]

    def make(kind: str, *, of_pool: bool = False) -> str:
        more = {"work_pool_name": pool} if of_pool else {}
        deployment = server.ask("/deployments/", {"name": uuid4().hex[:8], "flow_id": flow["id"]} | more)["id"]
        run = server.ask(f"/deployments/{deployment}/create_flow_run", {"state": {"type": "PENDING"}})["id"]
        server.ask(f"/flow_runs/{run}/set_state", {"state": {"type": kind}, "force": True})
        return str(run)

    return make


def state(server: Server, run: str) -> tuple[str, Any]:
    """How a run stands, and why."""
    found = server.ask(f"/flow_runs/{run}")["state"]
    return found["type"], found["message"]


def test_runs_without_a_process_are_ended_before_deployments_are_served_and_no_others(server, begin):
    dead = {kind: begin(kind) for kind in ("PENDING", "RUNNING", "CANCELLING")}
    of_a_worker = begin("RUNNING", of_pool=True)
    alive = begin("RUNNING")
    for deployed in [one for one in server.deployments().values() if (one["entrypoint"] or "").startswith("flows.")]:
        server.ask(f"/deployments/{deployed['id']}", method="DELETE")
    with hold(Path(server.env["PREFECT_HOME"]) / "runs" / alive):
        process = server.start("-m", "flows.serving", "--alone")
        try:
            until(lambda: len(served(server)) == len(DEPLOYMENTS), 60, "the serving")
            found = {kind: state(server, run) for kind, run in dead.items()}
        finally:
            end(process)

    assert found == {
        "PENDING": ("CRASHED", GONE),
        "RUNNING": ("CRASHED", GONE),
        "CANCELLING": ("CANCELLED", GONE),
    }
    assert [state(server, run)[0] for run in (of_a_worker, alive)] == ["RUNNING", "RUNNING"]


def served(server: Server) -> list[str]:
    """The deployments of the file that are there."""
    return [one for one in server.deployments() if (one or "").startswith("flows.")]
