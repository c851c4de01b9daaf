"""An order that was taken back sells nothing any more, and its endpoint does not stay in service unseen."""

import asyncio
from functools import partial

import pytest

from adapters.store import orders, queries, refunds
from adapters.store.reading import Reader
from domain.errors import OrderDiffers, Refused
from domain.lifecycle import Kind
from domain.operation import State
from domain.order import OrderState
from domain.outcome import Because, Verdict
from domain.ownership import TAKEN, TAKEN_TEXT
from domain.ports import Scope
from domain.refund import RefundWith
from domain.sale import _check_same
from tests.support.desk import ACCOUNT, came, done
from tests.support.till import Shop, wanted
from tests.support.works import iccid

S = OrderState


@pytest.fixture
async def shop(desk):
    return Shop(desk, await desk.ledger(max_in_flight=64))


def held(desk):
    return desk.one("SELECT count(*) FROM endpoints WHERE held_by IS NOT NULL")


def told(desk, order="A-1"):
    """Where lists say that the order stands."""
    with Reader(desk.url).open() as reader:
        return next(row["state"] for row in queries.orders(reader, ACCOUNT) if row["order"] == order)


def events(desk):
    return [row.event for row in desk.see("SELECT event FROM order_facts ORDER BY id")]


# --- cancel ---


async def unsent(shop, **fields):
    """An order whose call never left: the platform could not be reached, and it is planned again."""
    order, step = await shop.place(**fields)
    shop.desk.do("INSERT INTO stops (account, reason, at) VALUES (:account, 'test', 0)", account=ACCOUNT)
    await shop.come(order, came(step.work[0], Verdict.NOT_DONE, Because.UNREACHABLE))
    shop.desk.do("DELETE FROM stops")
    return order


async def test_a_cancelled_order_gives_its_sim_back_and_is_never_sold_again(desk, shop):
    desk.pre_active(2)
    await unsent(shop)

    order = shop.cancel()
    again, step = await shop.place()

    assert (order.state, order.iccid, held(desk)) == (S.CANCELLED, None, 0)
    assert (again.state, again.iccid, step.work) == (S.CANCELLED, None, ())
    assert (told(desk), events(desk)) == ("cancelled", ["cancelled"])
    sold = [(await shop.place(order=name))[0].iccid for name in "BC"]
    assert sorted(sold) == [iccid(1), iccid(2)]


async def test_an_order_that_comes_after_its_cancel_sells_nothing_whatever_it_asks_for(desk, shop):
    desk.pre_active(1)

    assert shop.cancel().state is S.CANCELLED
    order, step = await shop.place(tag="", group="us")

    assert (order.state, step.work, held(desk)) == (S.CANCELLED, (), 0)
    _check_same(order, wanted(group="us"))


async def test_a_refunded_order_that_is_sent_again_for_something_else_is_still_refused(desk, shop):
    desk.pre_active(1)
    await shop.sold()
    order = await shop.refunded()

    with pytest.raises(OrderDiffers):
        _check_same(order, wanted(group="us"))


@pytest.mark.parametrize(
    "answer",
    [None, (Verdict.UNKNOWN,), (Verdict.DONE,), (Verdict.NOT_DONE, Because.THROTTLED)],
    ids=["under way", "unknown", "done", "throttled"],
)
async def test_an_order_for_which_anything_may_have_been_done_is_not_cancelled(desk, shop, answer):
    desk.pre_active(1)
    order, step = await shop.place()
    if answer is not None:
        await shop.come(order, came(step.work[0], *answer))

    assert shop.cancel().state is S.IN_PROGRESS
    assert (held(desk), events(desk)) == (1, [])
    assert desk.operations("assign") == [desk.operations("assign")[0]] != ["refused"]


async def test_an_order_that_is_out_of_stock_or_whose_sims_were_all_refused_can_be_cancelled(desk, shop):
    desk.pre_active(1)
    await shop.place(order="A")
    await shop.place(order="B")
    await shop.place(order="C", full="the group is full")
    desk.do("UPDATE operations SET state = 'refused' WHERE kind = 'activate'")
    assert shop.find("A").spoilt

    assert [shop.cancel(name).state for name in "ABC"] == [S.CANCELLED] * 3
    assert held(desk) == 0


