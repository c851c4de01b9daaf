"""What the database is asked to promise, looked up in the connections themselves."""

import asyncio
import sqlite3
import threading
import time

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from adapters.store.clock import store_now
from adapters.store.committer import Committer
from adapters.store.engine import Turns, open_engine, place
from domain.errors import PreactiveError

FULL = 2
EMBEDDED = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def adding(name):
    """A job for the writer."""
    return lambda connection: connection.execute(text(f"INSERT INTO stops VALUES ('{name}', '', 0)"))


@pytest.fixture
def engine(store_url):
    made = open_engine(store_url)
    yield made
    made.dispose()


@pytest.fixture
def committer(engine, store_url):
    made = Committer(engine, Turns(store_url), store_url)
    yield made
    made.close()


def values(engine, *statements):
    with engine.begin() as connection:
        return [connection.execute(text(statement)).scalar_one() for statement in statements]


def test_a_commit_is_on_disk_and_references_are_checked(engine):
    """On every connection of the pool, not only on the first."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as one:
            one.rollback()
            settings = values(engine, "PRAGMA synchronous", "PRAGMA foreign_keys")
            assert settings == [FULL, 1]
        assert values(engine, "PRAGMA synchronous", "PRAGMA foreign_keys") == [FULL, 1]
    else:
        assert values(engine, "SHOW synchronous_commit") == ["on"]


@EMBEDDED
def test_an_embedded_store_uses_a_wal_only_where_that_is_safe(engine):
    safe = sqlite3.sqlite_version_info >= (3, 51, 3)

    assert values(engine, "PRAGMA journal_mode") == ["wal" if safe else "truncate"]


def test_a_reference_to_nothing_is_refused(engine):
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO endpoints (account, iccid, name, state, batch_id, updated_at) "
                "VALUES ('a', '1', '', 'stock', 99, 0)"
            )
        )


@EMBEDDED
def test_a_transaction_takes_the_right_to_write_at_its_beginning(engine):
    """A deferred one would read, and then fail at its first write when another wrote meanwhile."""
    with engine.begin():
        other = sqlite3.connect(engine.url.database, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_a_password_is_not_shown_in_the_stores_address():
    shown = place("postgresql+psycopg://me:hunter2@db.example/preactive")

    assert "hunter2" not in shown
    assert "db.example/preactive" in shown


def test_the_clock_is_the_stores(engine):
    before = time.time()
    with engine.begin() as connection:
        assert before - 0.1 <= store_now(connection) <= time.time() + 0.1


# --- the writer ---


async def test_a_result_is_handed_over_once_it_is_committed(committer, engine, store_url):
    other = open_engine(store_url)

    await committer.run(adding("a"))

    assert values(other, "SELECT count(*) FROM stops") == [1]
    other.dispose()


async def test_what_arrives_together_is_committed_together(committer, engine):
    commits, held = [], threading.Event()
    event.listen(engine, "commit", lambda _: commits.append(1))

    first = asyncio.ensure_future(committer.run(lambda _: held.wait(5)))
    await asyncio.sleep(0.05)
    others = [committer.run(adding(number)) for number in range(9)]
    gathered = asyncio.gather(*others)
    await asyncio.sleep(0.05)
    held.set()
    await asyncio.gather(first, gathered)

    assert len(commits) == 2
    assert values(engine, "SELECT count(*) FROM stops") == [9]


async def test_one_that_fails_takes_no_other_with_it(committer, engine):
    def fail(_connection):
        raise ZeroDivisionError

    told = await asyncio.gather(
        *(committer.run(job) for job in (adding("a"), fail, adding("b"), adding("a"), adding("c"))),
        return_exceptions=True,
    )

    assert [type(one).__name__ for one in told if isinstance(one, Exception)] == ["ZeroDivisionError", "PreactiveError"]
    assert values(engine, "SELECT count(*) FROM stops") == [3]


async def test_what_was_handed_in_is_finished_before_the_end(engine, store_url):
    committer = Committer(engine, Turns(store_url), store_url)
    tasks = [asyncio.ensure_future(committer.run(adding(number))) for number in range(20)]
    await asyncio.sleep(0)
    committer.close()

    await asyncio.gather(*tasks)
    assert values(engine, "SELECT count(*) FROM stops") == [20]


async def test_an_error_of_the_database_is_told_in_our_words(desk):
    with pytest.raises(PreactiveError, match="refused a statement"):
        await desk.store.awrite(lambda c: c.execute(text("INSERT INTO stops VALUES ('a', NULL, 0)")))
