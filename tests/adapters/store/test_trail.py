"""Every fact is bound to the one before it, and the facts alone make every mapping again."""

from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import text

from adapters.store import bulk_changes, giving_back, orders, queries, rebuild, refunds, sight, taken_back
from adapters.store.reading import Reader
from adapters.store.store import AccountLedger, Store
from domain import trail
from domain.doubt import Evidence, Ruling, Sight
from domain.errors import Refused
from domain.lifecycle import Kind
from domain.operation import State
from domain.order import OrderState, SellRequest
from domain.order_trail import ABOUT, CHAIN
from domain.outcome import Because, Verdict
from domain.pacing import Lane
from domain.ports import Scope
from domain.refund import RefundWith
from domain.sight import Finding
from tests.support.desk import ACCOUNT, Desk, accepted, came, done, manifest
from tests.support.till import Shop
from tests.support.works import account, iccid

CREATED = 9


@pytest.fixture
async def lived(desk):
    """See `live`."""
    return await live(desk)


async def live(desk: Desk) -> Desk:
    """A store in which everything happened that can happen to an operation."""
    stored = desk.ingest(manifest(accepted(*range(1, CREATED + 1))), platform_tags="now", tags=["eu"])
    scope, ledger = Scope(stored.change), await desk.ledger()
    (work,) = desk.store.write(sight.planned, stored.change, Kind.CREATE)[:1]
    await desk.store.awrite(sight.settle, ledger.owner, [Finding(work, State.CONFIRMED, "E1", "was there")])
    works = [w for w in (await ledger.step(scope, [], 8)).work if w.kind is Kind.CREATE]
    results = [
        *(done(w) for w in works[:3]),
        came(works[3], Verdict.NOT_DONE, Because.REFUSED, text="no «endpoint»", code="10117"),
        came(works[4], Verdict.UNKNOWN, text="no answer"),
        came(works[5], Verdict.NOT_DONE, Because.CONTRADICTION, text="two of them"),
        came(works[6], Verdict.NOT_DONE, Because.THROTTLED),
    ]
    tags = (await ledger.step(scope, results, 4)).work
    await ledger.step(scope, [done(w) for w in tags if w.kind is Kind.TAG], 0)
    desk.do("UPDATE operations SET next_at = 0 WHERE state = 'in_doubt'")
    for doubt in await ledger.doubts(scope, 10):
        found = Evidence(Sight.PRESENT, endpoint_id="E77"), Ruling(State.CONFIRMED, endpoint_id="E77")
        await ledger.rule([(doubt, *found)])
    person = desk.one("SELECT id FROM operations WHERE state = 'needs_human'")
    desk.decide(person, State.REFUSED)
    selected = desk.select(tag="eu", group="gold", count=2)
    active = (await ledger.step(Scope(selected.change), [], 2)).work
    later = (await ledger.step(Scope(selected.change), [done(w) for w in active], 2)).work
    await ledger.step(Scope(selected.change), [done(w) for w in later], 0)
    return desk


def chains(url: str) -> list[trail.Chain]:
    with Reader(url).open() as reader:
        return [
            trail.check(row["account"], queries.facts(reader, row["account"]), length=row["length"], head=row["head"])
            for row in queries.chains(reader)
        ]


def mapping(url: str) -> dict[str, dict[str, object]]:
    """Every endpoint by ICCID. A tag that was not written to the platform yet is known to the store alone."""
    left_out = ("updated_at", "tags")
    with Reader(url).open() as reader:
        return {
            row["iccid"]: {k: v for k, v in row.items() if k not in left_out} for row in queries.endpoints(reader, {})
        }


def written_tags(desk: Desk) -> list[tuple[object, ...]]:
    sql = (
        "SELECT e.iccid, t.tag FROM tags t JOIN endpoints e ON e.id = t.endpoint JOIN operations o "
        "ON o.endpoint = e.id AND o.kind = 'tag' AND o.target = t.tag AND o.state = 'confirmed' ORDER BY 1, 2"
    )
    return [tuple(row) for row in desk.see(sql)]


