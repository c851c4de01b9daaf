"""The questions of commands and reports get the same answers from both databases."""

import gc
import json
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.store import bulk_changes, queries
from adapters.store.reading import Reader
from adapters.store.schema import HEAD
from adapters.store.store import Store
from domain.errors import StoreUnavailable
from domain.manifest import ManifestRow, Outcome
from domain.outcome import Because, Verdict
from domain.ports import Scope
from domain.problems import Problem
from domain.selection import AsAsked
from tests.support.desk import ACCOUNT, accepted, came, done, manifest
from tests.support.works import iccid

REJECTED = ManifestRow(
    11, Outcome.REJECTED, problems=(Problem("iccid", "x", "length", "Too short."),), original=("x", "=1+1")
)
REFUSED = (Verdict.NOT_DONE, Because.REFUSED)


@pytest.fixture
def ask(desk):
    """Asks the store one question, as a command does."""

    def question(query, *args, **kwargs):
        with Reader(desk.url).open() as reader:
            answer = query(reader, *args, **kwargs)
            return answer if isinstance(answer, list | dict | int | None) else list(answer)

    return question


@pytest.fixture
async def mixed(desk):
    """Six SIMs, one in each state that an operation can be in."""
    stored = desk.ingest(manifest(accepted(1, 2, 3, 4, 5, 6)))
    scope, ledger = Scope(stored.change), await desk.ledger()
    works = (await ledger.step(scope, [], 5)).work
    results = [
        done(works[0], "E1", http_status=200, seconds=0.5),
        came(works[1], *REFUSED, text="no", code="10117", http_status=200),
        came(works[2], Verdict.UNKNOWN, text="no answer"),
        came(works[3], Verdict.NOT_DONE, Because.CONTRADICTION, text="two of them"),
    ]
    await ledger.step(scope, results, 0)
    return stored


# --- counts ---


def test_a_tally_has_every_endpoint_once(ask, mixed):
    assert ask(queries.tally, mixed.change, since=0.0) == {
        "confirmed": 1,
        "refused": 1,
        "in_doubt": 1,
        "needs_human": 1,
        "sent": 1,
        "planned": 1,
        "already": 0,
    }


def test_what_was_done_before_counts_as_already_there(ask, mixed):
    counts = ask(queries.tally, mixed.change, since=4e9)

    assert (counts["confirmed"], counts["already"]) == (0, 1)


def test_what_was_found_on_the_platform_counts_as_already_there(desk, ask, mixed):
    desk.do("UPDATE operations SET already = :yes WHERE state = 'confirmed'", yes=True)

    assert ask(queries.tally, mixed.change, since=0.0)["already"] == 1


@pytest.mark.parametrize(
    ("create", "tag", "counted"),
    [
        ("confirmed", "confirmed", "confirmed"),
        ("confirmed", "planned", "planned"),
        ("confirmed", "in_doubt", "in_doubt"),
        ("confirmed", "refused", "refused"),
        ("refused", "planned", "refused"),
        ("needs_human", "planned", "needs_human"),
    ],
)
def test_an_endpoint_counts_where_its_worst_operation_stands(desk, ask, create, tag, counted):
    stored = desk.ingest(manifest(accepted(1)), platform_tags="now")
    for kind, state in (("create", create), ("tag", tag)):
        desk.do("UPDATE operations SET state = :state WHERE kind = :kind", state=state, kind=kind)

    counts = ask(queries.tally, stored.change, since=0.0)

    assert {name: count for name, count in counts.items() if count} == {counted: 1}


async def test_what_was_done_and_moved_on_since_is_no_part_of_what_a_request_came_to(desk, ask):
    desk.pre_active(4)
    change, ledger = desk.select(tag="march", group="eu").change, await desk.ledger()
    works = (await ledger.step(Scope(change), [], 4)).work
    later = (await ledger.step(Scope(change), [done(work) for work in works], 4)).work
    await ledger.step(Scope(change), [done(work) for work in later], 0)
    for number, moved in ((1, "state = 'terminated'"), (2, "\"group\" = 'us'")):
        desk.do(f"UPDATE endpoints SET {moved} WHERE iccid = :iccid", iccid=iccid(number))
    asked = AsAsked("active", ("eu", "fleet-main"))

    assert ask(queries.tally, change, since=4e9, asked=asked)["already"] == 2
    assert ask(queries.tally, change, since=4e9)["already"] == 4
    assert [row["iccid"] for row in ask(queries.mapping, change=change, asked=asked)] == [iccid(3), iccid(4)]
    assert len(ask(queries.mapping, change=change)) == 4


