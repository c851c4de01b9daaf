"""The store comes to the program's version in one step that can be repeated, and a newer store is left alone."""

import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.pool import NullPool

from adapters.store import migrate, orders, queries, rebuild
from adapters.store.check import check
from adapters.store.reading import Reader
from adapters.store.schema import HEAD, KNOWN
from adapters.store.store import Store, upgrade_store
from adapters.store.tables import metadata
from domain.errors import StoreNewer, StoreUnavailable
from domain.trail import APPROVERS, SIGNED
from domain.trail import check as check_chain
from tests.adapters.store.test_trail import answered, chains, made_again, place, refused, waiting
from tests.support.desk import ACCOUNT
from tests.support.works import account

ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["sqlite", "postgresql"])
def own_url(request, quick_path):
    """A store with its tables that no other test uses, since this one changes its version."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("prepared_file"), quick_path / "store.db")
        yield f"sqlite:///{quick_path}/store.db"
        return
    server = request.getfixturevalue("postgres")
    url = server.copied()
    yield url
    server.drop(url)


def outside(url):
    return create_engine(url, poolclass=NullPool)


def tables(url):
    engine = outside(url)
    with engine.connect() as connection:
        return set(inspect(connection).get_table_names())


def set_version(url, version):
    with outside(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})


def statements_of_an_upgrade(url):
    """How many statements it takes to make all tables."""
    seen = []
    with failing(lambda statement: seen.append(statement) is None and False):
        upgrade_store(url)
    return len(seen)


class failing:  # noqa: N801 - reads like a context manager
    """Let a statement fail when `when` says so, in every engine."""

    def __init__(self, when):
        self._when = when

    def _look(self, _connection, _cursor, statement, *_):
        if self._when(statement):
            raise OSError("the cable was pulled")

    def __enter__(self):
        event.listen(Engine, "before_cursor_execute", self._look)

    def __exit__(self, *_):
        event.remove(Engine, "before_cursor_execute", self._look)


# --- versions ---


def test_an_empty_store_gets_its_tables_at_the_first_start(empty_url):
    Store(empty_url).close()

    assert tables(empty_url) == {*metadata.tables, "alembic_version"}


def test_the_migrations_lead_to_exactly_the_tables_of_the_program(own_url):
    with outside(own_url).connect() as connection:
        # SQLite gives defaults back in its own words; the tables are the same on both.
        defaults = connection.dialect.name == "postgresql"
        options = {"compare_type": True, "compare_server_default": defaults}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_the_constraints_of_the_tables_are_those_of_the_program(own_url):
    """What the comparison of alembic leaves out: checks, and the names of all constraints."""

    def constraints(connection):
        look = inspect(connection)
        return {
            table: (
                sorted((c["name"], _plain(c["sqltext"])) for c in look.get_check_constraints(table)),
                sorted((c["name"], tuple(c["column_names"])) for c in look.get_unique_constraints(table)),
                sorted((c["name"], c["referred_table"]) for c in look.get_foreign_keys(table)),
                sorted((i["name"], tuple(i["column_names"]), bool(i["unique"])) for i in look.get_indexes(table)),
            )
            for table in metadata.tables
        }

    engine = outside(own_url)
    with engine.connect() as connection:
        migrated = constraints(connection)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
        assert constraints(connection) == migrated


def _plain(sql):
    return "".join(sql.split()).replace('"', "")


def test_the_version_of_the_program_is_the_last_migration():
    script = ScriptDirectory(str(ROOT / "adapters" / "store" / "migrations"))

    assert script.get_current_head() == HEAD
    assert [revision.revision for revision in script.walk_revisions()][::-1] == list(KNOWN)


def test_upgrading_a_store_that_is_up_to_date_changes_nothing(own_url):
    assert upgrade_store(own_url) == HEAD
    assert upgrade_store(own_url) == HEAD


@pytest.mark.parametrize("opening", [Store, upgrade_store])
def test_a_newer_store_is_refused_and_left_as_it_is(own_url, opening):
    set_version(own_url, "9999")

    with pytest.raises(StoreNewer, match=r"has version 9999 and this program knows versions up to .* nothing was"):
        opening(own_url)
    with outside(own_url).connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"


def test_a_newer_store_is_not_read_either(own_url):
    set_version(own_url, "9999")

    with pytest.raises(StoreNewer, match="9999"), Reader(own_url).open():
        pass


def test_an_older_store_waits_for_an_upgrade(own_url, monkeypatch):
    monkeypatch.setattr(migrate, "KNOWN", (*KNOWN, "0999"))
    monkeypatch.setattr(migrate, "HEAD", "0999")

    with pytest.raises(StoreUnavailable, match=rf"older version {HEAD}; run `preactive db upgrade` first"):
        Store(own_url)


def test_a_store_of_the_first_version_keeps_its_rows_and_gets_the_tables_of_this_one(empty_url):
    with outside(empty_url).begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with outside(empty_url).begin() as connection:
        connection.execute(text("INSERT INTO stops VALUES ('travel', 'a person said so', 1)"))
    assert "esims" not in tables(empty_url)

    assert upgrade_store(empty_url) == HEAD
    assert tables(empty_url) == {*metadata.tables, "alembic_version"}
    with outside(empty_url).connect() as connection:
        assert connection.execute(text("SELECT account FROM stops")).scalar_one() == "travel"


def test_a_check_tells_what_it_found_right(own_url):
    store = Store(own_url)
    found = store.write(check)
    store.close()

    assert found[0] == f"version {HEAD}"
    assert found[-1] == "can be written"
    assert ("no damage" in str(found)) is own_url.startswith("sqlite")


# --- failures in the middle ---


@pytest.mark.long
def test_a_migration_that_fails_at_any_statement_can_be_run_again(quick_path):
    total = statements_of_an_upgrade(f"sqlite:///{quick_path / 'count.db'}")
    assert total > 30
    again = (1, total // 10 * 5 + 1, total)  # nothing is left of any of them, so that all begin the second time alike
    for number in [*range(1, total, 5), total]:
        url = f"sqlite:///{quick_path / str(number)}.db"
        left = [number]

        def at_last(_statement, left=left):
            left[0] -= 1
            return left[0] == 0

        with failing(at_last), pytest.raises(StoreUnavailable):
            upgrade_store(url)
        assert tables(url) == set()
        if number in again:
            Store(url).close()
            assert len(tables(url)) == len(metadata.tables) + 1


@pytest.mark.parametrize("words", ["CREATE TABLE operations", "CREATE TABLE attempts", "INSERT INTO alembic_version"])
def test_a_failed_migration_leaves_nothing_behind(empty_url, words):
    with failing(lambda statement: words in " ".join(statement.split())), pytest.raises(StoreUnavailable):
        upgrade_store(empty_url)

    assert tables(empty_url) == set()
    assert upgrade_store(empty_url) == HEAD
    Store(empty_url).close()


KILLED = """
import os, signal, sys
from sqlalchemy import Engine, event
from adapters.store.store import Store