def operations(desk: Desk) -> list[tuple[object, ...]]:
    """What the facts can tell: operations for which anything happened."""
    sql = (
        "SELECT e.iccid, o.kind, o.target, o.state, o.token FROM operations o JOIN endpoints e ON e.id = o.endpoint "
        "WHERE o.id IN (SELECT operation_id FROM attempts) ORDER BY 1, 2, 3"
    )
    return [tuple(row) for row in desk.see(sql)]


def made_again(desk: Desk, folder: Path) -> Desk:
    """A store made from the facts of another."""
    store = Store(f"sqlite:///{folder / 'again.db'}")
    options = account()
    with Reader(desk.url).open() as old:
        for chain in chains(desk.url):
            facts = partial(queries.facts, old, chain.account)
            store.write(rebuild.rebuild, chain, facts, platform=options.platform, patience=options.patience)
        store.write(taken_back.restore, queries.order_facts(old), queries.chain(old, CHAIN))
        store.write(rebuild.renumber)
    store.close()
    return Desk(store.url)


def order_trail(url: str) -> trail.Chain:
    with Reader(url).open() as reader:
        return trail.check(CHAIN, queries.order_facts(reader), **queries.chain(reader, CHAIN), covered=ABOUT)


async def test_the_facts_alone_make_every_mapping_and_every_decision_again(lived, tmp_path):
    again = made_again(lived, tmp_path)

    before, after = mapping(lived.url), mapping(again.url)
    assert after == {iccid: before[iccid] for iccid in after}
    assert {one["state"] for one in before.values()} == {one["state"] for one in after.values()}
    assert all(one["endpoint_id"] is None for iccid, one in before.items() if iccid not in after)
    assert written_tags(again) == written_tags(lived) != []
    assert operations(again) == [(*row[:3], row[3].replace("sent", "in_doubt"), row[4]) for row in operations(lived)]
    assert chains(again.url) == chains(lived.url)
    again.close()


async def test_what_was_under_way_comes_back_in_doubt_and_is_not_sent_again(desk, tmp_path):
    ledger = await desk.ledger()
    (work,) = (await ledger.step(desk.batch(1), [], 1)).work
    safe_after = desk.one("SELECT safe_after FROM operations")

    again = made_again(desk, tmp_path)
    scope, heir = Scope(1), await again.ledger()

    assert again.operations() == ["in_doubt"]
    assert again.one("SELECT safe_after FROM operations") == pytest.approx(safe_after)
    assert (await heir.step(scope, [], 5)).work == ()
    assert [doubt.iccid for doubt in await heir.doubts(scope, 5)] == [work.iccid]
    again.close()


async def test_a_store_that_was_made_again_goes_on(lived, tmp_path):
    again = made_again(lived, tmp_path)
    stored = again.ingest(manifest(accepted(*range(1, CREATED + 3))))
    works = (await (await again.ledger()).step(Scope(stored.change), [], 50)).work

    assert {work.iccid for work in works} & set(mapping(lived.url)) <= {iccid(CREATED)}  # of which there is no fact
    assert len(works) == 3
    assert [chain.broken for chain in chains(again.url)] == [""]
    again.close()


async def test_a_store_with_something_in_it_is_not_written_over(lived):
    with pytest.raises(Refused, match="1 batches already"):
        lived.store.write(rebuild.check_empty)


async def test_all_that_happened_is_bound_together(lived):
    (chain,) = chains(lived.url)

    assert (chain.account, chain.broken) == (ACCOUNT, "")
    assert chain.length == lived.one("SELECT count(*) FROM attempts") > 2 * CREATED


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("UPDATE attempts SET text = 'nothing to see' WHERE id = {middle}", "was changed"),
        ("UPDATE attempts SET endpoint_id = 'E999' WHERE id = {middle}", "was changed"),
        ("UPDATE attempts SET at = at + 1 WHERE id = {middle}", "was changed"),
        ("UPDATE attempts SET iccid = '8944000000000000000' WHERE id = {middle}", "was changed"),
        ("DELETE FROM attempts WHERE id = {middle}", "taken out"),
        ("DELETE FROM attempts WHERE id = {last}", "should have"),
        ("DELETE FROM attempts", "should have"),
    ],
)
async def test_tampering_is_found(lived, tampering, told):
    middle = lived.one("SELECT id FROM attempts WHERE event = 'answer' ORDER BY id LIMIT 1")
    last = lived.one("SELECT max(id) FROM attempts")
    lived.do(tampering.format(middle=middle, last=last))

    assert told in chains(lived.url)[0].broken


