"""A program writes to a store of its own version alone, however long it has had it open."""

import os
import shutil
import socket
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from adapters.store import lanes, migrate, schema, unfinished
from adapters.store.schema import HEAD, KNOWN
from adapters.store.store import Store, upgrade_store
from domain.errors import Refused, StoreNewer
from domain.ports import Scope
from tests.support.desk import ACCOUNT, Desk, done

NEXT = "0999"
FAKE = f"""
from alembic import op
revision, down_revision, branch_labels, depends_on = {NEXT!r}, {HEAD!r}, None, None

def upgrade():
    op.execute("UPDATE stops SET reason = 'upgraded'")
"""


@pytest.fixture
def own(empty_url):
    """A desk at a store that no other test uses, since its version changes."""
    Store(empty_url).close()
    made = Desk(empty_url)
    yield made
    made.close()


@pytest.fixture
def next_program(tmp_path, monkeypatch):
    """What the next version of the program does at `db upgrade`."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / f"{NEXT}_fake.py").write_text(FAKE)

    def upgrade(url: str, **options) -> str:
        with monkeypatch.context() as patched:
            patched.setattr(migrate, "MIGRATIONS", folder)
            patched.setattr(migrate, "HEAD", NEXT)
            patched.setattr(migrate, "KNOWN", (*KNOWN, NEXT))
            return upgrade_store(url, **options)

    return upgrade


def stop(desk: Desk) -> None:
    desk.store.write(unfinished.stop_account, ACCOUNT, "a person said so")


def reason(desk: Desk) -> str:
    return desk.one("SELECT reason FROM stops")


# --- a program of this version or a later one ---


async def test_an_open_store_that_was_upgraded_takes_nothing_more_from_this_program(own, next_program):
    stop(own)
    next_program(own.url)

    told = rf"brought to version {NEXT} while this program, of version {HEAD}, was running; .* restart the program"
    with pytest.raises(StoreNewer, match=told):
        own.store.write(unfinished.start_account, ACCOUNT)
    with pytest.raises(StoreNewer, match=told):
        own.store.rehearse(unfinished.start_account, ACCOUNT)
    with pytest.raises(StoreNewer, match=told):
        await own.store.awrite(unfinished.start_account, ACCOUNT)
    assert reason(own) == "upgraded"


async def test_what_was_handed_out_before_the_upgrade_is_neither_decided_nor_followed_by_more(own, next_program):
    ledger = await own.ledger()
    scope = own.batch(2)
    works = (await ledger.step(scope, [], 1)).work
    facts = len(own.facts())
    next_program(own.url, force=True)

    with pytest.raises(StoreNewer):
        await ledger.step(scope, [done(works[0])], 2)
    assert own.operations() == ["sent", "planned"]
    assert len(own.facts()) == facts


def test_an_upgrade_waits_for_a_transaction_that_began_before_it(own, next_program):
    """So none is compared with the old version and committed beside the new one."""
    stop(own)
    upgrading = threading.Thread(target=next_program, args=(own.url,))

    def slow(connection) -> None:
        upgrading.start()
        upgrading.join(0.4)
        assert upgrading.is_alive()
        connection.execute(text("UPDATE stops SET reason = 'written before'"))

    own.store.write(slow)
    upgrading.join(30)

    assert not upgrading.is_alive()
    assert reason(own) == "upgraded", "the upgrade saw what was written before it"


# --- who is there ---


async def test_an_upgrade_is_refused_while_a_process_works_with_the_store_and_says_which(own, next_program):
    stop(own)
    await own.ledger()

    told = rf"process {os.getpid()} on host {socket.gethostname()} works for account {ACCOUNT}, last seen \d+ s ago"
    with pytest.raises(Refused, match=rf"in use, so nothing was upgraded: {told}\. End them .* --force"):
        next_program(own.url)
    assert (reason(own), own.one("SELECT version_num FROM alembic_version")) == ("a person said so", HEAD)
    assert next_program(own.url, force=True) == NEXT


@pytest.mark.parametrize("left", ["a lease that is over", "a process that died"])
async def test_what_is_left_of_a_dead_process_holds_up_no_upgrade(own, next_program, left):
    await own.ledger()
    if left == "a lease that is over":
        own.do("UPDATE workers SET heartbeat_at = heartbeat_at - :past", past=lanes.LEASE_SECONDS + 1)
    else:
        own.do("UPDATE workers SET pid = 99999999")

    assert next_program(own.url) == NEXT


def test_an_upgrade_of_an_up_to_date_store_asks_nobody_to_end(own):
    own.do("INSERT INTO workers (id, host, pid, account, heartbeat_at) VALUES ('w', 'elsewhere', 1, 't', 9e9)")

    assert upgrade_store(own.url) == HEAD


# --- a program of version 0010 or before, which looks at the version once only ---

OLDER = "this program is older than the store, end it and start the present one"
AS_0010 = {
    "a fact": "UPDATE chains SET length = 7, head = 'x' WHERE account = 'travel'",
    "a plan": "INSERT INTO changes (account, request, created_at, size) VALUES ('travel', 'sell 1', 0, 2)",
}


@pytest.mark.parametrize("what", AS_0010)
async def test_an_older_program_can_neither_add_a_fact_nor_plan_anything(desk, what):
    ledger = await desk.ledger()
    await ledger.step(desk.batch(1), [], 1)

    with pytest.raises(IntegrityError, match=OLDER), desk.minding() as connection:
        connection.execute(text(AS_0010[what]))


async def test_calls_of_an_older_program_are_taken_over_though_it_goes_on_beating(own, next_program):
    ledger = await own.ledger()
    scope = own.batch(1)
    await ledger.step(scope, [], 1)
    next_program(own.url, force=True)
    own.do("UPDATE alembic_version SET version_num = :head", head=schema.HEAD)
    own.store.write(lanes.beat, ledger.owner)  # as a program does that compares nothing

    heir = await own.ledger()
    assert [doubt.iccid for doubt in await heir.doubts(Scope(scope.change), 5)] != []
