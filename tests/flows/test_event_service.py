"""The listener for webhooks as a process: what it took in is kept, whichever signal ends it."""

import shutil
import signal
import sqlite3
from contextlib import closing, contextmanager

import pytest

from tests.flows.fleet import Fleet
from tests.flows.processes import fetch, until

HOOK = "hook-token"
EVENT = {"eventId": "e-9", "eventTime": "2026-01-01T00:00:00Z", "eventType": "EndpointIMEIChanged_v1"}


@contextmanager
def handled(number, how):
    """What this process does on a signal, and what it starts does therefore."""
    before = signal.signal(number, how)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.fixture
def here(tmp_path, prepared_file):
    """A Stacuity account that takes webhooks."""
    shutil.copy(prepared_file, tmp_path / "store.db")
    with Fleet(tmp_path, rows=2, account={"webhook_token": HOOK}) as made:
        yield made


def listening(here):
    """The command, and the address at which it listens."""
    command = here.start("events", "serve", "--port", "0")
    return command, until(lambda: command.is_over or command.printed.strip(), 60, "the address").split()[-1]


def test_a_closed_terminal_ends_the_listener_cleanly_and_what_it_took_in_is_kept(here):
    with handled(signal.SIGHUP, signal.SIG_DFL):  # or nohup would keep it from the command too
        command, address = listening(here)
    fetch(address, EVENT, headers={"Authorization": f"Bearer {HOOK}"})
    command.signal(signal.SIGHUP)
    ended = command.end(30)

    assert (ended.code, ended.err) == (0, "")
    with closing(sqlite3.connect(here.store)) as store:
        assert store.execute("SELECT type FROM inbox").fetchall() == [(EVENT["eventType"],)]


def test_a_closed_terminal_does_not_end_a_listener_that_was_started_with_nohup(here):
    with handled(signal.SIGHUP, signal.SIG_IGN):
        command, address = listening(here)
    command.signal(signal.SIGHUP)
    fetch(address, EVENT, headers={"Authorization": f"Bearer {HOOK}"})
    command.signal(signal.SIGTERM)

    assert command.end(30).code == 0
