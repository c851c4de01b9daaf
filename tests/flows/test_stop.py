"""Stopping: no write starts after it, what was in flight is recorded, and the rest is done later."""

import signal

import pytest

from tests.flows.processes import until
from tests.flows.world import World

ROWS, IN_FLIGHT = 60, 5
SLOW = {"rate_per_second": 30, "max_in_flight": IN_FLIGHT}


@pytest.fixture
def started(world):
    """A world and a provision in it that is well under way."""
    here = world(rows=ROWS, account=SLOW, platform={"--latency": "0.1-0.3"})
    command = here.start(*here.provision)
    until(lambda: here.platform.writes >= 15 or command.is_over, 100, "the first writes")
    return here, command


def nothing_is_lost(here: World) -> None:
    """What the platform did is recorded, and nothing is left under way."""
    made = {iccid: ids[0] for iccid, ids in here.platform.created().items()}
    assert {iccid: found for iccid, found in here.mapping().items() if found} == made
    assert here.run("resolve", "--json").rows == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_lets_no_write_start_and_records_what_was_in_flight(started, number):
    here, command = started
    command.signal(number)
    before = here.platform.writes
    ended = command.end(60)

    assert ended.code == 1
    assert "Stopping: no new call starts" in ended.err
    assert "Traceback" not in ended.err
    assert here.platform.writes - before <= IN_FLIGHT
    assert ended.summary["confirmed"] < ROWS
    assert "(stopped early)" in ended.out
    nothing_is_lost(here)


@pytest.mark.long
def test_a_second_ctrl_c_leaves_at_once_and_loses_nothing_either(world):
    here = world(rows=20, account={"deadline_seconds": 3, "max_in_flight": 4}, platform={"--latency": 2.5})
    command = here.start(*here.provision)
    until(lambda: here.platform.writes >= 4 or command.is_over, 100, "the first writes")
    command.signal(signal.SIGINT)
    until(lambda: command.is_over or "Stopping" in command.said, 20, "the word that it stops")
    command.signal(signal.SIGINT)
    ended = command.end(30)

    assert ended.code == 1
    first, last = ended.err.splitlines()
    assert first.startswith("Stopping: ")
    assert last.startswith("preactive: Left at once; the calls under way are looked up")
    here.platform.ask("/settings", {"latency_write": 0.02, "latency_read": 0.02})
    here.run(*here.provision)
    here.check_one_each()


@pytest.mark.long
def test_a_cancel_from_another_process_lets_no_write_start(started):
    here, command = started
    said = here.run("batch", "cancel", "batch").out
    before = here.platform.writes
    ended = command.end(60)

    assert "preactive batch retry batch" in said
    assert ended.code == 1
    assert here.platform.writes - before <= IN_FLIGHT
    assert here.run("batch", "list", "--json").rows[0]["cancelled"] is True
    nothing_is_lost(here)

    assert here.run("batch", "retry", "batch", "--yes").summary["accepted"] == ROWS
    assert here.run("batch", "list", "--json").rows[0]["cancelled"] is False
    here.check_one_each()


@pytest.mark.long
def test_a_stopped_account_sends_nothing_and_what_was_left_is_gone_on_with_once_it_is_started(started):
    here, command = started
    here.run("account", "stop", "t", "--reason", "a storm at the platform")
    before = here.platform.writes
    ended = command.end(60)
    after = here.platform.writes
    held = here.run(*here.provision, code=4)
    held_too = here.run("unfinished", "--yes", code=None)
    (account,) = [row for row in here.run("account", "list", "--json").rows if row["account"] == "t"]

    assert ended.code == 1
    assert after - before <= IN_FLIGHT
    assert "a storm at the platform" in held.sentence
    assert "a storm at the platform" in held_too.err
    assert here.platform.writes == after
    assert account["stopped"]

    here.run("account", "start", "t")
    (left,) = here.run("unfinished", "--json").rows
    summary = here.run("unfinished", "--yes").summary

    assert left["planned"] > 0
    assert (summary["accepted"], summary["already"] + summary["confirmed"]) == (ROWS, ROWS)
    here.check_one_each()
    assert here.run("unfinished", "--json").rows == []


def test_a_cancel_in_prefect_ends_the_run(world, prefect_api):
    # Prefect only marks the run, and is asked every few seconds: so there must be much to do.
    rows = 200
    here = world(rows=rows, account=SLOW, platform={"--latency": "0.1-0.3"})
    command = here.start(*here.provision)
    until(lambda: here.platform.writes >= 15 or command.is_over, 100, "the first writes")
    run = until(lambda: prefect_api.running(f"{rows} rows · t"), 20, "the run in Prefect")
    prefect_api.cancel(run["id"])
    ended = command.end(60)
    state = prefect_api.run(run["id"])["state"]

    assert ended.code == 1
    assert "Traceback" not in ended.err
    assert "(stopped early)" in ended.out, ended.err
    assert ended.summary["confirmed"] < rows
    assert state["type"] == "CANCELLED", state
    nothing_is_lost(here)
    assert here.run("unfinished", "--json").rows == [], "what a person cancelled is left alone"