async def test_a_cancelled_order_is_not_released_and_the_database_lets_it_go_nowhere(desk, shop):
    desk.pre_active(1)
    await unsent(shop)
    shop.cancel()

    with pytest.raises(Refused, match="A-1 is cancelled; its number sells nothing any more"):
        shop.release()
    for state in ("in_progress", "done", "no_stock", "refunded"):
        with pytest.raises(Exception, match="does not go back"), desk.minding() as connection:
            connection.exec_driver_sql(f"UPDATE orders SET state = '{state}'")


# --- refund ---


@pytest.mark.parametrize(
    ("how", "kind", "after"),
    [(RefundWith.SUSPEND, Kind.SUSPEND, "suspended"), (RefundWith.TERMINATE, Kind.TERMINATE, "terminated")],
)
async def test_a_refund_takes_the_endpoint_out_of_service_once_and_for_good(desk, shop, how, kind, after):
    desk.pre_active(2)
    await shop.sold()
    step = shop.refund(wanted=how)
    assert (step.order.state, step.is_ours, told(desk)) == (S.REFUNDING, True, "refunding")

    (work,) = await shop.send(step)
    await shop.ledger.step(step.scope, [done(work)], 0)
    order = shop.advance().order

    assert (work.kind, work.iccid) == (kind, iccid(1))
    assert (order.state, order.iccid, desk.endpoint(1).state) == (S.REFUNDED, iccid(1), after)
    assert shop.refund(wanted=how).order.state is S.REFUNDED
    again, sale = await shop.place()
    assert (again.state, sale.work, told(desk)) == (S.REFUNDED, (), "refunded")
    assert desk.one("SELECT count(*) FROM operations WHERE kind = :kind", kind=kind.value) == 1
    assert events(desk) == ["refunding", "refunded"]


async def test_a_refund_that_leaves_the_endpoint_in_service_says_so(desk, shop):
    desk.pre_active(1)
    await shop.sold()

    order = shop.refund(wanted=RefundWith.NOTHING).order

    assert (order.state, desk.endpoint(1).state) == (S.REFUNDED, "active")
    assert "left in service, as the account's settings ask" in order.text
    assert shop.find().text == order.text


async def test_refunds_end_no_more_endpoints_in_a_day_than_one_run_may(desk, shop):
    desk.pre_active(4)
    for name in "ABCD":
        await shop.sold(order=name)
    ended = [await shop.refunded(name, wanted=RefundWith.TERMINATE, most=2) for name in "ABC"]
    desk.do("UPDATE order_facts SET at = at - 90000")
    later = await shop.refunded("D", wanted=RefundWith.TERMINATE, most=2)

    assert [order.endpoint_state for order in ended] == ["terminated", "terminated", "suspended"]
    assert "at most 2 endpoints within a day (max_terminate)" in ended[2].text
    assert later.endpoint_state == "terminated"


async def test_a_refund_in_the_middle_of_a_sale_is_kept_and_carried_out_when_the_outcome_is_known(desk, shop):
    desk.pre_active(1)
    order, sale = await shop.place()
    wish = shop.refund()
    assert (wish.order.state, wish.is_ours) == (S.REFUNDING, False)

    after = await shop.come(order, done(sale.work[0]))  # the process that sells hears of its call only now
    step = shop.advance()

    assert after.work == ()
    assert desk.see("SELECT 1 FROM operations WHERE kind = 'assign'") == []
    (work,) = await shop.send(step)
    assert (work.kind, work.iccid) == (Kind.SUSPEND, iccid(1))
    await shop.ledger.step(step.scope, [done(work)], 0)
    assert shop.advance().order.state is S.REFUNDED


async def test_a_refund_whose_activation_is_in_doubt_waits_for_the_look_up_and_sends_nothing(desk, shop):
    desk.pre_active(1)
    order, sale = await shop.place()
    await shop.come(order, came(sale.work[0], Verdict.UNKNOWN))

    step = shop.refund()

    assert (step.order.state, step.scope, step.is_ours) == (S.REFUNDING, Scope(order.change, 0, 0), False)
    desk.do("UPDATE operations SET state = 'planned' WHERE kind = 'activate'")  # proven absent
    assert (await shop.come(order)).work == ()
    closed = shop.advance().order
    assert (closed.state, closed.iccid, held(desk), desk.endpoint(1).state) == (S.REFUNDED, None, 0, "pre_active")


