"""kill -9 at random moments, over and over, with and without a platform that misbehaves."""

import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.flows.processes import children, until
from tests.flows.world import World

pytestmark = pytest.mark.timeout(1200)

ROWS = 1000
HASTY = {"deadline_seconds": 2, "settle_seconds": 3, "rate_per_second": 400}
FAULTS = [
    {"fault": "error_after", "route": "CreateEndPoint", "probability": 0.2},
    {"fault": "hang_after", "route": "CreateEndPoint", "probability": 0.05},
    {"fault": "cut_body", "route": "createEndpointTag", "probability": 0.05},
    {"fault": "late_commit", "route": "CreateEndPoint", "probability": 0.02, "late": 2.5},
]


def kill_at_random(here: World, chance, *command: str, times: int) -> int:
    """Kill the command at random moments, and return how often it came to that."""
    kills = 0
    for _ in range(times):
        running = here.start(*command)
        first = here.platform.writes
        wanted = first + chance.randrange(1, 600)
        until(lambda: running.is_over or here.platform.writes >= wanted, 300)  # noqa: B023
        if running.is_over:
            break
        running.kill()
        kills += 1
    return kills


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_thousand_endpoints_are_made_once_each_whenever_the_process_is_killed(request, world, chance, store):
    url = request.getfixturevalue("postgres").empty() if store == "postgresql" else ""
    here = world(rows=ROWS, account=HASTY, store_url=url)
    kills = kill_at_random(here, chance, *here.provision, times=8)
    ended = here.run_on(*here.provision, times=3, seconds=300)

    assert kills > 0
    assert ended.summary["accepted"] == ROWS
    here.check_one_each()
    assert Counter(entry["kind"] for entry in here.platform.ledger)["tag"] == ROWS


def test_a_thousand_endpoints_are_made_once_each_on_a_platform_that_misbehaves_too(world, chance):
    # The platform takes half of the rate that the account was promised, and its tokens live for two seconds.
    account = HASTY | {"rate_per_second": 200}
    platform = {"--rate": 100, "--token-seconds": 2, "--seed": 1}
    here = world(rows=ROWS, account=account, platform=platform)
    here.platform.ask("/faults", FAULTS)
    kills = kill_at_random(here, chance, *here.provision, times=4)
    ended = here.run_on(*here.provision, times=6, seconds=600)

    assert kills > 0
    assert ended.summary["accepted"] == ROWS
    here.check_one_each()


def test_an_activation_adds_each_endpoint_once_whenever_the_process_is_killed(world, chance):
    here = world(rows=ROWS, account=HASTY)
    here.run(*here.provision)
    kills = kill_at_random(here, chance, *here.activate(500), times=5)
    here.run_on(*here.activate(500), times=3, seconds=300)
    found = Counter((e["status"], len(e["addons"])) for e in here.platform.endpoints.values())

    assert kills > 0
    assert found == {("Active", 1): 500, ("Pre-Active", 0): ROWS - 500}


def test_a_prefect_api_that_dies_under_way_is_started_again_and_costs_nothing(bare_world, chance):
    here = bare_world(rows=200, account={"rate_per_second": 40})
    command = here.start(*here.provision)
    wanted = chance.randrange(1, 300)
    until(lambda: command.is_over or here.platform.writes >= wanted, 300)
    for pid in children(command.pid):
        if "flows.embedded" in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGKILL)
    ended = command.end(120)
    here.run(*here.provision)

    assert ended.code == 0
    assert not ended.err, ended.err[:2000]
    here.check_one_each()


def test_neither_faults_nor_short_tokens_nor_a_lower_rate_nor_kills_make_an_endpoint_twice(world):
    here = world(
        rows=60,
        account=HASTY | {"deadline_seconds": 1, "settle_seconds": 2, "rate_per_second": 100},
        platform={"--rate": 50, "--token-seconds": 2, "--latency": 0.03},
    )
    here.platform.ask(
        "/faults",
        [
            {"fault": "error_after", "route": "CreateEndPoint", "probability": 0.2},
            {"fault": "hang_after", "route": "CreateEndPoint", "probability": 0.05},
        ],
    )
    assert here.kill_at(50, *here.provision)
    ended = here.run_on(*here.provision, times=3)

    stats, commands = here.platform.stats, here.commands
    assert ended.summary["accepted"] == 60
    assert stats["faults"]["error_after"] > 0
    assert stats["requests"]["POST /login"] > commands, "a token ran out"
    for asked in here.platform.asked_to_create().values():
        assert not any(entry["fault"] for entry in asked[:-1])  # it was done, so it is never asked for again
    here.check_one_each()
