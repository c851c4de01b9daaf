"""The machine dies under `preactive up`: what its schedules do after a clean restart."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.processes import until
from tests.support.installed_postgres import InstalledPostgres, programs
from tests.support.up import OPEN, Up

# A restart begins under full load, and a file must lie still for half a minute.
pytestmark = pytest.mark.timeout(600)

SCHEDULED = ("provision/inbox", "resume/unfinished", "replenish/stock", "events/poll", "reconcile/nightly")
RESTARTED_WITHIN = 120.0


@pytest.fixture(scope="module")
def installed() -> Iterator[InstalledPostgres]:
    """A PostgreSQL with the extension that Prefect's server needs."""
    there = programs()
    if there is None:
        pytest.skip("no PostgreSQL with pg_trgm is installed")
    server = InstalledPostgres(there)
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def up(request, tmp_path) -> Iterator[Up]:
    """See tests.support.up, with Prefect's own server on each database in turn."""
    env = {}
    if request.param == "postgresql":
        env["PREFECT_API_DATABASE_CONNECTION_URL"] = request.getfixturevalue("installed").database()
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

    left = [until(lambda: _ended(up, run), 60, name) for name, run in runs.items()]  # noqa: B023
    again = {name: up.submit(name) for name in SCHEDULED}
    until(lambda: not file.exists(), RESTARTED_WITHIN - (time.monotonic() - began), "the file to be taken")
    ends = {name: until(lambda: _ended(up, run), 120, name) for name, run in again.items()}  # noqa: B023

    assert any("Its process is gone" in (end["message"] or "") for end in left), left
    assert {end["type"] for end in ends.values()} == {"COMPLETED"}
    assert (up.folder / "data/var/prefect/prefect.db").exists() is not up.has_database


def _ended(up: Up, run: str) -> dict[str, Any]:
    state = up.state(run)
    return state if state["type"] not in ("SCHEDULED", *OPEN) else {}
