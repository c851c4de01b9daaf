"""A store that is locked, full, read-only or damaged: no operation is handed out, and the sentence says what to do."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from adapters.store import engine as engines
from adapters.store.check import check
from adapters.store.reading import Reader
from adapters.store.store import Store
from domain.errors import StoreDamaged, StoreFull, StoreLocked, StoreUnavailable
from tests.support.desk import Desk, accepted, done, manifest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(prepared_file, tmp_path):
    """An embedded store; a server has its own ways of telling these."""
    return Path(shutil.copy(prepared_file, tmp_path / "store.db"))


@pytest.fixture
def store_url(path):
    return f"sqlite:///{path}"


@pytest.fixture
def on_connect():
    """Let every new connection of any engine begin with some SQL."""
    added = []

    def begin_with(sql):
        def run(connection, _record):
            connection.execute(sql)

        event.listen(Engine, "connect", run)
        added.append(run)

    yield begin_with
    for run in added:
        event.remove(Engine, "connect", run)


# --- locked ---


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(engines, "_BUSY_SECONDS", 0.05)


@pytest.fixture
def holder(path):
    """Another program that holds the store."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    yield connection
    connection.close()


def test_a_locked_store_is_not_opened(impatient, holder, store_url):
    with pytest.raises(StoreLocked, match=r"store\.db is locked by another program .*; nothing was changed, end that"):
        Store(store_url)


async def test_nothing_is_handed_out_while_the_store_is_locked(impatient, desk, path):
    scope, ledger = desk.batch(2), await desk.ledger()
    (work,) = (await ledger.step(scope, [], 1)).work
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreLocked):
        await ledger.step(scope, [done(work)], 1)
    holder.close()

    assert desk.operations() == ["sent", "planned"]
    await ledger.step(scope, [done(work)], 0)
    assert desk.operations() == ["confirmed", "planned"]


class Impatient(sqlite3.Connection):
    """Waits for nobody, whatever it is told."""

    def execute(self, sql, *values):
        return super().execute("PRAGMA busy_timeout = 0" if "busy_timeout" in sql else sql, *values)


def test_a_locked_store_is_not_read(holder, store_url, monkeypatch):
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Impatient))

    with pytest.raises(StoreLocked, match="locked by another program; end that program"), Reader(store_url).open():
        pass


def test_the_turn_of_a_dead_process_is_free_again(impatient, store_url):
    code = (
        "import os, sys\n"
        "from adapters.store.engine import Turns\n"
        "turn = Turns(sys.argv[1]).mine()\n"
        "turn.__enter__()\n"
        "print('mine', flush=True)\n"
        "sys.stdin.readline()\n"
    )
    command = [sys.executable, "-c", code, store_url]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "mine\n"
        with pytest.raises(StoreLocked):
            Store(store_url)
        child.kill()
        child.wait()

    Store(store_url).close()


# --- full ---


def pages_in_use(path):
    with sqlite3.connect(path) as connection:
        (used,) = connection.execute("PRAGMA page_count").fetchone()
    connection.close()
    return used


async def test_on_a_full_disk_nothing_is_handed_out_and_nothing_is_lost(on_connect, desk, path, store_url):
    scope = desk.batch(400)
    on_connect(f"PRAGMA max_page_count = {pages_in_use(path) + 1}")
    full = Desk(store_url)
    ledger = await full.ledger(max_in_flight=512)

    with pytest.raises(StoreFull, match=r"The disk of the store .*store\.db is full or failing; free space, then run"):
        await ledger.step(scope, [], 400)

    assert set(desk.operations()) == {"planned"}
    assert desk.facts() == []
    full.close()


async def test_an_outcome_that_could_not_be_written_can_be_written_later(on_connect, desk, path, store_url):
    scope, ledger = desk.batch(300), await desk.ledger(max_in_flight=512)
    works = (await ledger.step(scope, [], 300)).work
    on_connect(f"PRAGMA max_page_count = {pages_in_use(path)}")
    full = Store(store_url)
    cramped = await desk.ledger(full)
    outcomes = [done(work, text="x" * 500) for work in works]

    with pytest.raises(StoreFull):
        await cramped.step(scope, outcomes, 0)
    assert set(desk.operations()) == {"sent"}

    await ledger.step(scope, outcomes, 0)
    assert set(desk.operations()) == {"confirmed"}
    full.close()


