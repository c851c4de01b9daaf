"""A run that a worker would start in a temporary folder, with settings that lose its record there."""

from tests.flows.processes import fetch

POOL, ENTRYPOINT = "places", "flows.provision.provision"


def test_a_workers_run_with_relative_places_fails_with_a_sentence_and_asks_the_platform_nothing(world, prefect_api):
    here = world(rows=3, store_url="sqlite:///store.db")
    here.settings.write_text(here.settings.read_text().replace(f'"{here.folder}/reports"', '"reports"'))
    for file in here.folder.glob("store.db*"):  # that the world begins with
        file.unlink()
    fetch(f"{prefect_api.url}/work_pools/", {"name": POOL, "type": "process"})
    deployment = prefect_api.deploy(ENTRYPOINT, work_pool_name=POOL)
    run = prefect_api.begin(deployment, file=str(here.file), dry_run=False)
    here.execute(run, ENTRYPOINT).end()
    state = prefect_api.run(run)["state"]

    assert state["type"] == "FAILED"
    assert (
        f"A run of the work pool {POOL} works in a folder that is deleted when it ends; store_url, " in state["message"]
    )
    assert "reports_dir, inbox_dir would be lost with it, so nothing was sent." in state["message"]
    assert here.platform.stats["requests"] == {}
    assert not list(here.folder.glob("store.db*"))