async def test_a_call_that_was_turned_away_is_not_sent_again_for_a_refunded_order(desk, shop):
    desk.pre_active(1)
    order, sale = await shop.place()
    shop.refund()

    again = await shop.come(order, came(sale.work[0], Verdict.NOT_DONE, Because.THROTTLED))

    assert again.work == ()
    assert shop.advance().order.state is S.REFUNDED
    assert desk.operations("activate") == ["refused"]


@pytest.mark.parametrize("state", ["no_stock", "unsent"])
async def test_a_refund_of_an_order_for_which_nothing_was_done_closes_it_at_once(desk, shop, state):
    desk.pre_active(0 if state == "no_stock" else 1)
    await (shop.place() if state == "no_stock" else unsent(shop))

    order = shop.refund().order

    assert (order.state, order.iccid, held(desk)) == (S.REFUNDED, None, 0)
    assert order.text.startswith("Nothing was in service for the order")
    assert (await shop.place())[0].state is S.REFUNDED


async def test_a_refund_of_an_order_that_nobody_knows_is_none(shop):
    assert shop.refund() is None


async def test_a_cancelled_order_needs_no_refund(desk, shop):
    desk.pre_active(1)
    await unsent(shop)
    shop.cancel()

    assert shop.refund().order.state is S.CANCELLED
    assert shop.cancel().state is S.CANCELLED


async def test_a_refund_of_an_endpoint_that_is_out_of_service_already_makes_no_call(desk, shop):
    desk.pre_active(2)
    for name, state in (("A", "suspended"), ("B", "terminated")):
        await shop.sold(order=name)
        desk.do("UPDATE endpoints SET state = :state WHERE iccid = :iccid", state=state, iccid=shop.find(name).iccid)
        assert shop.refund(name).order.state is S.REFUNDED

    assert desk.see("SELECT 1 FROM operations WHERE kind IN ('suspend', 'terminate')") == []


async def test_a_suspension_that_the_platform_refuses_leaves_a_refund_that_says_so(desk, shop):
    desk.pre_active(1)
    await shop.sold()
    step = shop.refund()
    (work,) = await shop.send(step)
    await shop.ledger.step(step.scope, [came(work, Verdict.NOT_DONE, Because.REFUSED, text="not now")], 0)

    waits = [shop.advance() for _ in range(2)][1]

    assert (waits.order.state, waits.scope) == (S.REFUNDING, None)
    assert (
        "was refused (not now), so the endpoint is still in service; `preactive resolve --operation" in waits.order.text
    )
    with Reader(desk.url).open() as reader:
        assert [row["order"] for row in queries.orders_held_up(reader, ACCOUNT)] == ["A-1"]
    desk.decide(work.id, State.PLANNED)
    (again,) = await shop.send(shop.advance())
    await shop.ledger.step(step.scope, [done(again)], 0)
    assert (shop.advance().order.state, shop.find().text) == (S.REFUNDED, "")


async def test_a_refund_beside_another_change_of_the_endpoint_waits_for_it(desk, shop):
    desk.pre_active(1, tags=["eu"])
    await shop.sold(tag="eu")
    bulk = desk.select(tag="eu", kind=Kind.SUSPEND)

    planned = shop.refund()
    (work,) = (await shop.ledger.step(Scope(bulk.change), [], 9)).work
    sent = shop.advance()
    await shop.ledger.step(Scope(bulk.change), [done(work)], 0)

    assert planned.scope is None
    assert "another change of its endpoint (suspend) is planned" in planned.order.text
    assert (sent.scope, sent.is_ours) == (Scope(bulk.change, 0, 0), False)
    assert shop.advance().order.state is S.REFUNDED


