"""No statement reads a large table from end to end while others wait, nor once for each row of another one."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import Engine, event

from adapters.store import bulk_changes, inbox, ingest, selection, sight, stocking, unfinished
from adapters.store.order_book import StoreOrders
from adapters.store.store import Store
from domain.inbox import PlatformEvent
from domain.lifecycle import Kind
from domain.order import SellRequest
from domain.pacing import Lane
from domain.ports import Scope
from domain.stock_mark import StockMark
from tests.support.big_store import TAGS, Size, fill
from tests.support.desk import ACCOUNT, Desk, accepted, done, manifest
from tests.support.works import account

LARGE = ("changes", "operations", "attempts", "endpoints", "orders", "rows", "tags")
MARK = StockMark(tag=TAGS[0], low=100_000, high=100_100)
OF_AN_INGEST = ("incoming", "esim_conflicts")  # tables that live for one file, as large as it is
# Statements that may read a whole table, each with its reason.
ALLOWED = {
    "SELECT coalesce(max(operations.id), ": "the end of an index",
    "SELECT max(operations.id) ": "the end of an index",
}


@pytest.fixture
def big(quick_path) -> Iterator[Desk]:
    url = f"sqlite:///{quick_path}/store.db"
    Store(url).close()
    fill(url, Size(endpoints=2000, raw=200, sold=900))
    desk = Desk(url)
    yield desk
    desk.close()


@contextmanager
def statements() -> Iterator[dict[str, object]]:
    """Every statement that the program makes meanwhile, with the values of one time."""
    seen: dict[str, object] = {}

    def note(_connection, _cursor, statement, values, _context, many):
        if re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT|WITH)", statement):
            seen[statement] = values[0] if many and values else values

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def sell(desk: Desk) -> None:
    ledger = await desk.ledger(lane=Lane.SALES)
    book = StoreOrders(desk.store, ledger, account())
    for number, tag in enumerate(("", TAGS[0])):
        order, step = await book.place(SellRequest(order=f"new-{number}", account=ACCOUNT, tag=tag))
        assert step.work
        await book.step(order.order, Scope(order.change), [done(step.work[0])], 1)
        assert await book.find(order.order)
    await book.unfinished()
    await book.count_open()
    await book.put_back()
    await book.free_untouched()
    await book.close_settled()
    await book.note_runs({1: "run"})
    await book.unshown(since=0.0, limit=20)
    await ledger.beat()


async def work_on(desk: Desk, change: int) -> None:
    ledger = await desk.ledger()
    step = await ledger.step(Scope(change), [], 5)
    await ledger.step(Scope(change), [done(work) for work in step.work], 0)
    await ledger.doubts(Scope(change), 10)
    await ledger.outlook(Scope(change))
    await ledger.take(3)
    for kind in Kind:
        desk.store.write(sight.planned, change, kind)
    desk.store.write(bulk_changes.open_stretches, change)
    desk.store.write(bulk_changes.plan_refused, change)
    desk.store.write(bulk_changes.cancel, [change])
    events = [PlatformEvent("1", 1.0, "endpoint.activated", "E5")]
    await desk.store.awrite(inbox.keep, ACCOUNT, events, "poll")
    await desk.store.awrite(inbox.apply, ledger.owner)


async def everything(desk: Desk) -> None:
    """What runs, services and schedules ask of the store."""
    desk.store.write(stocking.level, ACCOUNT, MARK)
    fill_up = desk.store.write(stocking.plan, ACCOUNT, MARK, most=50, platform="sft", platform_tags="now")
    assert fill_up.need.create
    await work_on(desk, fill_up.change)
    await sell(desk)
    request = {"tag": TAGS[1], "count": 5, "platform": "sft"}
    desk.store.write(selection.select_endpoints, selection.Request(ACCOUNT, **request))
    desk.store.write(unfinished.unfinished, ACCOUNT, "sft")
    values = desk.ingest_values(manifest(accepted(*range(50_001, 50_020))), batch="new", tags=["x"])
    await work_on(desk, desk.store.write(ingest.ingest, **values).change)


def plans(path: str, seen: dict[str, object]) -> Iterator[tuple[str, list[tuple[int, int, str]]]]:
    with closing(sqlite3.connect(path)) as connection:
        for statement, values in seen.items():
            if (
                "incoming" in statement or "esim_conflicts" in statement
            ):  # a table that lives for one ingest, as large as the file
                continue
            found = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
            yield statement, [(number, parent, words) for number, parent, _, words in found]


def scanned(statement: str, plan: list[tuple[int, int, str]]) -> Iterator[str]:
    """What of a plan reads a large table from end to end, with whether it does so for each row of another."""
    names = {table: table for table in LARGE}
    for table in LARGE:
        names |= dict.fromkeys(re.findall(rf'\b{table}\s+(?:AS\s+)?"?(\w+)"?', statement, re.IGNORECASE), table)
    parents = {number: (parent, words) for number, parent, words in plan}
    for number, _, words in plan:
        found = re.match(r"SCAN (\w+)", words)
        if found and names.get(found[1]):
            above, nested = number, False
            while above in parents:
                above, line = parents[above]
                nested = nested or "CORRELATED" in line
            yield f"{names[found[1]]}{' for each row' if nested else ''}: {words}"


async def test_no_statement_of_the_program_scans_a_large_table(big):
    with statements() as seen:
        await everything(big)

    found = {
        statement: scans
        for statement, plan in plans(big.url.removeprefix("sqlite:///"), seen)
        if (scans := list(scanned(statement, plan))) and not any(statement.startswith(one) for one in ALLOWED)
    }
    lines = [f"{scan} in {statement[:900]}" for statement, scans in found.items() for scan in scans]
    assert lines == []
    assert len(seen) > 60, "it looked at nearly nothing"


def test_without_its_index_the_scan_of_all_changes_is_found(big):
    big.do("DROP INDEX ix_changes_batch_id")
    with statements() as seen:
        big.store.write(stocking.level, ACCOUNT, MARK)

    (found,) = [list(scanned(s, plan)) for s, plan in plans(big.url.removeprefix("sqlite:///"), seen) if "t.tag" in s][
        :1
    ]
    assert found == ["changes for each row: SCAN b"]


class Steps:
    """Counts the steps of SQLite's machine, which no load of this one changes."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self):
        event.listen(Engine, "connect", self._listen)
        return self

    def __exit__(self, *_):
        event.remove(Engine, "connect", self._listen)

    def _listen(self, connection, _record):
        connection.set_progress_handler(self._note, 100)

    def _note(self):
        self.count += 100
        return 0


