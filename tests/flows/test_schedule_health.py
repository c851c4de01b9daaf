"""What `doctor` says of schedules, seen from a real Prefect API."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.schedule_health import schedule_troubles
from tests.flows.processes import fetch

HOURLY = {"schedule": {"interval": 3600}, "active": True}
OVER = {"schedule": {"rrule": "FREQ=DAILY;UNTIL=20200101T000000Z"}, "active": True}  # no run of it is ever made
Deploy = Callable[..., str]


@pytest.fixture
def deploy(prefect_api) -> Iterator[Deploy]:
    """Makes deployments of ours whose last runs ended so, oldest first; gives their names."""
    made: list[str] = []

    def make(*states: str, schedule: dict[str, Any] = HOURLY, **more: Any) -> str:
        name = f"poll-{uuid4().hex[:8]}"
        flow = fetch(f"{prefect_api.url}/flows/", {"name": "events"})
        wanted = {"name": name, "flow_id": flow["id"], "entrypoint": "flows.poll.poll", "schedules": [schedule]}
        made.append(fetch(f"{prefect_api.url}/deployments/", wanted | more)["id"])
        for number, state in enumerate(states):
            due = datetime.now(UTC) - timedelta(hours=len(states) - number)
            add_run(prefect_api.url, made[-1], state, due)
        return name

    with temporary_settings({PREFECT_API_URL: prefect_api.url}):
        yield make
    for one in made:
        fetch(f"{prefect_api.url}/deployments/{one}", method="DELETE")


def add_run(api: str, deployment: str, state: str, due: datetime) -> None:
    """A run that was due then, and stands so."""
    scheduled = {"type": "SCHEDULED", "state_details": {"scheduled_time": due.isoformat()}}
    run = fetch(f"{api}/deployments/{deployment}/create_flow_run", {"state": scheduled})["id"]
    kind = "SCHEDULED" if state == "Late" else state.upper()
    details = scheduled["state_details"] if kind == "SCHEDULED" else {}
    now = {"type": kind, "name": state, "state_details": details}
    fetch(f"{api}/flow_runs/{run}/set_state", {"state": now, "force": True})


async def told(name: str, **how: timedelta) -> list[str]:
    """What is said of a deployment."""
    return [text for text in await schedule_troubles(**how) if name in text]


async def test_runs_that_nothing_starts_are_told_with_what_to_do(deploy):
    name = deploy("Completed", "Late", "Late", "Late")

    (text,) = await told(name)

    assert text.startswith(f"the last 3 runs of {name} were not carried out (late); nothing serves it")
    assert "start `preactive up`, or a worker" in text


async def test_runs_that_are_cancelled_one_after_the_other_are_told_with_what_to_do(deploy):
    name = deploy("Completed", "Cancelled", "Cancelled", "Cancelled")

    (text,) = await told(name)

    assert text.startswith(f"the last 3 runs of {name} were not carried out (cancelled); see in the last run who")
    assert "deploying again takes it away" in text


async def test_runs_that_never_got_beyond_their_beginning_are_told(deploy):
    name = deploy("Pending", "Pending", "Late")

    (text,) = await told(name)

    assert "(late, pending); nothing serves it" in text


@pytest.mark.parametrize(
    "states",
    [
        ("Late", "Late", "Late", "Completed"),
        ("Cancelled", "Completed", "Late", "Late"),
        ("Failed", "Failed", "Failed"),  # carried out; other places tell of failures
        ("Late", "Late"),
        (),
    ],
)
async def test_one_run_that_was_carried_out_is_enough(deploy, states):
    assert await told(deploy(*states)) == []


async def test_a_schedule_of_which_the_server_makes_no_runs_is_told(deploy, prefect_api):
    name = deploy(schedule=OVER)

    assert await told(name) == [], "it may have been made this moment"
    (text,) = await told(name, new=timedelta(0))

    assert text.startswith(f"the server plans no runs of {name}, which has a schedule; its log says why.")

    path = f"{prefect_api.url}/deployments/name/events/{name}"
    add_run(prefect_api.url, fetch(path)["id"], "Scheduled", datetime.now(UTC) + timedelta(hours=1))

    assert await told(name, new=timedelta(0)) == []


async def test_a_paused_schedule_misses_nothing(deploy):
    paused = deploy("Late", "Late", "Late", paused=True)
    inactive = deploy("Late", "Late", "Late", schedule=HOURLY | {"active": False})

    assert [*await told(paused), *await told(inactive)] == []


async def test_a_limit_whose_leases_die_with_the_server_is_told_with_what_to_do(deploy):
    limited = deploy(concurrency_limit=1)

    (text,) = await told(limited)

    assert text.startswith("the concurrency limits of ")
    assert "its restart ends their runs; deploy again (prefect.yaml has no limits), or set PREFECT_SERVER_CONCU" in text
