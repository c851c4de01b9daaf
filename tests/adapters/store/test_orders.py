"""One order holds one SIM, no SIM is held by two orders, and a SIM goes back only when nothing was sent for it."""

import asyncio
from dataclasses import replace

import pytest

from adapters.store import orders, untouched
from domain.errors import NothingSelected, Refused, UnknownTag
from domain.operation import State
from domain.order import OrderState
from domain.outcome import Because, Verdict
from domain.pacing import Lane
from tests.support.desk import ACCOUNT, accepted, came, done, manifest
from tests.support.till import HOLD, Shop, wanted
from tests.support.works import iccid


@pytest.fixture
async def shop(desk):
    return Shop(desk, await desk.ledger(max_in_flight=64))


async def test_an_order_gets_the_oldest_free_sim_and_its_first_call_in_one_commit(desk, shop):
    desk.pre_active(3)

    order, step = await shop.place()

    assert (order.state, order.iccid, order.endpoint_id) == (OrderState.IN_PROGRESS, iccid(1), "E1")
    assert [(work.kind, work.iccid, work.token) for work in step.work] == [("activate", iccid(1), 1)]
    assert desk.operations("activate") == ["sent"]
    assert desk.operations("assign") == ["planned"]


async def test_an_order_is_done_once_its_endpoint_is_active_and_in_its_group(desk, shop):
    desk.pre_active(1)

    order = await shop.sold()

    assert (order.state, order.endpoint_state) == (OrderState.DONE, "active")
    assert (desk.endpoint(1).state, desk.endpoint(1).group) == ("active", "eu")


async def test_an_order_without_a_group_is_done_with_its_activation(desk, shop):
    desk.pre_active(1)
    order, step = await shop.place(group="")

    await shop.come(order, done(step.work[0]))

    assert shop.find().state is OrderState.DONE


async def test_the_same_order_again_is_the_same_sim_and_no_second_call(desk, shop):
    desk.pre_active(3)
    first, _ = await shop.place()

    again, step = await shop.place()

    assert (again.iccid, step.work) == (first.iccid, ())
    assert desk.operations("activate") == ["sent"]


async def test_a_finished_order_sent_again_changes_nothing(desk, shop):
    desk.pre_active(3)
    await shop.sold()
    shop.close()

    again, step = await shop.place()

    assert (again.state, again.iccid, step.work) == (OrderState.DONE, iccid(1), ())
    assert desk.operations("activate") == ["confirmed"]


async def test_an_order_for_another_tag_or_group_comes_back_as_it_was(desk, shop):
    desk.pre_active(3, tags=["eu"])
    await shop.place(tag="eu")

    for other in ({"tag": ""}, {"tag": "eu", "group": "us"}):
        order, step = await shop.place(**other)
        assert (order.tag, order.group, step.work) == ("eu", "eu", ())
    assert len(desk.operations("activate")) == 1


async def test_only_sims_with_the_tag_are_sold(desk, shop):
    desk.pre_active(2, tags=["spring"])
    desk.do("INSERT INTO tags (endpoint, tag) SELECT max(id), 'autumn' FROM endpoints")
    desk.do("UPDATE endpoints SET held_by = 99 WHERE id = (SELECT max(id) FROM endpoints)")

    assert (await shop.place(order="A", tag="autumn"))[0].state is OrderState.NO_STOCK
    assert (await shop.place(order="B", tag="spring"))[0].iccid == iccid(1)


async def test_a_tag_that_no_sim_ever_carried_is_a_mistake_and_no_empty_shelf_and_nothing_is_kept(desk, shop):
    desk.pre_active(2, tags=["spring"])

    with pytest.raises(UnknownTag, match="No SIM of the account ever carried the tag 'sprng'; no SIM was taken"):
        await shop.place(order="A", tag="sprng")

    assert shop.find("A") is None
    assert desk.one("SELECT count(*) FROM endpoints WHERE held_by IS NOT NULL") == 0


async def test_a_tag_that_sims_carry_though_none_is_free_or_that_has_a_mark_of_stock_is_out_of_stock(desk, shop):
    desk.pre_active(1, tags=["spring"])
    desk.do("UPDATE endpoints SET state = 'terminated'")

    assert (await shop.place(order="A", tag="spring"))[0].state is OrderState.NO_STOCK
    assert (await shop.place(order="B", tag="winter", marked=["winter"]))[0].state is OrderState.NO_STOCK


