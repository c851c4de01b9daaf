"""The machine dies under `preactive up`: what its schedules do after a clean restart."""

import time
from pathlib import Path

import pytest

from tests.flows.processes import until
from tests.support.up import OPEN, Up

SCHEDULED = ("provision/inbox", "resume/unfinished", "replenish/stock", "events/poll", "reconcile/nightly")
RESTARTED_WITHIN = 120.0


@pytest.fixture(params=["sqlite", "postgresql"])
def up(request, tmp_path):
    """See tests.support.up, with Prefect's own server on each database in turn."""
    env = {"PREFECT_RUNNER_POLL_FREQUENCY": "1"}
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").empty()
        env["PREFECT_API_DATABASE_CONNECTION_URL"] = url.replace("postgresql+psycopg", "postgresql+asyncpg")
    made = Up(tmp_path, **env)
    made.start()
    yield made
    made.close()


def put_file(up: Up, name: str) -> Path:
    """Hand a file of three SIMs in."""
    up.inbox.mkdir(parents=True, exist_ok=True)
    file = up.inbox / name
    stock = (up.folder / "data" / "samples" / "stock.txt").read_text().split()
    file.write_text("\n".join(["ICCID", *stock[:3]]) + "\n")
    return file


@pytest.mark.parametrize("moment", ["PENDING", "RUNNING"])
def test_after_the_machine_died_every_schedule_runs_again_within_two_minutes(up, moment):
    runs = {name: up.submit(name) for name in SCHEDULED}
    reached: dict[str, str] = {}

    def all_reached() -> bool:
        for name, run in runs.items():
            if name not in reached and (state := up.state(run)["type"]) != "SCHEDULED":
                reached[name] = state
        return len(reached) == len(runs) if moment == "PENDING" else "RUNNING" in map(up_state, runs.values())

    def up_state(run: str) -> str:
        return str(up.state(run)["type"])

    until(all_reached, 60, moment)
    up.cut_power()
    up.start()
    began = time.monotonic()
    file = put_file(up, "after.csv")

    left = until(lambda: [s for r in runs.values() if (s := up.state(r))["type"] not in OPEN], 60, "the ends")
    until(lambda: all(up.state(run)["type"] not in OPEN for run in runs.values()), 60, "the ends")
    again = {name: up.submit(name) for name in SCHEDULED}
    until(lambda: not file.exists(), RESTARTED_WITHIN - (time.monotonic() - began), "the file to be taken")
    ends = {name: until(lambda: _ended(up, run), 120, name) for name, run in again.items()}  # noqa: B023

    assert left
    assert {end["type"] for end in ends.values()} == {"COMPLETED"}


def _ended(up: Up, run: str) -> dict[str, object]:
    state = up.state(run)
    return state if state["type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") else {}
