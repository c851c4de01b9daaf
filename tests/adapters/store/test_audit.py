"""What the store uses is compared with its trail: nothing that was changed behind it goes unnoticed."""

import pytest

from adapters.store import audit, giving_back, orders
from adapters.store.reading import Reader
from domain.audit import SENTENCES, Audit, Differs
from domain.outcome import Because, Verdict
from domain.ownership import taken
from domain.ports import Result, Scope
from domain.refund import RefundWith
from tests.adapters.store.test_trail import answered, live, place, refused, waiting
from tests.support.desk import ACCOUNT, Desk, came, done
from tests.support.till import Shop
from tests.support.works import iccid


def audited(desk: Desk, platforms=(ACCOUNT,)) -> Audit:
    with Reader(desk.url).open() as reader:
        return audit.compare(reader, dict.fromkeys(platforms, "sft"))


async def sold(desk: Desk, *numbers: str) -> None:
    """Orders that are done, with SIMs of their own."""
    ledger = await waiting(desk, 6)
    for number in numbers:
        order, step = await place(ledger, order=number)
        await answered(ledger, order, await answered(ledger, order, step.work))
        desk.store.write(orders.close_settled, ACCOUNT, 10)


# --- a store that is as its trail says ---


async def test_a_store_in_which_everything_happened_equals_its_trail(desk):
    found = audited(await live(desk))

    assert (found.sentence(), found.is_equal) == ("", True)
    assert found.endpoints > 5
    assert found.operations > 10
    assert found.tags > 0


async def test_sold_refused_given_back_and_open_orders_equal_their_trail(desk):
    ledger = await waiting(desk, 6)
    bought, step = await place(ledger, order="done")
    await answered(ledger, bought, await answered(ledger, bought, step.work))
    spoilt, step = await place(ledger, order="second")
    await answered(ledger, spoilt, step.work, result=refused)
    spoilt = desk.store.write(orders.find, ACCOUNT, "second")
    await desk.store.awrite(orders.take_another, ledger.owner, spoilt, hold=900.0, oldest={})
    unsent, step = await place(ledger, order="unsent")
    await ledger.step(Scope(unsent.change), [came(step.work[0], Verdict.NOT_DONE, Because.UNREACHABLE)], 0)
    for _ in range(2):
        found = audited(desk)
        assert found.sentence() == ""
        desk.later(3600)
        desk.store.write(orders.close_settled, ACCOUNT, 10)
        assert desk.store.write(giving_back.put_back, ACCOUNT) in (["unsent"], [])
    assert found.orders == 2


async def test_cancelled_and_refunded_orders_and_sims_that_others_took_equal_their_trail(desk):
    shop = Shop(desk, await waiting(desk, 8))
    await shop.sold(order="refunded")
    await shop.refunded(order="refunded")
    await shop.sold(order="ended")
    await shop.refunded(order="ended", wanted=RefundWith.TERMINATE)
    unsent, step = await shop.place(order="cancelled")
    desk.do("INSERT INTO stops (account, reason, at) VALUES (:account, 'test', 0)", account=ACCOUNT)
    await shop.come(unsent, came(step.work[0], Verdict.NOT_DONE, Because.UNREACHABLE))
    desk.do("DELETE FROM stops")
    shop.cancel("cancelled")
    order, step = await shop.place(order="next")
    await shop.come(order, Result(step.work[0], taken()))
    order, step = await shop.another(shop.find("next"))
    await shop.come(order, *[done(work) for work in step.work])

    assert audited(desk).sentence() == ""


async def test_what_the_trail_does_not_hold_is_counted_as_not_covered(desk):
    desk.batch(3, tags=["spring"])
    found = audited(desk)

    assert (found.raw, found.other_tags, found.is_equal) == (3, 3, True)
    assert found.coverage().endswith("not covered by it: 3 SIMs in stock and 3 tags that no call wrote")


async def test_endpoints_of_an_account_that_is_in_no_settings_are_named_as_not_compared(desk):
    await sold(desk, "A")
    found = audited(desk, platforms=())

    assert found.endpoints == 0
    assert found.coverage().endswith("; 6 endpoints of account travel not compared, which is in no settings")


@pytest.mark.parametrize("at_once", [1, 2, 1000])
async def test_stretches_of_any_size_compare_everything(desk, monkeypatch, at_once):
    await sold(desk, "A", "B")
    monkeypatch.setattr(audit, "AT_ONCE", at_once)

    assert audited(desk).endpoints == 6