async def test_a_tag_of_another_account_is_not_known_here(desk, shop):
    desk.pre_active(1, tags=["spring"])
    desk.ingest(manifest(accepted(7)), batch="other", account="other", tags=["autumn"])

    with pytest.raises(UnknownTag):
        await shop.place(order="A", tag="autumn")


async def test_an_empty_pool_is_said_at_once_and_the_order_may_come_again(desk, shop):
    desk.pre_active(1)
    await shop.place(order="A")

    order, step = await shop.place(order="B")
    assert (order.state, order.iccid, step.work) == (OrderState.NO_STOCK, None, ())

    desk.do("DELETE FROM operations WHERE kind <> 'create' AND state = 'planned'")
    desk.do("UPDATE endpoints SET held_by = NULL")
    desk.do("UPDATE operations SET kind = 'tag' WHERE kind = 'activate'")
    desk.do("UPDATE orders SET endpoint = NULL")
    order, step = await shop.place(order="B")
    assert (order.state, order.iccid, len(step.work)) == (OrderState.IN_PROGRESS, iccid(1), 1)


@pytest.mark.parametrize("state", ["stock", "active", "suspended", "terminated"])
async def test_only_a_pre_active_sim_is_sold(desk, shop, state):
    desk.pre_active(1)
    desk.do("UPDATE endpoints SET state = :state", state=state)

    assert (await shop.place())[0].state is OrderState.NO_STOCK


async def test_a_sim_that_is_held_is_not_sold_whatever_is_planned_for_it(desk, shop):
    desk.pre_active(2)
    desk.do("UPDATE endpoints SET held_by = 99 WHERE id = 1")

    assert (await shop.place())[0].iccid == iccid(2)


async def test_a_sim_of_another_group_is_not_sold_into_this_one(desk, shop):
    desk.pre_active(1)
    desk.do("UPDATE endpoints SET \"group\" = 'us'")

    assert (await shop.place(order="A", group="eu"))[0].state is OrderState.NO_STOCK
    assert (await shop.place(order="B", group="us"))[0].iccid == iccid(1)


async def test_a_sim_that_a_bulk_run_wants_is_not_sold_and_a_sold_one_is_not_taken_by_a_bulk_run(desk, shop):
    desk.pre_active(3, tags=["eu"])
    desk.select(tag="eu", group="eu", count=1)

    order, _ = await shop.place(tag="eu")
    assert order.iccid == iccid(2)
    assert desk.preview(tag="eu", group="eu").new == 1


async def test_a_sim_that_came_back_is_sold_though_younger_ones_were_sold_since(desk, shop):
    desk.pre_active(3, tags=["eu"])
    await planned_only(desk, shop, tag="eu")
    desk.later(HOLD + 1)
    await shop.place(order="B", tag="eu")
    shop.put_back()

    assert [(await shop.place(order=name, tag="eu"))[0].iccid for name in "CD"] == [iccid(3), iccid(1)]


# --- many at once ---


async def test_two_hundred_orders_on_a_hundred_sims_get_a_hundred_different_ones(desk):
    desk.pre_active(100)
    shops = [Shop(desk, await desk.ledger(max_in_flight=400)) for _ in range(4)]

    placed = await asyncio.gather(*(shops[n % 4].place(order=f"A-{n}") for n in range(200)))

    sold = [order.iccid for order, _ in placed if order.state is OrderState.IN_PROGRESS]
    assert (len(sold), len(set(sold))) == (100, 100)
    assert sum(order.state is OrderState.NO_STOCK for order, _ in placed) == 100
    assert desk.one("SELECT count(*) FROM operations WHERE kind = 'activate'") == 100


async def test_the_same_order_sent_twenty_times_at_once_to_four_processes_is_one_sim_and_one_call(desk):
    desk.pre_active(30)
    shops = [Shop(desk, await desk.ledger(max_in_flight=400)) for _ in range(4)]

    placed = await asyncio.gather(*(shops[n % 4].place() for n in range(20)))

    assert {order.iccid for order, _ in placed} == {iccid(1)}
    assert sum(len(step.work) for _, step in placed) == 1
    assert desk.one("SELECT count(*) FROM orders") == 1