LIMITED = """
import resource, signal, sys
from sqlalchemy import text
from adapters.store.store import Store
from domain.errors import StoreFull

store = Store(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    store.write(lambda c: c.execute(text("INSERT INTO stops VALUES (:a, :b, 0)"), {"a": "a", "b": "x" * 500_000}))
except StoreFull as error:
    print("full:", error)
"""


def test_a_file_that_cannot_grow_is_a_full_disk(store_url, path):
    size = str(path.stat().st_size)

    child = subprocess.run(
        [sys.executable, "-c", LIMITED, store_url, size], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert child.stdout.startswith("full: The disk of the store"), child.stderr
    store = Store(store_url)
    assert "no damage" in str(store.write(check))
    store.close()


# --- read-only ---


def test_a_store_that_may_only_be_read_is_said_so(on_connect, store_url):
    on_connect("PRAGMA query_only = ON")

    with pytest.raises(StoreFull, match=r"cannot be written; check the rights of its file and folder"):
        Store(store_url).write(check)


READ_ONLY = """
import os, sys
from adapters.store.check import check
from adapters.store.store import Store
from domain.errors import StoreUnavailable

if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)  # nothing is read-only for root
try:
    Store(sys.argv[1]).write(check)
except StoreUnavailable as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o777), (0o666, 0o555), (0o444, 0o555), (0o000, 0o555)])
def test_a_file_or_folder_without_the_right_to_write_is_said_so(store_url, path, file_mode, folder_mode):
    folder = Path(tempfile.mkdtemp())  # not in tmp_path, which only its owner may enter
    file = folder / "store.db"
    file.write_bytes(path.read_bytes())
    file.chmod(file_mode)
    folder.chmod(folder_mode)

    child = subprocess.run(
        [sys.executable, "-c", READ_ONLY, f"sqlite:///{file}"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    folder.chmod(0o755)
    for left in folder.iterdir():
        left.unlink()
    folder.rmdir()
    assert child.stderr == ""
    assert str(file) in child.stdout
    assert child.stdout.split()[0] in ("StoreFull", "StoreUnavailable")


# --- damaged ---


def test_a_file_that_is_no_store_is_damaged_and_left_alone(tmp_path):
    path = tmp_path / "garbage.db"
    path.write_bytes(b"This is not a database. " * 500)
    url = f"sqlite:///{path}"

    with pytest.raises(StoreDamaged, match=r"garbage\.db is damaged; restore a backup"):
        Store(url)
    with pytest.raises(StoreDamaged), Reader(url).open() as reader:
        reader.rows("SELECT 1 FROM stops")

    assert path.read_bytes() == b"This is not a database. " * 500


def test_flipped_pages_are_found_by_the_check(desk, path, store_url):
    desk.ingest(manifest(accepted(*range(1, 2000))))
    desk.close()
    content = bytearray(path.read_bytes())
    for offset in range(8192, len(content), 4096):
        content[offset : offset + 200] = os.urandom(200)
    path.write_bytes(content)

    with pytest.raises(StoreDamaged):
        Store(store_url).write(check)


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        Store(f"sqlite:///{tmp_path / 'file' / 'store.db'}")


def test_the_folder_of_a_new_store_is_for_its_owner_alone(tmp_path):
    Store(f"sqlite:///{tmp_path / 'new' / 'store.db'}").close()

    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


async def test_a_store_in_trouble_does_not_take_the_process_with_it(impatient, desk, path):
    """After the trouble the same objects go on."""
    scope, ledger = desk.batch(1), await desk.ledger()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    for _ in range(2):
        with pytest.raises(StoreLocked):
            await ledger.step(scope, [], 1)
    holder.execute("ROLLBACK")
    holder.close()

    (work,) = (await ledger.step(scope, [], 1)).work
    await ledger.step(scope, [done(work)], 0)

    assert desk.operations() == ["confirmed"]