async def test_two_processes_add_to_one_chain(desk):
    scope = desk.batch(40)
    first, second = await desk.ledger(), await desk.ledger()
    for _ in range(5):
        for ledger in (first, second):
            works = (await ledger.step(scope, [], 2)).work
            await ledger.step(scope, [done(w) for w in works], 0)

    assert [(chain.broken, chain.length > 20) for chain in chains(desk.url)] == [("", True)]


async def test_that_a_sim_was_terminated_before_it_was_known_is_a_fact_and_survives_a_rebuild(desk, tmp_path):
    """The platform erases its own record of it."""
    scope, ledger = desk.batch(3), await desk.ledger()
    (first,) = (await ledger.step(scope, [], 1)).work
    await ledger.step(scope, [came(first, Verdict.NOT_DONE, Because.ENDED)], 0)
    seen, other = desk.store.write(sight.planned, scope.change, Kind.CREATE)
    findings = [
        Finding(seen, State.REFUSED, None, "terminated", is_tombstone=True),
        Finding(other, State.REFUSED, None, "suspended"),
    ]
    desk.store.write(sight.settle, ledger.owner, findings)
    again = made_again(desk, tmp_path)

    assert [again.endpoint(number).state for number in (1, 2, 3)] == ["terminated", "terminated", "stock"]
    again.close()


async def test_a_refused_operation_that_is_tried_again_is_told_by_its_facts(desk, tmp_path):
    scope, ledger = desk.batch(1), await desk.ledger()
    (work,) = (await ledger.step(scope, [], 1)).work
    await ledger.step(scope, [came(work, Verdict.NOT_DONE, Because.REFUSED)], 0)
    desk.store.write(bulk_changes.plan_refused, scope.change)
    (planned,) = desk.store.write(sight.planned, scope.change, Kind.CREATE)
    await desk.store.awrite(sight.settle, ledger.owner, [Finding(planned, State.CONFIRMED, "E5", "it was there")])
    again = made_again(desk, tmp_path)

    assert again.operations() == ["confirmed"]
    again.close()


# --- orders ---


async def waiting(desk: Desk, count: int) -> AccountLedger:
    """So many SIMs made pre-active by calls, of which there are facts."""
    scope, ledger = desk.batch(count), await desk.ledger(max_in_flight=64)
    works = (await ledger.step(scope, [], count)).work
    await ledger.step(scope, [done(work) for work in works], 0)
    return ledger


async def place(ledger: AccountLedger, order="4711", tag="", group="eu"):
    wanted = SellRequest(order=order, account=ACCOUNT, tag=tag, group=group)
    return await ledger._store.awrite(orders.place, ledger.owner, wanted, hold=900.0, oldest={})


async def answered(ledger: AccountLedger, order, works, *, result=done):
    return (await ledger.step(Scope(order.change), [result(work) for work in works], 1)).work


def refused(work):
    return came(work, Verdict.NOT_DONE, Because.REFUSED)


async def test_an_order_that_is_sent_again_to_a_store_made_again_gets_no_second_sim(desk, tmp_path):
    ledger = await waiting(desk, 3)
    order, step = await place(ledger)
    assert await answered(ledger, order, await answered(ledger, order, step.work)) == ()

    again = made_again(desk, tmp_path)
    heir = await again.ledger()
    repeated, step = await place(heir)
    other, _ = await place(heir, order="4712")

    assert (repeated.state, repeated.iccid, step.work) == (OrderState.DONE, order.iccid, ())
    assert other.iccid == iccid(2)
    assert [chain.broken for chain in chains(again.url)] == [""]
    again.close()