async def test_the_database_refuses_two_orders_with_one_sim(desk, shop):
    desk.pre_active(2)
    await shop.place(order="A")
    await shop.place(order="B")

    with pytest.raises(Exception, match=r"(?i)unique"):
        desk.do("UPDATE orders SET endpoint = (SELECT min(id) FROM endpoints)")


# --- the time limit ---


async def planned_only(desk, shop, **fields):
    """An order for which nothing was sent yet, since there was no room for its call."""
    full = replace(shop.ledger.owner, lane=Lane.SALES, max_in_flight=0, sales_places=0)
    order, step = await shop.store.awrite(orders.place, full, wanted(**fields), hold=HOLD, oldest=shop.oldest)
    assert not step.work
    return order


async def test_a_stopped_account_takes_no_order_and_says_why_and_goes_on_with_those_that_have_a_sim(desk, shop):
    desk.pre_active(2)
    under_way, _ = await shop.place(order="A")
    desk.do("INSERT INTO stops (account, reason, at) VALUES (:account, 'a storm', 0)", account=ACCOUNT)

    with pytest.raises(Refused, match=r"travel is stopped \(a storm\); no SIM was taken for order B, `preactive acc"):
        await shop.place(order="B")

    assert shop.find("B") is None
    assert (await shop.place(order="A"))[0].iccid == under_way.iccid
    assert desk.one("SELECT count(*) FROM endpoints WHERE held_by IS NOT NULL") == 1


async def test_a_reservation_whose_time_is_over_and_for_which_nothing_was_sent_goes_back(desk, shop):
    desk.pre_active(1)
    await planned_only(desk, shop)
    assert shop.put_back() == []
    desk.later(HOLD + 1)

    assert shop.put_back() == ["A-1"]
    assert (shop.find().state, shop.find().iccid) == (OrderState.EXPIRED, None)
    other, _ = await shop.place(order="B")
    assert other.iccid == iccid(1)


async def test_an_expired_order_may_come_again(desk, shop):
    desk.pre_active(1)
    await planned_only(desk, shop)
    desk.later(HOLD + 1)
    shop.put_back()

    order = await shop.sold()

    assert (order.state, order.iccid) == (OrderState.DONE, iccid(1))


@pytest.mark.parametrize(
    "answer",
    [None, (Verdict.UNKNOWN,), (Verdict.DONE,), (Verdict.NOT_DONE, Because.THROTTLED)],
    ids=["under way", "unknown", "done", "throttled"],
)
async def test_a_sim_for_which_anything_may_have_been_done_never_goes_back(desk, shop, answer):
    desk.pre_active(1)
    order, step = await shop.place()
    if answer is not None:
        await shop.come(order, came(step.work[0], *answer))
    desk.later(100 * HOLD)

    assert shop.put_back() == []
    assert (await shop.place(order="B"))[0].state is OrderState.NO_STOCK


@pytest.mark.parametrize("because", [Because.UNREACHABLE, Because.STOPPED, Because.LOGIN, Because.TURNED_AWAY])
async def test_a_sim_whose_calls_never_came_to_anything_goes_back_and_is_sold_again(desk, shop, because):
    desk.pre_active(1)
    order, step = await shop.place()
    for _ in range(2):
        (work,) = step.work
        step = await shop.come(order, came(work, Verdict.NOT_DONE, because))
    await shop.come(order, came(step.work[0], Verdict.NOT_DONE, because))
    desk.do("UPDATE operations SET state = 'planned'")
    assert shop.put_back() == []
    desk.later(HOLD + 1)

    assert shop.put_back() == ["A-1"]
    assert (shop.find().state, shop.find().iccid) == (OrderState.EXPIRED, None)
    assert desk.operations("activate") == ["refused"]
    assert desk.one("SELECT count(*) FROM attempts WHERE event = 'given_back'") == 1
    other = await shop.sold(order="B")
    assert (other.state, other.iccid) == (OrderState.DONE, iccid(1))