async def test_a_sim_that_somebody_else_took_is_no_reason_to_suspend_anything_and_is_not_sold(desk, shop):
    desk.pre_active(1)
    order, sale = await shop.place()
    await shop.come(order, came(sale.work[0], Verdict.NOT_DONE, Because.TAKEN, code=TAKEN, text=TAKEN_TEXT))

    closed = shop.refund().order

    assert (closed.state, closed.iccid) == (S.REFUNDED, None)
    assert desk.see("SELECT 1 FROM operations WHERE kind = 'suspend'") == []
    assert desk.endpoint(1).state == "active"
    assert (await shop.place(order="B"))[0].state is S.NO_STOCK


async def test_a_stopped_account_keeps_the_refund_and_sends_nothing(desk, shop):
    desk.pre_active(1)
    await shop.sold()
    desk.do("INSERT INTO stops (account, reason, at) VALUES (:account, 'a storm', 0)", account=ACCOUNT)

    step = shop.refund()
    desk.do("DELETE FROM stops")

    assert (step.order.state, step.scope) == (S.REFUNDING, None)
    assert "the account is stopped (a storm)" in step.order.text
    assert shop.advance().is_ours


async def test_an_endpoint_that_came_into_service_again_after_its_refund_is_told(desk, shop):
    desk.pre_active(1)
    await shop.sold()
    await shop.refunded()
    desk.do("UPDATE endpoints SET state = 'active'")

    assert shop.find().text.startswith("The order was refunded, and its endpoint is in service again")
    with Reader(desk.url).open() as reader:
        assert [row["order"] for row in queries.orders_held_up(reader, ACCOUNT)] == ["A-1"]


# --- many at once ---


async def test_the_same_refund_twenty_times_at_once_from_four_processes_is_one_suspension(desk):
    desk.pre_active(3)
    shops = [Shop(desk, await desk.ledger(max_in_flight=400)) for _ in range(4)]
    await shops[0].sold()
    record = partial(refunds.record_refund, wanted=RefundWith.SUSPEND, most=9, by="the shop")

    async def ask(shop):
        await shop.store.awrite(record, ACCOUNT, "A-1")
        step = await shop.store.awrite(refunds.advance_refund, shop.ledger.owner, "A-1")
        return len((await shop.ledger.step(step.scope, [], 9)).work) if step.is_ours else 0

    sent = await asyncio.gather(*(ask(shops[n % 4]) for n in range(20)))

    assert sum(sent) == 1
    assert desk.operations("suspend") == ["sent"]
    assert events(desk) == ["refunding"]


async def test_orders_and_their_cancels_at_once_leave_each_order_sold_or_cancelled_and_no_sim_lost(desk):
    desk.pre_active(40)
    shops = [Shop(desk, await desk.ledger(max_in_flight=400)) for _ in range(4)]

    async def cancel(number):
        shop = shops[(number + 1) % 4]
        return await shop.store.awrite(refunds.cancel, ACCOUNT, f"A-{number}", by="the shop")

    pairs = [(shops[n % 4].place(order=f"A-{n}"), cancel(n)) for n in range(30)]
    await asyncio.gather(*(call for pair in pairs for call in pair))

    states = {row.order_no: row.state for row in desk.see("SELECT order_no, state FROM orders")}
    sold = [order for order, state in states.items() if state == "in_progress"]
    assert set(states.values()) <= {"in_progress", "cancelled"}
    assert held(desk) == len(sold) == desk.one("SELECT count(*) FROM operations WHERE kind = 'activate'")
    assert len(events(desk)) == 30 - len(sold)


# --- told as it is ---


@pytest.mark.parametrize(
    ("state", "told_as"),
    [("active", S.DONE), ("suspended", S.SUSPENDED), ("terminated", S.ENDED), ("pre_active", S.NEEDS_HUMAN)],
)
async def test_an_order_that_was_sold_stands_where_its_endpoint_stands_now(desk, shop, state, told_as):
    desk.pre_active(2)
    await shop.sold()
    shop.close()
    desk.do("UPDATE endpoints SET state = :state WHERE iccid = :iccid", state=state, iccid=iccid(1))

    again, step = await shop.place()

    assert (shop.find().state, again.state, told(desk)) == (told_as, told_as, told_as.value)
    assert (again.iccid, step.work) == (iccid(1), ())
    assert desk.one("SELECT state FROM orders") == "done"