async def test_a_sim_that_was_given_back_is_no_orders_in_a_store_made_again(desk, tmp_path):
    ledger = await waiting(desk, 1)
    order, step = await place(ledger)
    unsent = came(step.work[0], Verdict.NOT_DONE, Because.UNREACHABLE)
    await ledger.step(Scope(order.change), [unsent], 0)
    desk.later(3600)
    assert desk.store.write(giving_back.put_back, ACCOUNT) == ["4711"]

    again = made_again(desk, tmp_path)

    assert again.store.write(orders.find, ACCOUNT, "4711") is None
    assert again.one("SELECT count(*) FROM endpoints WHERE held_by IS NOT NULL") == 0
    again.close()


async def test_an_order_whose_group_was_still_to_be_asked_for_goes_on_in_a_store_made_again(desk, tmp_path):
    ledger = await waiting(desk, 2)
    order, step = await place(ledger)
    await ledger.step(Scope(order.change), [done(step.work[0])], 0)

    again = made_again(desk, tmp_path)
    heir = await again.ledger()
    found = again.store.write(orders.find, ACCOUNT, "4711")
    works = await answered(heir, found, ())

    assert (found.state, found.iccid) == (OrderState.IN_PROGRESS, order.iccid)
    assert [(work.kind, work.target, work.iccid) for work in works] == [(Kind.ASSIGN, "eu", order.iccid)]
    again.close()


async def test_a_sale_that_was_under_way_is_in_doubt_in_a_store_made_again_and_keeps_its_sim(desk, tmp_path):
    order, _ = await place(await waiting(desk, 2))

    again = made_again(desk, tmp_path)
    heir = await again.ledger()
    repeated, step = await place(heir)

    assert (repeated.state, repeated.iccid, step.work) == (OrderState.IN_PROGRESS, order.iccid, ())
    assert [doubt.iccid for doubt in await heir.doubts(Scope(repeated.change), 5)] == [order.iccid]
    again.close()


async def test_an_order_whose_sim_was_refused_gets_another_one_from_a_store_made_again(desk, tmp_path):
    ledger = await waiting(desk, 2)
    order, step = await place(ledger)
    await answered(ledger, order, step.work, result=refused)

    again = made_again(desk, tmp_path)
    repeated, step = await place(await again.ledger())

    assert (repeated.state, repeated.iccid) == (OrderState.IN_PROGRESS, iccid(2))
    assert [work.iccid for work in step.work] == [iccid(2)]
    again.close()


async def test_the_sim_that_was_sent_last_for_an_order_is_the_one_that_comes_back(desk, tmp_path):
    ledger = await waiting(desk, 2)
    order, step = await place(ledger)
    await answered(ledger, order, step.work, result=refused)
    spoilt = desk.store.write(orders.find, ACCOUNT, "4711")
    hold = {"hold": 900.0, "oldest": {}}
    order, step = await desk.store.awrite(orders.take_another, ledger.owner, spoilt, **hold)
    await answered(ledger, order, await answered(ledger, order, step.work))

    again = made_again(desk, tmp_path)

    found = again.store.write(orders.find, ACCOUNT, "4711")
    assert (found.state, found.iccid) == (OrderState.DONE, iccid(2))
    assert again.one("SELECT count(*) FROM endpoints WHERE held_by = :order", order=found.id) == 2
    again.close()


async def test_a_reservation_is_no_fact_before_something_is_sent_for_it(desk):
    ledger = await waiting(desk, 1)
    full = replace(ledger.owner, lane=Lane.SALES, max_in_flight=0, sales_places=0)
    wanted = SellRequest(order="4711", account=ACCOUNT)
    order, step = await desk.store.awrite(orders.place, full, wanted, hold=900.0, oldest={})
    assert (order.iccid, step.work, desk.facts("ordered")) == (iccid(1), (), [])

    await answered(ledger, order, ())
    assert len(desk.facts("ordered")) == 1