async def test_one_sim_that_was_looked_up_before_it_was_planned_again_does_not_go_back(desk, shop):
    desk.pre_active(1)
    order, step = await shop.place()
    await shop.come(order, came(step.work[0], Verdict.UNKNOWN))
    desk.do("UPDATE operations SET state = 'planned' WHERE kind = 'activate'")
    desk.later(HOLD + 1)

    assert shop.put_back() == []


async def test_the_same_order_may_get_the_sim_that_it_gave_back(desk, shop):
    desk.pre_active(1)
    order, step = await shop.place()
    await given_back(desk, shop, order, step)

    order = await shop.sold()

    assert (order.state, order.iccid) == (OrderState.DONE, iccid(1))
    assert shop.close()["A-1"].state is OrderState.DONE


async def given_back(desk, shop, order, step):
    """The platform could not be reached until the order's time was over."""
    desk.do("INSERT INTO stops (account, reason, at) VALUES (:account, 'test', 0)", account=ACCOUNT)
    await shop.come(order, came(step.work[0], Verdict.NOT_DONE, Because.UNREACHABLE))
    desk.do("DELETE FROM stops")
    desk.later(HOLD + 1)
    assert shop.put_back() == [order.order]


async def test_a_sim_that_came_back_is_sold_only_when_no_other_is_left(desk, shop):
    desk.pre_active(2)
    order, step = await shop.place()
    await given_back(desk, shop, order, step)
    shop.oldest.clear()

    assert [(await shop.place(order=name))[0].iccid for name in "BCD"] == [iccid(2), iccid(1), None]


# --- released by a person ---


async def test_an_order_is_released_with_every_sim_that_nothing_was_done_to(desk, shop):
    desk.pre_active(3)
    order = await refused(shop)
    await shop.another(order)
    desk.do("UPDATE operations SET state = 'planned' WHERE state = 'sent'")

    assert shop.release(apply=False).sims == 2
    assert desk.one("SELECT count(*) FROM endpoints WHERE held_by IS NOT NULL") == 2
    released = shop.release()

    assert released.sentence() == "order A-1 (in progress): 2 SIMs go back to stock, and it may be sent again"
    assert desk.one("SELECT count(*) FROM endpoints WHERE held_by IS NOT NULL") == 0
    assert (shop.find().state, shop.find().iccid) == (OrderState.EXPIRED, None)
    assert (await shop.sold()).state is OrderState.DONE


@pytest.mark.parametrize("state", ["sent", "in_doubt", "confirmed", "needs_human"])
async def test_an_order_is_not_released_when_something_may_have_been_done(desk, shop, state):
    desk.pre_active(1)
    await shop.place()
    desk.do("UPDATE operations SET state = :state WHERE kind = 'activate'", state=state)

    with pytest.raises(Refused, match=r"A-1 cannot be released: its operation \d+ \(activate\) is"):
        shop.release()


async def test_only_an_order_that_holds_a_sim_is_released(desk, shop):
    with pytest.raises(NothingSelected, match="has no order A-1; `preactive orders list` shows them"):
        shop.release()
    await shop.place()
    with pytest.raises(Refused, match="A-1 is no stock and holds no SIM"):
        shop.release()


async def test_no_person_plans_a_change_again_for_a_sim_that_its_order_gave_back(desk, shop):
    desk.pre_active(1)
    await refused(shop)
    shop.release()
    (number,) = desk.see("SELECT id FROM operations WHERE kind = 'activate'")[0]

    with pytest.raises(Refused, match="holds its SIM no more; send the order again"):
        desk.decide(number, State.PLANNED)


# --- refusals and persons ---


async def refused(shop, **fields):
    order, step = await shop.place(**fields)
    await shop.come(order, came(step.work[0], Verdict.NOT_DONE, Because.REFUSED, text="not pre-active"))
    return shop.find(order.order)


async def test_a_sim_that_the_platform_will_not_activate_is_set_aside_for_the_next(desk, shop):
    desk.pre_active(2)
    order = await refused(shop)
    assert order.spoilt

    order, step = await shop.another(order)

    assert (order.state, order.iccid, [w.iccid for w in step.work]) == (OrderState.IN_PROGRESS, iccid(2), [iccid(2)])
    assert (await shop.place(order="B"))[0].state is OrderState.NO_STOCK
    await shop.come(order, done((await shop.come(order, done(step.work[0]))).work[0]))
    assert shop.find().state is OrderState.DONE