@pytest.mark.parametrize(
    ("state", "lpa"), [("active", "LPA:1$smdp.example.com$A"), ("suspended", None), ("terminated", None)]
)
async def test_what_the_buyer_scans_is_given_only_while_the_endpoint_is_in_service(desk, shop, state, lpa):
    desk.pre_active(1)
    desk.do(
        "INSERT INTO esims (endpoint, source_id, smdp_address, matching_id, needs_confirmation) "
        "SELECT e.id, s.id, 'smdp.example.com', 'A', false FROM endpoints e, sources s"
    )
    await shop.sold()
    desk.do("UPDATE endpoints SET state = :state", state=state)

    assert shop.find().lpa == (await shop.place())[0].lpa == lpa


@pytest.mark.parametrize("kind", [Kind.SUSPEND, Kind.TERMINATE])
@pytest.mark.parametrize(
    ("state", "told_as"),
    [
        ("planned", S.DONE),
        ("sent", S.IN_PROGRESS),
        ("in_doubt", S.IN_PROGRESS),
        ("needs_human", S.NEEDS_HUMAN),
        ("refused", S.DONE),
    ],
)
async def test_an_endpoint_that_is_being_taken_out_of_service_is_not_handed_over(desk, shop, kind, state, told_as):
    desk.pre_active(1, tags=["eu"])
    await shop.sold(tag="eu")
    shop.close()
    desk.select(tag="eu", kind=kind)
    desk.do("UPDATE operations SET state = :state WHERE kind = :kind", state=state, kind=kind.value)

    assert (shop.find().state, told(desk)) == (told_as, told_as.value)


@pytest.mark.parametrize(
    ("word", "told_as"), [("Suspended", S.NEEDS_HUMAN), ("Terminated", S.NEEDS_HUMAN), ("Active", S.DONE)]
)
async def test_an_endpoint_that_the_platform_reports_out_of_service_is_not_handed_over(desk, shop, word, told_as):
    desk.pre_active(1)
    await shop.sold()
    shop.close()
    desk.do(
        "INSERT INTO inbox (account, event_id, at, type, endpoint_id, reports, source, meaning, received_at) "
        "VALUES (:account, 'e', 1, :type, 'E1', true, 'poll', 'differs', 1)",
        account=ACCOUNT,
        type=f"EndpointProvisioningStatusSet{word}_v1",
    )
    assert (shop.find().state, told(desk)) == (told_as, told_as.value)

    desk.do("UPDATE inbox SET meaning = 'settled'")
    assert shop.find().state is S.DONE


async def test_an_order_of_which_the_activation_is_contradicted_later_needs_a_person(desk, shop):
    desk.pre_active(1)
    await shop.sold()
    shop.close()
    desk.do("UPDATE operations SET state = 'needs_human', text = 'no trace of it' WHERE kind = 'activate'")

    order = shop.find()

    assert (order.state, told(desk)) == (S.NEEDS_HUMAN, "needs_human")
    assert order.text.endswith("its activation is contradicted: no trace of it")


async def test_an_endpoint_that_is_in_another_group_now_is_done_and_its_group_is_told(desk, shop):
    desk.pre_active(1)
    await shop.sold()
    desk.do("UPDATE endpoints SET \"group\" = 'us'")

    assert (shop.find().state, shop.find().text) == (S.DONE, "The endpoint is active; its group is us now.")


async def test_an_order_whose_endpoint_is_suspended_before_it_was_closed_is_written_down_as_done(desk, shop):
    desk.pre_active(1)
    await shop.sold()
    desk.do("UPDATE endpoints SET state = 'suspended'")

    shop.close()

    assert (desk.one("SELECT state FROM orders"), shop.find().state) == ("done", S.SUSPENDED)
    desk.do("UPDATE endpoints SET state = 'active'")
    assert shop.find().state is S.DONE


async def test_no_run_is_made_for_an_order_that_was_taken_back_without_a_sim(desk, shop):
    desk.pre_active(2)
    await shop.sold(order="B")
    await shop.refunded("B")
    await unsent(shop)
    shop.cancel()
    shop.close()

    assert [one.order for one in shop.store.write(orders.unshown, ACCOUNT, since=0, limit=9)] == ["B"]
