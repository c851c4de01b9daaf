"""A power cut at any moment: what the store said is on the disk, and nothing was sent that is not."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from domain.ports import Result, Scope
from tests.support.desk import Desk, accepted, done, manifest
from tests.support.forgetful_disk import forgetful_disk
from tests.support.postgres import Postgres

CUTS, ROWS, ROOM = 300, 24, 3


class PowerCut(Exception):
    """Nothing goes on after this."""


@pytest.fixture(scope="module", autouse=True)
def no_thread_is_left_running():
    """Nobody closes a store after a power cut: its threads wait for ever."""


@pytest.fixture
def disk():
    try:
        with forgetful_disk() as made:
            yield made
    except AttributeError:
        pytest.skip("this Python keeps its SQLite to itself, so that no power cut can be played")


async def work_through(url: str, note: Callable[[str, Any], None], rows: int = ROWS) -> None:
    """Create SIMs as the executor does, and note each call and each outcome that the store has taken."""
    desk = Desk(url)
    scope = Scope(desk.ingest(manifest(accepted(*range(rows))), platform_tags="off").change)
    ledger = await desk.ledger(rate_per_second=1000)
    results: list[Result] = []
    while True:
        step = await ledger.step(scope, results, ROOM)
        for result in results:
            note("recorded", (result.work.id, result.answer.endpoint_id))
        if not step.work:
            break
        for work in step.work:
            note("sent", work.id)
        results = [done(work) for work in step.work]
    desk.close()


SENT = "SELECT operation_id FROM attempts WHERE event = 'sent'"
KEPT = "SELECT o.id, e.endpoint_id FROM operations o JOIN endpoints e ON e.id = o.endpoint"


async def test_after_a_power_cut_every_call_that_went_out_is_known_and_every_outcome_that_was_recorded(
    disk, prepared_file, tmp_path
):
    path = tmp_path / "store.db"
    shutil.copy(prepared_file, path)
    await work_through(f"sqlite:///{path}", disk.note)
    chance = random.Random(1)
    begins = next(number for number, entry in enumerate(disk.log) if entry[:2] == ("did", "sent"))

    for number, moment in enumerate(sorted(chance.choices(range(begins, len(disk.log) + 1), k=CUTS))):
        folder = tmp_path / f"cut-{number}"
        folder.mkdir()
        did = disk.cut(moment, folder, chance)
        with sqlite3.connect(folder / "store.db") as store:
            assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            known = {row[0] for row in store.execute("SELECT operation_id FROM attempts WHERE event = 'sent'")}
            kept = set(
                store.execute("SELECT o.id, e.endpoint_id FROM operations o JOIN endpoints e ON e.id = o.endpoint")
            )
        store.close()
        shutil.rmtree(folder)
        assert set(did.get("sent", ())) <= known, f"a call that nobody knows of, after a cut at entry {moment}"
        assert set(did.get("recorded", ())) <= kept, f"an outcome is forgotten, after a cut at entry {moment}"


async def test_a_disk_that_is_never_told_to_sync_forgets(disk, prepared_file, tmp_path):
    """The check of the check: without syncs the same cuts lose calls or break the file."""
    path = tmp_path / "store.db"
    shutil.copy(prepared_file, path)
    await work_through(f"sqlite:///{path}", disk.note)
    disk.log[:] = [entry for entry in disk.log if entry[0] != "sync"]
    chance, lost = random.Random(1), 0

    for number in range(20):
        folder = tmp_path / f"cut-{number}"
        folder.mkdir()
        did = disk.cut(len(disk.log), folder, chance)
        try:
            with sqlite3.connect(folder / "store.db") as store:
                known = {row[0] for row in store.execute(SENT)}
            lost += not set(did["sent"]) <= known
        except sqlite3.DatabaseError:
            lost += 1
    assert lost == 20


async def test_a_server_that_is_killed_with_its_memory_has_what_it_said_it_has():
    """PostgreSQL: not what its memory held counts, but what it had flushed."""
    server, chance = Postgres(), random.Random(1)
    try:
        for _ in range(4):
            url, noted = server.copied(), {"sent": [], "recorded": []}
            cut_at = chance.randrange(20, 200)

            def note(what, value, noted=noted, cut_at=cut_at):
                noted[what].append(value)
                if len(noted["sent"]) == cut_at:
                    server.cut_off()
                    raise PowerCut

            with pytest.raises(PowerCut):
                await work_through(url, note, rows=400)
            with psycopg.connect(url.replace("+psycopg", "")) as store:
                known, kept = {row[0] for row in store.execute(SENT)}, set(store.execute(KEPT))
            assert set(noted["sent"]) <= known
            assert set(noted["recorded"]) <= kept
    finally:
        server.stop()
