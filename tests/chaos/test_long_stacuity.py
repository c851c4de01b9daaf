"""The main job on a Stacuity account under kill -9, under faults, and from two processes at once."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chaos.test_long_kills import HASTY, kill_at_random
from tests.flows.fleet import MONIKER, Fleet

pytestmark = pytest.mark.timeout(1200)

ROWS = 1000
FAULTS = [
    {"fault": "hang_after", "route": "assign", "probability": 0.02},
    {"fault": "hang_after", "route": "edit", "probability": 0.02},
    {"fault": "late_commit", "route": "assign", "probability": 0.01, "late": 2.5},
    {"fault": "late_commit", "route": "edit", "probability": 0.01, "late": 2.5},
    {"fault": "error_after", "route": "edit", "probability": 0.05},
    {"fault": "reset_after", "route": "assign", "probability": 0.03},
    {"fault": "html_502", "status": 500, "route": "*", "probability": 0.01, "when": "before"},
    {"fault": "cut_body", "route": "assign", "probability": 0.02},
    {"fault": "throttle", "route": "*", "probability": 0.01, "retry_after": "0.2", "times": 2},
]


@pytest.fixture
def fleet(tmp_path, prefect_api) -> Iterator[Any]:
    """Makes Stacuity accounts of a thousand pending endpoints."""
    opened = []

    def make(**options: Any) -> Fleet:
        folder = tmp_path / f"fleet-{len(opened)}"
        folder.mkdir()
        opened.append(Fleet(folder, rows=ROWS, api=prefect_api, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.__exit__()


def check(here: Fleet, active: int) -> None:
    """Everything was done, each thing once, and the store knows it."""
    truth = [here.platform.endpoints[iccid] for iccid in here.iccids]

    assert {tuple(one["tags"]) for one in truth} == {("batch",)}
    assert Counter((one["status"], one["group"]) for one in truth) == Counter(
        {("active", MONIKER): active, ("pending", None): ROWS - active}
        if active < ROWS
        else {("active", MONIKER): ROWS}
    )
    assert set(here.committed("activate").values()) == {1}
    assert set(here.committed("assign").values()) == {1}, "nobody was put into the group a second time"
    here.check_mapping()


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_thousand_endpoints_are_tagged_and_grouped_once_whenever_the_process_is_killed(request, fleet, chance, store):
    url = request.getfixturevalue("postgres").empty() if store == "postgresql" else ""
    here = fleet(account=HASTY, store_url=url)
    kills = kill_at_random(here, chance, *here.provision, times=4)
    here.run_on(*here.provision, times=3, seconds=300)
    kills += kill_at_random(here, chance, *here.activate(600), times=3)
    here.run_on(*here.activate(600), times=3, seconds=300)

    assert kills > 0
    check(here, 600)


def test_a_thousand_endpoints_are_tagged_and_grouped_once_on_a_platform_that_misbehaves(fleet):
    here = fleet(account=HASTY)
    here.platform.ask("/faults", FAULTS)
    first = here.run_on(*here.provision, times=4, seconds=600)
    here.run_on(*here.activate(), times=4, seconds=600)

    assert first.summary["accepted"] == ROWS
    check(here, ROWS)


def test_two_processes_share_the_work_and_do_each_thing_once(fleet):
    here = fleet(account=HASTY)
    for command in (here.provision, here.activate()):
        both = [here.start(*command) for _ in range(2)]
        codes = {one.end(600).code for one in both}
        assert codes == {0}
        here.run(*command)
    check(here, ROWS)