async def test_after_three_sims_a_person_is_asked(desk, shop):
    desk.pre_active(5)
    order = await refused(shop)
    for _ in range(2):
        order, step = await shop.another(order)
        await shop.come(order, came(step.work[0], Verdict.NOT_DONE, Because.REFUSED, text="not pre-active"))
        order = shop.find()

    order, step = await shop.another(order)

    assert (order.state, step.work) == (OrderState.NEEDS_HUMAN, ())
    assert order.text == "the platform would not activate 3 SIMs in a row: not pre-active"
    assert shop.find().state is OrderState.NEEDS_HUMAN


async def test_after_three_sims_in_a_row_they_go_back_to_be_sold_last(desk, shop):
    desk.pre_active(4)
    order = await refused(shop)
    for _ in range(2):
        order, step = await shop.another(order)
        await shop.come(order, came(step.work[0], Verdict.NOT_DONE, Because.REFUSED, text="not now"))
        order = shop.find()
    await shop.another(order)
    shop.close()
    desk.do("UPDATE attempts SET http_status = 200 WHERE verdict = 'refused'")  # the platform's no, and not our own

    assert shop.find().state is OrderState.NEEDS_HUMAN
    assert desk.one("SELECT count(*) FROM endpoints WHERE held_by IS NOT NULL") == 0
    assert [(await shop.sold(order=name)).iccid for name in "BC"] == [iccid(4), iccid(1)]
    shop.release()
    assert (await shop.sold()).iccid == iccid(2)


async def test_an_endpoint_in_service_without_its_group_needs_a_person_and_is_not_replaced(desk, shop):
    desk.pre_active(2)
    order, step = await shop.place()
    step = await shop.come(order, done(step.work[0]))
    await shop.come(order, came(step.work[0], Verdict.NOT_DONE, Because.REFUSED, text="unknown plan"))

    order = shop.find()
    assert (order.state, order.text, order.spoilt) == (OrderState.NEEDS_HUMAN, "unknown plan", False)
    assert shop.count() == {"needs_human": 1}
    assert shop.store.write(orders.unfinished, ACCOUNT, 9) == []


async def test_an_order_that_a_person_settled_goes_on(desk, shop):
    desk.pre_active(1)
    order, step = await shop.place()
    step = await shop.come(order, done(step.work[0]))
    await shop.come(order, came(step.work[0], Verdict.NOT_DONE, Because.CONTRADICTION, text="twice"))
    assert shop.find().text == "twice"

    desk.decide(desk.one("SELECT id FROM operations WHERE kind = 'assign'"), State.CONFIRMED)

    assert shop.close(persons=False) == {}
    closed = shop.close()["A-1"]
    assert (closed.state, closed.text) == (OrderState.DONE, "")
    assert desk.one("SELECT text FROM orders") == ""
    assert shop.count() == {}


async def test_orders_that_wait_for_a_person_hide_none_that_does_not(desk, shop):
    """Hundreds of them, and all older."""
    desk.pre_active(6)
    for name in "ABCD":
        order, step = await shop.place(order=name)
        step = await shop.come(order, done(step.work[0]))
        await shop.come(order, came(step.work[0], Verdict.NOT_DONE, Because.REFUSED))
    await shop.sold(order="E")
    await shop.place(order="F")

    page = shop.store.write(orders.unfinished, ACCOUNT, 1)
    following = shop.store.write(orders.unfinished, ACCOUNT, 1, after=page[-1].id)
    assert [one.order for one in [*page, *following]] == ["E", "F"]
    closed, after = {}, -1
    while after:
        found, after = shop.store.write(orders.close_settled, ACCOUNT, 1, after=max(after, 0), persons=False)
        closed |= found
    assert list(closed) == ["E"]
    assert shop.count() == {"needs_human": 4, "in_progress": 1}


# --- refusals of our own ---


