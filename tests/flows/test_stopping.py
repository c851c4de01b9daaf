"""Ctrl-C and SIGTERM stop a run and what called it, whoever took the signals meanwhile."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.store import deadline
from flows.stopping import stopped_by_signals
from tasks import resources
from tasks.stop_signals import ENDED_EARLY, stop_signals

ROOT = Path(__file__).parents[2]
BOTH = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _started_without_nohup():
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def taken() -> Iterator[list[int]]:
    """Signals that somebody else got, who had them before."""
    got: list[int] = []
    before = {number: signal.signal(number, lambda came, _: got.append(came)) for number in BOTH}
    yield got
    for number, handler in before.items():
        signal.signal(number, handler)
    resources.forget_stop()


async def send(number: int) -> None:
    """Send this process a signal, and let it be handled."""
    os.kill(os.getpid(), number)
    for _ in range(3):
        await asyncio.sleep(0)


def as_prefect_does(other: list[int]) -> Callable[[int, object], None]:
    """What Prefect does when a run within a run begins: it takes SIGTERM."""

    def raises(number: int, _: object) -> None:
        other.append(number)
        raise AssertionError("in the middle of whatever ran")

    return raises


@pytest.mark.parametrize("number", BOTH)
async def test_a_run_within_a_run_is_told_to_stop_though_prefect_took_the_signal_for_it(taken, number, capsys):
    with stopped_by_signals():
        before = signal.signal(signal.SIGTERM, as_prefect_does(taken))
        with stopped_by_signals():
            await send(number)
        signal.signal(signal.SIGTERM, before)

        assert resources.is_stopping()
    assert taken == []
    assert "Stopping: no new call starts" in capsys.readouterr().err


@pytest.mark.parametrize("number", BOTH)
async def test_after_a_run_within_it_the_outer_run_is_told_to_stop(taken, number):
    with stopped_by_signals():
        before = signal.signal(signal.SIGTERM, as_prefect_does(taken))
        with stopped_by_signals():
            pass
        await send(number)  # before Prefect gave it back
        assert resources.is_stopping()
        resources.forget_stop()
        signal.signal(signal.SIGTERM, before)
        await send(number)  # and after

        assert resources.is_stopping()
    assert taken == []


async def test_a_stop_holds_until_the_outermost_run_has_ended_and_no_longer(taken):
    with stopped_by_signals():
        with stopped_by_signals():
            await send(signal.SIGINT)
        assert resources.is_stopping()
    assert not resources.is_stopping()
    await send(signal.SIGINT)

    assert taken == [signal.SIGINT], "the signals do again what they did before"


async def test_runs_that_end_in_another_order_than_they_began_give_the_signals_back_too(taken):
    ends = [asyncio.Event(), asyncio.Event()]

    async def run(end: asyncio.Event) -> None:
        with stopped_by_signals():
            await end.wait()

    runs = [asyncio.create_task(run(end)) for end in ends]
    await asyncio.sleep(0)
    for one, end in zip(runs, ends, strict=True):
        end.set()
        await one
    await send(signal.SIGTERM)

    assert taken == [signal.SIGTERM]


async def test_a_second_signal_leaves_at_once(taken):
    async def run() -> None:
        with stopped_by_signals():
            await asyncio.sleep(60)

    running = asyncio.create_task(run())
    await asyncio.sleep(0)
    await send(signal.SIGINT)
    assert not running.done()
    await send(signal.SIGINT)

    with pytest.raises(asyncio.CancelledError):
        await running
    assert taken == []


async def test_a_signal_hurries_the_store_at_once_though_the_loop_is_busy(taken):
    with stopped_by_signals():
        os.kill(os.getpid(), signal.SIGTERM)  # the loop itself is not asked until we wait for something

        assert deadline.is_stopping()
        await asyncio.sleep(0)
    assert not deadline.is_stopping()


def test_a_hang_up_that_is_ignored_as_under_nohup_stops_nothing():
    assert signal.SIGHUP in stop_signals()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    assert signal.SIGHUP not in stop_signals()


@pytest.mark.parametrize(("seconds", "ended"), [(0.1, ENDED_EARLY), (60, 0)], ids=["hangs", "ends by itself"])
def test_a_process_that_does_not_end_in_time_is_ended_and_says_so(seconds, ended):
    script = f"import time\nfrom tasks.stop_signals import HardEnd\nwith HardEnd() as end:\n    end.within({seconds})\n"
    script += "    time.sleep(60)" if ended else ""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=30)

    words = "preactive: Ended 0 s after it was told to stop; what is open is looked up by the next run.\n"
    assert (done.returncode, done.stderr) == (ended, words if ended else "")