# --- changed by hand ---

_SALE = "(SELECT endpoint FROM orders WHERE order_no = 'A')"
_WAITING = "(SELECT max(id) FROM endpoints)"
BY_HAND = {
    "an order given another SIM": (
        f"UPDATE orders SET endpoint = {_WAITING} WHERE order_no = 'A'",
        {Differs.HOLDER: "A: ", Differs.SOLD: "A: "},
    ),
    "an order taken away": ("DELETE FROM orders WHERE order_no = 'A'", {Differs.HOLDER: "A: "}),
    "an order made done": (
        "INSERT INTO orders (account, order_no, state, created_at, endpoint) "
        f"VALUES ('travel', 'C', 'done', 0, {_WAITING})",
        {Differs.SOLD: "C: "},
    ),
    "a waiting endpoint set active": (
        f"UPDATE endpoints SET state = 'active' WHERE id = {_WAITING}",
        {Differs.STATE: f"{iccid(6)}: active instead of pre_active"},
    ),
    "a sold endpoint set waiting": (
        f"UPDATE endpoints SET state = 'pre_active' WHERE id = {_SALE}",
        {Differs.STATE: "pre_active instead of active"},
    ),
    "a mapping": (
        f"UPDATE endpoints SET endpoint_id = 'E99' WHERE id = {_WAITING}",
        {Differs.MAPPING: f"{iccid(6)}: E99 instead of E6"},
    ),
    "an ICCID": (
        f"UPDATE endpoints SET iccid = '8944500000000079364' WHERE id = {_WAITING}",
        {Differs.FACTS: "8944500000000079364", Differs.STATE: "", Differs.MAPPING: "", Differs.OPERATION: ""},
    ),
    "a group": (f"UPDATE endpoints SET \"group\" = 'us' WHERE id = {_SALE}", {Differs.GROUP: "us instead of eu"}),
    "the state of an operation": (
        f"UPDATE operations SET state = 'planned' WHERE kind = 'activate' AND endpoint = {_SALE}",
        {Differs.OPERATION: "activate planned at attempt 1 instead of confirmed at attempt 1"},
    ),
    "the attempt of an operation": (
        f"UPDATE operations SET token = 0 WHERE kind = 'create' AND endpoint = {_WAITING}",
        {Differs.OPERATION: "create confirmed at attempt 0 instead of confirmed at attempt 1"},
    ),
    "an operation that nothing tells of": (
        "INSERT INTO operations (account, change_id, position, endpoint, kind, state, updated_at) "
        f"VALUES ('travel', 1, 90, {_WAITING}, 'suspend', 'confirmed', 0)",
        {Differs.OPERATION: "suspend confirmed at attempt 0 instead of planned at attempt 0"},
    ),
}


@pytest.mark.parametrize("change", BY_HAND)
async def test_what_was_changed_by_hand_is_named_with_the_first_of_it(desk, change):
    await sold(desk, "A", "B")
    assert audited(desk).sentence() == ""
    statement, told = BY_HAND[change]
    desk.do(statement)
    found = audited(desk)

    assert {what: count > 0 for what, count in found.found.items()} == dict.fromkeys(told, True)
    for what, words in told.items():
        assert words in ", ".join(found.shown[what])
        assert SENTENCES[what][0] in found.sentence() or SENTENCES[what][1] in found.sentence()


async def test_a_tag_that_was_written_and_deleted_by_hand_is_missed(desk):
    await live(desk)
    desk.do("DELETE FROM tags WHERE tag = 'eu'")
    found = audited(desk)

    assert found.found == {Differs.TAG: found.found[Differs.TAG]}
    assert found.shown[Differs.TAG][0].endswith(": eu")


async def test_an_operation_that_was_deleted_by_hand_leaves_facts_that_belong_to_none(desk):
    await sold(desk, "A")
    with desk.changing() as connection:
        connection.exec_driver_sql("DELETE FROM operations WHERE kind = 'assign'")
    found = audited(desk)

    assert found.lost == 2
    assert "2 facts belong to no operation" in found.sentence()


async def test_of_many_the_first_are_shown_and_all_are_counted(desk):
    await waiting(desk, 6)
    desk.do("UPDATE endpoints SET state = 'active'")
    words = audited(desk).sentence()

    assert words.startswith("6 endpoints are in another state (")
    assert words.count("instead of") == 3
    assert words.endswith(", …)")


def test_every_difference_has_a_sentence_for_one_and_for_many():
    assert set(SENTENCES) == set(Differs)
