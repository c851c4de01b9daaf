"""One run of Prefect that two processes execute at once, as when a runner thinks that a run has crashed."""

from collections import Counter

from tests.flows.prefect_api import PrefectApi
from tests.flows.processes import fetch, until
from tests.flows.world import World


def provision_executed_twice(here: World, api: PrefectApi, *, joins_at: int) -> None:
    """The second joins when so many writes have been made. Prefect does not stop it; each create is asked for once."""
    flow = fetch(f"{api.url}/flows/", {"name": "provision"})
    parameters = {"request": {"file": str(here.file), "account": "t", "dry_run": False}}
    planned = {"flow_id": flow["id"], "parameters": parameters, "state": {"type": "SCHEDULED"}}
    run = fetch(f"{api.url}/flow_runs/", planned)
    first = here.execute(run["id"], "flows.provision.provision")
    until(lambda: first.is_over or here.platform.writes >= joins_at, 300)
    second = here.execute(run["id"], "flows.provision.provision")
    ended = [first.end(600), second.end(600)]

    assert here.platform.writes > joins_at, [one.err[-2000:] for one in ended]
    here.run_on(*here.provision, times=3, seconds=300)
    here.check_one_each()
    asked = Counter(len(requests) for requests in here.platform.asked_to_create().values())
    assert asked == {1: len(here.iccids)}
    print(f"the second joined at write {joins_at}; exit codes {[one.code for one in ended]}")