def test_the_totals_of_a_batch_are_those_of_all_its_files(desk, ask):
    stored = desk.ingest(manifest([*accepted(1, 2), REJECTED]), is_named=True)
    desk.ingest(manifest([*accepted(2, 3), ManifestRow(9, Outcome.BLANK)]), is_named=True)

    totals = ask(queries.source_totals, stored.batch)

    expected = {"rows": 6, "accepted": 4, "rejected": 1, "duplicates": 0, "blank": 1}
    assert totals == expected
    assert all(type(value) is int for value in totals.values())


def test_the_totals_of_no_batch_are_zero(ask, desk):
    assert set(ask(queries.source_totals, 4711).values()) == {0}


def test_operations_are_counted_by_state(ask, mixed):
    found = ask(queries.totals_by_state, mixed.change)

    assert found == dict.fromkeys(("confirmed", "refused", "in_doubt", "needs_human", "sent", "planned"), 1)


# --- lists ---


def test_batches_come_with_their_numbers(desk, ask, mixed):
    desk.ingest(manifest(accepted(7)), account="other", tags=["eu", "q1"])

    first, other = ask(queries.batches)

    assert (first["name"], first["account"], first["tags"], first["size"]) == ("march", ACCOUNT, ["march"], 6)
    assert first["endpoints"] == {"pre_active": 1, "stock": 5}
    assert first["operations"] == dict.fromkeys(("refused", "in_doubt", "needs_human", "sent", "planned"), 1)
    assert (other["account"], other["tags"], other["endpoints"]) == ("other", ["eu", "q1"], {"stock": 1})
    assert [row["name"] for row in ask(queries.batches, "other")] == ["march"]


def test_a_batch_is_found_by_its_name_on_its_account(ask, mixed):
    assert ask(queries.batch_named, ACCOUNT, "march")["id"] == mixed.batch
    assert ask(queries.batch_named, ACCOUNT, "april") is None
    assert ask(queries.batch_named, "other", "march") is None


def test_the_changes_of_a_batch_are_all_that_touch_its_endpoints(desk, ask):
    desk.pre_active(3)
    selected = desk.select(tag="march", count=1)
    batch = desk.one("SELECT id FROM batches")

    assert sorted(ask(queries.changes_of, batch)) == [desk.one("SELECT min(id) FROM changes"), selected.change]


def test_the_mapping_of_a_change_has_each_endpoint_with_its_worst_operation(ask, mixed):
    rows = ask(queries.mapping, change=mixed.change)

    assert [(row["iccid"], row["endpoint_id"], row["state"], row["outcome"], row["text"]) for row in rows] == [
        (iccid(1), "E1", "pre_active", "confirmed", ""),
        (iccid(2), None, "stock", "refused", "no"),
        (iccid(3), None, "stock", "in_doubt", "no answer"),
        (iccid(4), None, "stock", "needs_human", "two of them"),
        (iccid(5), None, "stock", "sent", ""),
        (iccid(6), None, "stock", "planned", ""),
    ]
    assert {row["tags"] for row in rows} == {"march"}
    assert {row["group"] for row in rows} == {None}


def test_an_endpoint_with_tags_of_its_own_has_them_in_the_mapping(desk, ask):
    stored = desk.ingest(manifest(accepted(1, tags=[("eu", "spare")])), platform_tags="now")

    (row,) = ask(queries.mapping, change=stored.change)

    assert sorted(row["tags"].split(",")) == ["eu", "march", "spare"]


def test_rejected_rows_come_back_as_they_came(desk, ask):
    stored = desk.ingest(manifest([*accepted(1), REJECTED]))

    (row,) = ask(queries.rejects, stored.batch)

    assert (row["row_no"], row["original"], row["columns"]) == (11, ["x", "=1+1"], ["iccid"])
    assert row["problems"] == [{"column": "iccid", "value": "x", "code": "length", "reason": "Too short."}]


def test_calls_are_the_answers_of_the_platform(ask, mixed):
    kinds = [(kind, seconds) for kind, _, seconds in ask(queries.calls, mixed.change)]

    assert kinds == [("create", 0.5), ("create", 0.0)]  # the others were never answered


# --- endpoints ---