async def refused_unsent(shop, **fields):
    """An order whose SIM was refused by the program itself, as one for an unknown group once was; others follow."""
    order = await refused(shop, **fields)
    await shop.another(order)
    shop.desk.do("UPDATE operations SET state = 'confirmed' WHERE state = 'sent'")
    return order


@pytest.mark.parametrize(("status", "sold_again"), [(0, True), (200, False)])
async def test_a_sim_is_sold_again_only_when_the_refusal_was_ours_and_nothing_was_sent(desk, shop, status, sold_again):
    desk.pre_active(2)
    await refused_unsent(shop)
    desk.do("UPDATE attempts SET http_status = :status WHERE verdict = 'refused'", status=status)
    freed = shop.store.write(untouched.free_untouched, ACCOUNT)
    order, step = await shop.place(order="B")

    assert (freed, len(step.work)) == ((1, 1) if sold_again else (0, 0))
    assert order.state is (OrderState.IN_PROGRESS if sold_again else OrderState.NO_STOCK)


async def test_an_order_on_a_sim_that_came_back_goes_by_its_own_operations(desk, shop):
    desk.pre_active(2)
    await refused_unsent(shop)
    shop.store.write(untouched.free_untouched, ACCOUNT)
    order, step = await shop.place(order="B")
    step = await shop.come(order, done(step.work[0]))
    await shop.come(order, done(step.work[0]))

    assert (order.iccid, order.spoilt) == (iccid(1), False)
    assert (shop.find("B").state, shop.find("A-1").iccid) == (OrderState.DONE, iccid(2))
    assert [
        row.round
        for row in desk.see("SELECT round FROM operations WHERE kind = 'activate' AND endpoint = 1 ORDER BY 1")
    ] == [
        0,
        1,
    ]


@pytest.mark.parametrize("event", ["person", "seen", "orphaned", "lookup"])
async def test_a_sim_of_which_anything_else_was_learned_stays_set_aside(desk, shop, event):
    desk.pre_active(2)
    await refused_unsent(shop)
    desk.do("UPDATE attempts SET event = :event WHERE verdict = 'refused'", event=event)

    assert shop.store.write(untouched.free_untouched, ACCOUNT) == 0


async def test_a_sim_that_an_order_holds_is_not_given_away(desk, shop):
    desk.pre_active(1)
    await refused(shop)

    assert shop.store.write(untouched.free_untouched, ACCOUNT) == 0
    assert (await shop.place(order="B"))[0].state is OrderState.NO_STOCK


# --- no room ---


async def test_an_order_for_a_full_group_takes_no_sim_and_says_why_until_there_is_room(desk, shop):
    desk.pre_active(1)
    for _ in range(2):
        order, step = await shop.place(full="The group is full.")
        assert (order.state, order.text, step.work) == (OrderState.NO_STOCK, "The group is full.", ())
    assert shop.find().text == "The group is full."
    assert desk.one("SELECT count(*) FROM endpoints WHERE held_by IS NOT NULL") == 0

    order, step = await shop.place()
    assert (order.state, order.text, len(step.work)) == (OrderState.IN_PROGRESS, "", 1)
    again, step = await shop.place(full="The group is full.")
    assert (again.state, again.iccid) == (OrderState.IN_PROGRESS, order.iccid)


# --- bookkeeping ---


async def test_orders_are_closed_once_and_shown_once(desk, shop):
    desk.pre_active(2)
    order = await shop.sold()
    await shop.place(order="B")

    assert list(shop.close()) == ["A-1"]
    assert list(shop.close()) == []
    unshown = {"since": 0.0, "limit": 10}
    assert [one.order for one in shop.store.write(orders.unshown, ACCOUNT, **unshown)] == ["A-1"]
    shop.store.write(orders.note_runs, {order.id: "some-run"})
    assert shop.store.write(orders.unshown, ACCOUNT, **unshown) == []


async def test_an_order_that_waits_for_a_person_is_shown_and_one_that_found_no_sim_is_not(desk, shop):
    desk.pre_active(1)
    await shop.place()
    await shop.place(order="B")
    desk.do("UPDATE orders SET state = 'needs_human' WHERE order_no = 'A-1'")

    found = shop.store.write(orders.unshown, ACCOUNT, since=0.0, limit=9)

    assert [one.order for one in found] == ["A-1"]
