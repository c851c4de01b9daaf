"""A run that a worker would start in a temporary folder, with settings that lose its record there."""

import pytest

from tests.flows.prefect_api import PrefectApi
from tests.flows.processes import fetch

POOL, ENTRYPOINT = "places", "flows.provision.provision"


@pytest.fixture(scope="module")
def deployment(prefect_api: PrefectApi) -> str:
    """A deployment of a work pool; its id."""
    api = prefect_api.url
    fetch(f"{api}/work_pools/", {"name": POOL, "type": "process"})
    flow = fetch(f"{api}/flows/", {"name": "provision"})
    wanted = {"name": "places", "flow_id": flow["id"], "work_pool_name": POOL, "entrypoint": ENTRYPOINT}
    return str(fetch(f"{api}/deployments/", wanted)["id"])


def test_a_workers_run_with_relative_places_fails_with_a_sentence_and_asks_the_platform_nothing(
    world, prefect_api, deployment
):
    here = world(rows=3, store_url="sqlite:///store.db")
    here.settings.write_text(here.settings.read_text().replace(f'"{here.folder}/reports"', '"reports"'))
    request = {"file": str(here.file), "dry_run": False}
    path = f"{prefect_api.url}/deployments/{deployment}/create_flow_run"
    run = fetch(path, {"parameters": {"request": request}, "state": {"type": "PENDING"}})["id"]
    here.execute(run, ENTRYPOINT).end()
    state = prefect_api.run(run)["state"]

    assert state["type"] == "FAILED"
    assert (
        f"A run of the work pool {POOL} works in a folder that is deleted when it ends; store_url, " in state["message"]
    )
    assert "reports_dir, inbox_dir would be lost with it, so nothing was sent." in state["message"]
    assert here.platform.stats["requests"] == {}
    assert not list(here.folder.glob("store.db*"))