@pytest.fixture
def stocked(desk):
    desk.ingest(manifest(accepted(1, 2, tags=[("eu",), ()])))
    desk.ingest(manifest(accepted(3)), batch="april", account="other")
    desk.do("UPDATE endpoints SET endpoint_id = 'E1', state = 'active', \"group\" = 'g' WHERE iccid = :i", i=iccid(1))
    desk.do(
        "INSERT INTO orders (account, order_no, endpoint, state, created_at) "
        "SELECT account, 'A-1', id, 'done', 0 FROM endpoints WHERE iccid = :iccid",
        iccid=iccid(1),
    )
    return desk


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [1, 2, 3]),
        ({"account": None, "tag": None}, [1, 2, 3]),
        ({"account": "other"}, [3]),
        ({"tag": "eu"}, [1]),
        ({"tag": "march"}, [1, 2]),
        ({"state": "stock"}, [2, 3]),
        ({"group": "g"}, [1]),
        ({"batch": "april"}, [3]),
        ({"iccid": iccid(2)}, [2]),
        ({"order": "A-1"}, [1]),
        ({"tag": "march", "state": "active"}, [1]),
        ({"tag": "' OR 1=1 --"}, []),
    ],
)
def test_endpoints_are_found_by_every_filter_given(stocked, ask, filters, found):
    assert [row["iccid"] for row in ask(queries.endpoints, filters)] == [iccid(n) for n in found]


def test_an_endpoint_is_shown_with_all_that_is_known(stocked, ask):
    (row,) = ask(queries.endpoints, {"iccid": iccid(1)})

    expected = {"account": ACCOUNT, "endpoint_id": "E1", "state": "active", "group": "g", "batch": "march"}
    assert expected.items() <= row.items()
    assert (row["tags"], row["order"], row["network_state"]) == (["eu", "march"], "A-1", "unknown")
    assert json.dumps(row)  # plain values on both databases


def test_stock_is_counted_by_account_tag_and_group(stocked, ask):
    rows = ask(queries.stock)

    assert {row["held"] for row in rows} == {0}
    keys = ("account", "tag", "group", "stock", "active")
    assert [tuple(row[key] for key in keys) for row in rows] == [
        ("other", "april", "", 1, 0),
        (ACCOUNT, "eu", "g", 0, 1),
        (ACCOUNT, "march", "", 1, 0),
        (ACCOUNT, "march", "g", 0, 1),
    ]
    assert [row["tag"] for row in ask(queries.stock, "other")] == ["april"]


def test_known_iccids_come_with_their_endpoint_and_batch(desk, ask, mixed):
    keys = ("endpoint_id", "state", "batch", "create")
    numbers = [iccid(n) for n in range(1, 9)]
    rows = {row["iccid"]: tuple(row[key] for key in keys) for row in ask(queries.known, ACCOUNT, numbers)}

    assert rows[iccid(1)] == ("E1", "pre_active", "march", "confirmed")
    assert rows[iccid(2)] == (None, "stock", "march", "refused")
    assert [rows[iccid(n)][3] for n in (3, 4, 5, 6)] == ["in_doubt", "needs_human", "sent", "planned"]
    assert set(rows) == set(numbers[:6])
    assert ask(queries.known, "other", numbers) == []


def test_iccids_are_looked_up_in_parts(desk, ask, monkeypatch):
    monkeypatch.setattr(queries, "_PART", 2)
    desk.ingest(manifest(accepted(1, 2, 3, 4, 5)), tags=["a", "b"], platform_tags="now")
    wanted = [iccid(n) for n in (5, 1, 3, 7)]

    found = ask(queries.known, ACCOUNT, wanted)

    assert sorted(row["iccid"] for row in found) == sorted(wanted[:3])
    assert len(ask(queries.tag_operations, [row["id"] for row in found])) == 6
    assert ask(queries.known, ACCOUNT, []) == []


def test_a_file_is_found_as_the_batch_with_its_rows_or_else_as_the_one_of_its_name(desk, ask):
    file = manifest(accepted(1, 2))
    stored = desk.ingest(file, tags=["a"])

    def found(*words):
        row = ask(queries.batch_of_rows, ACCOUNT, *words)
        return row and (row["same"], row["name"], row["tags"], row["change_id"])

    assert found(file.rows_digest, "april") == (1, "march", ["a"], stored.change)
    assert found("another", "march") == (0, "march", ["a"], stored.change)
    assert found("another", None) is None