def look(connection, cursor, statement, *_):
    if sys.argv[2] in " ".join(statement.split()):
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(Engine, "before_cursor_execute", look)
Store(sys.argv[1])
"""


@pytest.mark.parametrize("words", ["CREATE TABLE attempts"])
def test_a_killed_migration_can_be_run_again(empty_url, words):
    child = subprocess.run([sys.executable, "-c", KILLED, empty_url, words], cwd=ROOT, env=os.environ, check=False)

    assert child.returncode == -signal.SIGKILL
    assert tables(empty_url) == set()
    Store(empty_url).close()
    assert len(tables(empty_url)) == len(metadata.tables) + 1


STARTED = """
import sys
from alembic import command
from adapters.store.store import Store

print("ready", flush=True)
sys.stdin.readline()
Store(sys.argv[1]).close()
"""


def test_two_processes_may_start_on_an_empty_store_at_the_same_time(empty_url):
    piped = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    children = [subprocess.Popen([sys.executable, "-c", STARTED, empty_url], cwd=ROOT, **piped) for _ in range(3)]
    assert [child.stdout.readline() for child in children] == ["ready\n"] * 3
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    told = [child.communicate()[1] for child in children]

    assert [(child.returncode, words) for child, words in zip(children, told, strict=True)] == [(0, "")] * 3
    assert len(tables(empty_url)) == len(metadata.tables) + 1


# --- from the first version ---


def test_a_store_of_the_first_version_keeps_what_it_holds(empty_url):
    """Made by the first migration alone, filled, and brought up to date."""

    with outside(empty_url).begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(ROOT / "adapters" / "store" / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, KNOWN[0])
        for statement in _IN_USE:
            connection.execute(text(statement))

    assert upgrade_store(empty_url) == HEAD

    with outside(empty_url).connect() as connection:
        kept = connection.execute(text("SELECT kind, target, state, token, round FROM operations ORDER BY id")).all()
        facts = connection.execute(text("SELECT operation_id, event FROM attempts ORDER BY id")).all()
        mapped = connection.execute(text("SELECT iccid, endpoint_id, held_by FROM endpoints")).one()
        bucket = connection.execute(text("SELECT next_at, factor, strikes, holes FROM buckets")).one()
    assert [tuple(row) for row in kept] == [("create", "", "confirmed", 1, 0), ("tag", "q1", "planned", 0, 0)]
    assert [tuple(row) for row in facts] == [(1, "sent"), (1, "answer")]
    assert tuple(mapped) == ("89", "E1", None)
    assert tuple(bucket) == (5.0, 0.5, 1, "")
    Store(empty_url).close()  # at the program's version


_OPERATION = "INSERT INTO operations (account, change_id, position, endpoint, kind, target, state, token, updated_at) "
_IN_USE = (
    "INSERT INTO batches (id, account, name, tags, created_at) VALUES (1, 't', 'b', '[]', 0)",
    "INSERT INTO changes (id, account, request, batch_id, created_at) VALUES (1, 't', 'provision b', 1, 0)",
    "INSERT INTO endpoints (id, account, iccid, endpoint_id, name, state, batch_id, updated_at) "
    "VALUES (1, 't', '89', 'E1', 'n', 'pre_active', 1, 0)",
    f"{_OPERATION} VALUES ('t', 1, 0, 1, 'create', '', 'confirmed', 1, 0)",
    f"{_OPERATION} VALUES ('t', 1, 0, 1, 'tag', 'q1', 'planned', 0, 0)",
    "INSERT INTO attempts (operation_id, token, at, event) VALUES (1, 1, 0, 'sent')",
    "INSERT INTO attempts (operation_id, token, at, event) VALUES (1, 1, 1, 'answer')",
    "INSERT INTO buckets VALUES ('t', 5.0, 0.5, 4.0, 1)",
)


def test_facts_about_approvers_begin_with_those_there_were_and_what_was_planned_is_let_through(empty_url):
    with outside(empty_url).begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(ROOT / "adapters" / "store" / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
        for name in ("ann", "bob"):
            connection.execute(
                text("INSERT INTO approvers (name, salt, added_at, added_by) VALUES (:name, 's', 1.5, 'root')"),
                {"name": name},
            )
        connection.execute(text("INSERT INTO changes (account, request, created_at, size) VALUES ('t', 'x', 0, 7)"))
    upgrade_store(empty_url)

    with Reader(empty_url).open() as reader:
        told = queries.approver_facts(reader)
        chain = check_chain(APPROVERS, told, **queries.chain(reader, APPROVERS), covered=SIGNED)
    assert [(fact["event"], fact["name"], fact["os_user"]) for fact in told] == [
        ("added", "ann", "root"),
        ("added", "bob", "root"),
    ]
    assert (chain.length, chain.broken) == (2, "")
    with outside(empty_url).connect() as connection:
        assert connection.execute(text("SELECT allowed FROM changes")).scalar_one() == 7


def test_orders_of_a_store_from_before_refunds_stay_and_may_be_refunded_and_their_index_keeps_its_condition(empty_url):
    with outside(empty_url).begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(ROOT / "adapters" / "store" / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0010")
        for number, state in enumerate(("done", "in_progress", "no_stock", "needs_human"), start=1):
            connection.execute(
                text("INSERT INTO orders (account, order_no, state, created_at) VALUES ('t', :no, :state, 1)"),
                {"no": str(number), "state": state},
            )
    upgrade_store(empty_url)

    with outside(empty_url).begin() as connection:
        kept = connection.execute(text("SELECT order_no, state, refund FROM orders ORDER BY id")).all()
        connection.execute(text("UPDATE orders SET state = 'refunding', refund = 'suspend'"))
        connection.execute(text("UPDATE orders SET state = 'refunded'"))
        if connection.dialect.name == "sqlite":
            (index,) = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'ix_orders_open'")).scalars()
            assert "closed_at IS NULL" in index
    assert [tuple(row) for row in kept] == [
        ("1", "done", ""),
        ("2", "in_progress", ""),
        ("3", "no_stock", ""),
        ("4", "needs_human", ""),
    ]
    for state in ("done", "in_progress", "expired", "ended"):
        with pytest.raises(Exception, match=r"does not go back|CHECK|check"), outside(empty_url).begin() as connection:
            connection.execute(text("UPDATE orders SET state = :state"), {"state": state})


# --- orders of before they were facts ---


async def sold_before_orders_were_facts(desk):
    """Three orders: one sold, one under way, one whose first SIM was refused; then their facts are taken out."""
    ledger = await waiting(desk, 4)
    sold, step = await place(ledger, order="sold")
    await answered(ledger, sold, await answered(ledger, sold, step.work))
    await place(ledger, order="under-way")
    spoilt, step = await place(ledger, order="second")
    await answered(ledger, spoilt, step.work, result=refused)
    spoilt = desk.store.write(orders.find, ACCOUNT, "second")
    again, step = await desk.store.awrite(orders.take_another, ledger.owner, spoilt, hold=900.0, oldest={})
    await answered(ledger, again, await answered(ledger, again, step.work))
    with desk.changing() as connection:
        connection.execute(text("DELETE FROM attempts WHERE event = 'ordered'"))
        connection.execute(text("UPDATE attempts SET hash = ''"))
        with Operations.context(MigrationContext.configure(connection)):
            connection.execute(text("DELETE FROM chains"))
            import_module("adapters.store.migrations.versions.0005_audit_trail")._bind()
            connection.execute(text("UPDATE chains SET facts = length, length = 0"))


def migrate_orders(desk):
    with desk.changing() as connection, Operations.context(MigrationContext.configure(connection)):
        import_module("adapters.store.migrations.versions.0016_orders_in_the_trail").upgrade()


async def test_orders_that_were_sold_before_orders_were_facts_keep_their_sim_in_a_store_made_again(desk, tmp_path):
    await sold_before_orders_were_facts(desk)
    held = desk.see("SELECT o.order_no, e.iccid FROM orders o JOIN endpoints e ON e.id = o.endpoint ORDER BY 1")
    migrate_orders(desk)
    again = made_again(desk, tmp_path)

    assert [chain.broken for chain in chains(desk.url)] == [""]
    kept = again.see("SELECT o.order_no, e.iccid FROM orders o JOIN endpoints e ON e.id = o.endpoint ORDER BY 1")
    assert kept == held
    assert len(desk.facts("ordered")) == 4, "the refused SIM was sent for its order too"
    again.close()


async def test_an_order_that_has_its_fact_gets_no_second_one(desk):
    await sold_before_orders_were_facts(desk)
    migrate_orders(desk)
    migrate_orders(desk)

    assert len(desk.facts("ordered")) == 4
    assert [chain.broken for chain in chains(desk.url)] == [""]


@pytest.mark.parametrize(("upgraded", "without"), [(False, 2), (True, 0)])
async def test_a_store_made_again_counts_the_active_endpoints_that_have_no_order(desk, tmp_path, upgraded, without):
    await sold_before_orders_were_facts(desk)
    if upgraded:
        migrate_orders(desk)
    (chain,) = chains(desk.url)
    made = Store(f"sqlite:///{tmp_path / 'counted.db'}")
    with Reader(desk.url).open() as old:
        facts = partial(queries.facts, old, chain.account)
        counted = made.write(rebuild.rebuild, chain, facts, platform="sft", patience=account().patience)
    made.close()

    assert counted.without_order == without
