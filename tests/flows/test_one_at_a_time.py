"""A job of a schedule is done by one process at a time, and the death of that process is no reason to wait."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext

from adapters import settings
from flows.inbox import inbox
from tasks import resources
from tests.flows.prefect_server import DEPLOYMENTS
from tests.flows.processes import clean_env

HOLD = """
import sys, time
from adapters.store.exclusive import exclusive
with exclusive(*sys.argv[1:]) as is_ours:
    print(is_ours, flush=True)
    time.sleep(600)
"""
pytestmark = pytest.mark.both
SCHEDULED = [entry["entrypoint"] for entry in DEPLOYMENTS if entry.get("schedules")]


@pytest.fixture
def here(store_url, monkeypatch) -> Iterator[str]:
    """The store of the settings, on each database in turn."""
    monkeypatch.setenv("PREACTIVE_STORE_URL", store_url)
    settings.load.cache_clear()
    yield store_url
    settings.load.cache_clear()


@pytest.fixture
def holder(here) -> Iterator[subprocess.Popen[str]]:
    """A living process that is at the inbox."""
    with at_work(here, "inbox") as process:
        yield process


@contextmanager
def at_work(url: str, job: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock of a job."""
    command = [sys.executable, "-c", HOLD, url, job]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean_env()) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "True\n"
            yield process
        finally:
            process.kill()


@contextmanager
def deployed() -> Iterator[None]:
    """What runs inside was started by a deployment."""
    run = FlowRun(flow_id=uuid4(), deployment_id=uuid4(), name="scheduled")
    with FlowRunContext.model_construct(flow_run=run):
        yield


async def do(flow, **request):
    """The last word of a flow that is called as `told_flow` calls it."""
    wanted = import_request(flow)(**request)
    return await flow.fn.__wrapped__(wanted)


def import_request(flow):
    return flow.fn.__annotations__["request"]


async def test_every_scheduled_job_is_left_to_a_living_process_and_says_so(here):
    for entrypoint in SCHEDULED:
        module, _, name = entrypoint.rpartition(".")
        with resources.only_one(name) as is_ours, deployed():
            assert is_ours
            state = await do(getattr(import_module(module), name))

        assert state.is_completed()
        assert state.message == f"another {name} run is at work; this one changed nothing"


@pytest.mark.usefixtures("holder")
async def test_another_process_at_the_job_is_seen_and_another_job_is_not_held_up(here):
    with deployed():
        state = await do(inbox, dry_run=True)
    with resources.only_one("poll") as is_ours:
        assert is_ours

    assert state.message.startswith("another inbox run is at work")


async def test_the_lock_of_a_process_that_was_killed_is_free_at_once(holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()

    with deployed():
        async with asyncio.timeout(20):  # a server hears a moment later that a connection has ended
            while (state := await do(inbox, dry_run=True)).message.startswith("another inbox run"):  # noqa: ASYNC110 - the lock tells nobody
                await asyncio.sleep(0.05)

    assert state.message.startswith("dry run: 0 files ready")


@pytest.mark.usefixtures("holder")
async def test_a_person_at_a_terminal_is_not_held_up():
    state = await do(inbox, dry_run=True)

    assert state.message.startswith("dry run: 0 files ready")


def test_the_lock_is_given_back_when_the_job_ends_badly(here):
    with pytest.raises(ZeroDivisionError), ExitStack() as stack:
        assert stack.enter_context(resources.only_one("inbox"))
        raise ZeroDivisionError
    with resources.only_one("inbox") as is_ours:
        assert is_ours