def test_what_a_batch_still_sends_is_counted_and_nothing_that_waits_in_vain(desk, ask):
    stored = desk.ingest(manifest(accepted(1, 2, 3, 4, 5)), tags=["a", "b"], platform_tags="now")
    for change, where in (
        ("refused", "kind = 'create' AND endpoint = 3"),
        ("confirmed", "kind = 'create' AND endpoint IN (2, 4)"),
        ("confirmed", "kind = 'tag' AND endpoint = 2 AND target = 'a'"),
        ("in_doubt", "kind = 'create' AND endpoint = 5"),
    ):
        desk.do(f"UPDATE operations SET state = '{change}' WHERE {where}")
    desk.do("UPDATE endpoints SET endpoint_id = 'E' || id, state = 'pre_active' WHERE id IN (2, 4)")
    desk.do("UPDATE endpoints SET state = 'terminated' WHERE id = 4")

    rows = {(row["kind"], row["there"]): row["n"] for row in ask(queries.open_writes, stored.change)}
    assert rows == {("create", 0): 1, ("tag", 0): 2 + 2, ("tag", 1): 1}


def tally_of(ask, stored, **options):
    """Where the rows of a file stand, without zeros."""
    counts = ask(queries.tally_rows, stored.batch, stored.change, **({"since": 0.0, "source": stored.source} | options))
    return {name: count for name, count in counts.items() if count}


def test_the_rows_of_a_file_are_counted_also_those_that_another_batch_brought(desk, ask):
    desk.pre_active(4)
    desk.do("UPDATE endpoints SET state = 'terminated' WHERE id = 3")
    desk.do("UPDATE endpoints SET state = 'stock', endpoint_id = NULL WHERE id = 4")
    desk.do("UPDATE operations SET state = 'refused' WHERE endpoint = 4 AND kind = 'create'")
    stored = desk.ingest(manifest(accepted(1, 2, 3, 4, 5)), batch="april", platform_tags="now")

    assert tally_of(ask, stored) == {"already": 2, "refused": 2, "planned": 1}
    assert tally_of(ask, stored, source=0) == {"already": 3, "refused": 1, "planned": 1}


def test_a_row_of_another_batch_that_this_file_tagged_counts_as_done_by_it(desk, ask):
    desk.pre_active(1)
    stored = desk.ingest(manifest(accepted(1, 2)), batch="april", tags=["eu"], platform_tags="now")
    assert tally_of(ask, stored) == {"planned": 2}

    desk.do("UPDATE operations SET state = 'confirmed' WHERE change_id = :change", change=stored.change)

    assert tally_of(ask, stored) == {"confirmed": 2}
    assert tally_of(ask, stored, since=4e9) == {"already": 2}


def test_what_another_batch_has_under_way_is_that_batchs_business(desk, ask):
    desk.ingest(manifest(accepted(1)))
    stored = desk.ingest(manifest(accepted(1, 2)), batch="april")
    for state, counted in (("planned", "already"), ("sent", "already"), ("needs_human", "needs_human")):
        desk.do("UPDATE operations SET state = :state WHERE endpoint = 1", state=state)
        assert tally_of(ask, stored) == {counted: 1} | {"planned": 1}


def test_an_endpoint_that_two_files_of_a_batch_name_is_counted_as_done_once(desk, ask):
    first = desk.ingest(manifest(accepted(1)), is_named=True)
    desk.ingest(manifest(accepted(1, 2)), is_named=True)
    desk.do("UPDATE operations SET state = 'confirmed'")

    assert tally_of(ask, first, source=0) == {"confirmed": 2, "already": 1}


def test_a_batch_of_a_store_that_was_made_again_is_counted_without_its_rows(desk, ask):
    stored = desk.ingest(manifest(accepted(1, 2)))
    desk.do("DELETE FROM rows")
    desk.do("UPDATE operations SET state = 'confirmed' WHERE endpoint = 1")

    assert tally_of(ask, stored, source=0) == {"confirmed": 1, "planned": 1}
    rows = ask(queries.mapping_of_rows, batch=stored.batch, change=stored.change)
    assert [row["iccid"] for row in rows] == [iccid(1), iccid(2)]