async def steps_of(path, endpoints: int) -> dict[str, int]:
    """The steps of what schedules and sales do, in a store of this size."""
    url = f"sqlite:///{path}/store-{endpoints}.db"
    Store(url).close()
    fill(url, Size(endpoints=endpoints, raw=endpoints // 10, sold=endpoints // 2))
    found = {}
    with Steps() as steps:
        desk = Desk(url)

        def plan():
            desk.store.write(stocking.plan, ACCOUNT, MARK, most=50, platform="sft", platform_tags="off")

        for what, function in (
            ("level", lambda: desk.store.write(stocking.level, ACCOUNT, MARK)),
            ("plan", plan),
            ("unfinished", lambda: desk.store.write(unfinished.unfinished, ACCOUNT, "sft")),
        ):
            steps.count = 0
            function()
            found[what] = steps.count
        steps.count = 0
        await sell(desk)
        found["sell"] = steps.count
        desk.close()
    return found


async def test_four_times_the_store_is_about_four_times_the_work_and_none_more_for_a_sale(quick_path):
    small, large = await steps_of(quick_path, 2000), await steps_of(quick_path, 8000)

    assert {what: steps for what, steps in large.items() if steps > 5 * small[what] + 1000} == {}
    assert large["sell"] < 1.5 * small["sell"] + 1000