async def test_facts_of_before_the_trail_are_described_and_bound_by_the_upgrade(lived):
    """As a store of the first version has them."""
    migration = import_module("adapters.store.migrations.versions.0005_audit_trail")
    added = ("account", "iccid", "name", "batch", "kind", "target", "state", "hash")
    before = mapping(lived.url)
    with lived.changing() as connection:
        emptied = ", ".join(f"{name} = ''" for name in added)
        connection.execute(text(f"UPDATE attempts SET round = 0, {emptied}"))
        connection.execute(text("DELETE FROM chains"))
        with Operations.context(MigrationContext.configure(connection)):
            migration._describe()
            migration._bind()
        connection.execute(text("UPDATE chains SET facts = length, length = 0"))

    (chain,) = chains(lived.url)
    assert (chain.account, chain.broken) == (ACCOUNT, "")
    with Reader(lived.url).open() as reader:
        found = trail.fold(queries.facts(reader, ACCOUNT), "sft")
    assert {number: one.endpoint_id for number, one in found.items()} == {
        number: before[number]["endpoint_id"] for number in found
    }


# --- orders that were taken back ---


async def till(desk: Desk, count: int) -> Shop:
    """A shop with SIMs that were made by calls, as a trail needs it."""
    return Shop(desk, await waiting(desk, count))


async def test_orders_that_were_taken_back_stay_so_in_a_store_made_again(desk, tmp_path):
    shop = await till(desk, 5)
    for name in ("refunded", "refunding", "doubtful"):
        order, step = await shop.place(order=name)
        if name != "doubtful":
            await shop.come(order, done((await shop.come(order, done(step.work[0]))).work[0]))
    await shop.refunded("refunded")
    shop.refund("refunding")
    shop.refund("doubtful")
    await shop.sold(order="sold")
    shop.cancel("cancelled")

    again = made_again(desk, tmp_path)
    heir = Shop(again, await again.ledger())
    before = {row.order_no: row.state for row in desk.see("SELECT order_no, state FROM orders")}
    before["sold"] = "done"
    found = {name: (await heir.place(order=name)) for name in before}

    assert {name: order.settled.value for name, (order, _) in found.items()} == before
    assert [step.work for _, step in found.values()] == [()] * 5
    assert {name: order.iccid for name, (order, _) in found.items()} == {
        row.order_no: row.iccid
        for row in desk.see("SELECT r.order_no, e.iccid FROM orders r LEFT JOIN endpoints e ON e.id = r.endpoint")
    }
    assert order_trail(again.url) == order_trail(desk.url)
    assert order_trail(desk.url).length == 5
    again.close()


async def test_a_refund_goes_on_in_a_store_made_again_and_asks_for_no_group(desk, tmp_path):
    shop = await till(desk, 1)
    order, step = await shop.place()
    await shop.ledger.step(Scope(order.change), [done(step.work[0])], 0)
    shop.store.write(refunds.record_refund, ACCOUNT, "A-1", wanted=RefundWith.SUSPEND, most=1, by="the shop")

    again = made_again(desk, tmp_path)
    heir = Shop(again, await again.ledger())
    (work,) = await heir.send(heir.advance())

    assert (work.kind, work.iccid) == (Kind.SUSPEND, order.iccid)
    assert again.see("SELECT 1 FROM operations WHERE kind = 'assign' AND state = 'planned'") == []
    again.close()


async def test_a_refund_whose_activation_was_under_way_is_looked_up_in_a_store_made_again(desk, tmp_path):
    shop = await till(desk, 1)
    await shop.place()
    shop.refund()

    again = made_again(desk, tmp_path)
    step = Shop(again, await again.ledger()).advance()

    assert (step.order.state, step.is_ours) == (OrderState.REFUNDING, False)
    assert again.operations("activate") == ["in_doubt"]
    again.close()


@pytest.mark.parametrize("tampering", ["UPDATE order_facts SET order_no = 'B'", "DELETE FROM order_facts WHERE id > 1"])
async def test_facts_of_orders_that_were_changed_or_taken_out_are_found(desk, tampering):
    shop = await till(desk, 1)
    for name in "ABC":
        shop.cancel(name)
    assert order_trail(desk.url).broken == ""

    desk.do(tampering)

    assert order_trail(desk.url).broken


@pytest.mark.parametrize("change", ["UPDATE order_facts SET order_no = 'B'", "DELETE FROM order_facts"])
async def test_the_database_lets_nobody_change_the_facts_of_orders(desk, change):
    (await till(desk, 1)).cancel()

    with pytest.raises(Exception, match="only ever added"), desk.minding() as connection:
        connection.execute(text(change))