def test_every_row_of_a_file_stands_in_its_mapping_with_what_it_asked_for(desk, ask):
    desk.pre_active(2)
    stored = desk.ingest(manifest(accepted(2, 3, 1, names=["x", "y", "z"])), batch="april")

    rows = ask(queries.mapping_of_rows, batch=stored.batch, change=stored.change, source=stored.source)

    told = [(row["iccid"], row["endpoint_id"], row["brought_by"], row["asked"], row["outcome"]) for row in rows]
    assert told == [
        (iccid(2), "E2", "march", "x", "confirmed"),
        (iccid(3), None, "", "y", "planned"),
        (iccid(1), "E1", "march", "z", "confirmed"),
    ]
    assert [row["row_no"] for row in ask(queries.other_names, stored.source)] == [2, 4]


def test_names_that_there_are_not_are_told_from_those_that_there_are(desk, ask):
    desk.pre_active(1)
    desk.do("UPDATE endpoints SET \"group\" = 'eu'")

    for what, name in (("tag", "march"), ("batch", "march"), ("group", "eu")):
        assert ask(queries.has_name, what, name, ACCOUNT) is True
        assert ask(queries.has_name, what, name, "other") is False
        assert ask(queries.has_name, what, name, None) is True
        assert ask(queries.has_name, what, "nosuch", None) is False
        assert ask(queries.some_names, what, None, 2) == [name]
    assert ask(queries.some_names, "order", ACCOUNT, 2) == []


def test_the_tags_of_an_account_are_listed_once(stocked, ask):
    assert ask(queries.known_tags, ACCOUNT) == ["eu", "march"]


# --- what happened ---


def test_the_history_of_an_iccid_is_told_in_order(ask, mixed):
    rows = ask(queries.history, iccid(2))

    assert [(row["event"], row["verdict"], row["attempt"], row["code"]) for row in rows] == [
        ("sent", "", 1, ""),
        ("answer", "refused", 1, "10117"),
    ]
    assert ask(queries.history, iccid(2), "other") == []


def test_the_history_alone_tells_every_mapping(desk, ask, mixed):
    """Facts are only ever added, so that the mappings could be made again from them."""
    facts = [row for n in range(1, 7) for row in ask(queries.history, iccid(n))]

    rebuilt = {
        row["iccid"]: row["endpoint_id"] for row in facts if row["verdict"] == "done" and row["kind"] == "create"
    }

    kept = desk.see("SELECT iccid, endpoint_id FROM endpoints WHERE endpoint_id IS NOT NULL")
    assert rebuilt == {row.iccid: row.endpoint_id for row in kept}


def test_what_is_unsettled_is_listed_for_a_person(ask, mixed):
    rows = ask(queries.unsettled)

    assert [(row["iccid"], row["state"], row["text"]) for row in rows] == [
        (iccid(3), "in_doubt", "no answer"),
        (iccid(4), "needs_human", "two of them"),
    ]
    assert rows[0]["safe_after"] > rows[0]["updated_at"]
    assert ask(queries.unsettled, "other") == []


def test_what_was_refused_is_unsettled_while_an_order_waits_because_of_it(desk, ask):
    desk.pre_active(3)
    add = "INSERT INTO operations (account, change_id, position, endpoint, kind, state, already, updated_at) "
    for number, state in enumerate(("needs_human", "in_progress"), start=1):
        values = {"n": number, "account": ACCOUNT, "state": state}
        desk.do(f"{add} VALUES (:account, 1, 0, :n, 'assign', 'refused', false, 0)", n=number, account=ACCOUNT)
        desk.do(
            "INSERT INTO orders (account, order_no, endpoint, change_id, state, created_at) "
            "VALUES (:account, 'A-' || :n, :n, 1, :state, :n)",
            **values,
        )
    desk.do(f"{add} VALUES (:account, 1, 0, 3, 'assign', 'refused', false, 0)", account=ACCOUNT)

    assert [(row["order"], row["iccid"], row["state"]) for row in ask(queries.unsettled)] == [
        ("A-1", iccid(1), "refused")
    ]
    assert [row["order"] for row in ask(queries.orders)] == ["A-1", "A-2"]
    assert [row["iccid"] for row in ask(queries.orders, ACCOUNT, "in_progress")] == [iccid(2)]


# --- the reader itself ---


def test_a_store_that_is_not_there_is_an_empty_one(tmp_path):
    with Reader(f"sqlite:///{tmp_path / 'nothing.db'}").open() as reader:
        assert queries.batches(reader) == []
        assert list(queries.endpoints(reader, {})) == []
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_tables_is_an_empty_store(empty_url):
    with Reader(empty_url).open() as reader:
        assert queries.batches(reader) == []


def test_a_reader_cannot_write(desk):
    desk.batch(1)
    with pytest.raises(StoreUnavailable), Reader(desk.url).open() as reader:
        reader.rows("DELETE FROM attempts RETURNING id")
        reader.rows("UPDATE endpoints SET name = 'x' RETURNING id")


def test_a_server_that_does_not_answer_is_named_without_its_password():
    url = "postgresql+psycopg://me:hunter2@127.0.0.1:9/preactive"

    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1/preactive does not answer") as told, Reader(url).open():
        pass
    assert "hunter2" not in str(told.value)


def test_reading_goes_on_beside_a_writer(desk, ask):
    """As far as the database allows: at once, or once the other is done."""
    desk.batch(1)
    with desk.changing() as connection:
        connection.exec_driver_sql("UPDATE endpoints SET name = 'x'")
        rows = ask(queries.endpoints, {})

    assert [row["name"] for row in rows] == ["march-000002"]


@pytest.mark.parametrize("name", ["a#b.db", "a%20b.db", "a b.db", "ä.db", "store.db?timeout=5"])
def test_a_reader_finds_the_store_that_the_writer_wrote(tmp_path, name):
    url = f"sqlite:///{tmp_path}/{name}"
    store = Store(url)
    store.write(lambda connection: connection.exec_driver_sql("INSERT INTO stops VALUES ('a', 'r', 0)"))
    store.close()
    before = sorted(tmp_path.iterdir())

    with Reader(url).open() as reader:
        assert reader.rows("SELECT account FROM stops") == [{"account": "a"}]
    assert sorted(tmp_path.iterdir()) == before


KILLED = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 5")
connection.execute("BEGIN IMMEDIATE")
connection.execute("DELETE FROM stops")
connection.executemany("INSERT INTO stops VALUES (?, 'r', 0)", [(str(n) * 50,) for n in range(5000)])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_store_whose_writer_was_killed_can_be_read(tmp_path, prepared_file):
    """Half a transaction is in the file, and what it was before is in the journal beside it."""
    path = tmp_path / "store.db"
    path.write_bytes(prepared_file.read_bytes())
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO stops VALUES ('a', 'r', 0)")
    connection.close()
    subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    assert Path(f"{path}-journal").stat().st_size > 0

    with Reader(f"sqlite:///{path}").open() as reader:
        assert reader.rows("SELECT account FROM stops") == [{"account": "a"}]


def test_a_cancelled_batch_is_shown_as_such(desk, ask):
    stored = desk.ingest(manifest(accepted(1)))
    desk.store.write(bulk_changes.cancel, [stored.change])

    assert ask(queries.batch_named, ACCOUNT, "march")["cancelled_at"] > 0


# --- large results ---


def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


def test_a_large_result_is_fetched_in_stretches_and_may_be_left_in_the_middle(store_url):
    Store(store_url).close()
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000)"
    many = f"{numbers} SELECT i, CAST(:words AS VARCHAR(200)) AS w FROM n"
    with Reader(store_url).open() as reader:
        before = resident_mib()
        left = reader.stream(many, {"words": "w" * 200})
        first = [next(left)["i"] for _ in range(5000)]
        grown = resident_mib() - before
        assert [row["version_num"] for row in reader.stream("SELECT version_num FROM alembic_version")] == [HEAD]
    del left
    gc.collect()

    assert first == list(range(1, 5001))
    assert grown < 40


@pytest.mark.parametrize("rows", [3, 50_000])
def test_who_takes_a_list_slowly_holds_up_nobody_who_writes(desk, rows):
    """A person at a pager, or a workbook that takes minutes to write."""
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)"
    desk.ingest(manifest(accepted(1)))
    with Reader(desk.url).open() as reader:
        taken = reader.stream(f"{numbers} SELECT n.i, e.iccid, e.updated_at FROM n, endpoints e", {"rows": rows})
        first = next(taken)
        with desk.minding() as connection:
            connection.exec_driver_sql("UPDATE endpoints SET updated_at = 7")
        left = sum(1 for _ in taken)

    assert (first["i"], first["iccid"], left) == (1, iccid(1), rows - 1)


def test_where_a_large_list_cannot_be_kept_is_told(desk):
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
    many = f"{numbers} SELECT i, CAST(:words AS VARCHAR(200)) AS w FROM n"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, before[1]))
    try:
        with pytest.raises(StoreUnavailable, match="File too large"), Reader(desk.url).open() as reader:
            next(reader.stream(many, {"words": "w" * 200}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
