"""Doubts are handed to one process at a time, taken over from dead ones, and ruled on."""

import pytest

from domain.doubt import Evidence, Ruling, Sight
from domain.errors import NothingSelected, Refused
from domain.lifecycle import Kind
from domain.operation import State
from domain.outcome import Verdict
from domain.ports import Scope
from domain.settler import Settler
from tests.support.desk import came, done
from tests.support.memory_platform import MemoryPlatform, sim
from tests.support.works import iccid

DAY = 86_400.0


async def in_doubt(desk, ledger, scope, count=1):
    """Operations whose outcome is unknown."""
    works = (await ledger.step(scope, [], count)).work
    await ledger.step(scope, [came(work, Verdict.UNKNOWN, text="no answer") for work in works], 0)
    return works


# --- due ---


async def test_a_doubt_is_looked_up_a_little_after_it_arose(desk):
    scope, ledger = desk.batch(1), await desk.ledger(settle_seconds=300)
    await in_doubt(desk, ledger, scope)

    assert await ledger.doubts(scope, 9) == []
    outlook = await ledger.outlook(scope)
    assert 0 < outlook.next_at - outlook.now <= 5  # the store's clock goes on, also on a busy machine
    desk.later(5.1)

    (doubt,) = await ledger.doubts(scope, 9)

    assert (doubt.kind, doubt.iccid, doubt.token, doubt.endpoint_id) == (Kind.CREATE, iccid(1), 1, None)
    assert (doubt.lookups, doubt.negatives) == (0, 0)


async def test_a_doubt_that_is_being_looked_up_is_not_given_to_another(desk):
    scope, ledger, other = desk.batch(3), await desk.ledger(), await desk.ledger()
    await in_doubt(desk, ledger, scope, 3)
    desk.later(10)

    mine = await ledger.doubts(scope, 2)
    others = await other.doubts(scope, 9)

    assert len(mine) == 2
    assert len(others) == 1
    assert {d.id for d in mine}.isdisjoint(d.id for d in others)


async def test_a_doubt_whose_look_up_was_never_ruled_on_comes_back(desk):
    scope, ledger = desk.batch(1), await desk.ledger(settle_seconds=300)
    await in_doubt(desk, ledger, scope)
    desk.later(10)
    await ledger.doubts(scope, 9)

    desk.later(62)

    assert len(await ledger.doubts(scope, 9)) == 1


async def test_only_doubts_of_the_scope_are_looked_up(desk):
    scope, ledger = desk.batch(4), await desk.ledger()
    await in_doubt(desk, ledger, scope, 4)
    desk.later(10)

    assert [d.iccid for d in await ledger.doubts(Scope(scope.change, 1, 2), 9)] == [iccid(2), iccid(3)]


# --- rulings ---


async def test_a_ruling_is_recorded_with_what_the_look_up_showed(desk):
    scope, ledger = desk.batch(1), await desk.ledger()
    await in_doubt(desk, ledger, scope)
    desk.later(10)
    (doubt,) = await ledger.doubts(scope, 1)

    await ledger.rule([(doubt, Evidence(Sight.ABSENT), Ruling(State.IN_DOUBT, next_at=4e9, negatives=2, text="x"))])

    row = desk.see("SELECT state, next_at, lookups, negatives, text FROM operations")[0]
    assert tuple(row) == ("in_doubt", 4e9, 1, 2, "x")
    assert desk.facts("lookup") == [(1, "absent", None)]


async def test_a_look_up_that_says_nothing_new_leaves_the_reason_of_the_doubt(desk):
    scope, ledger = desk.batch(1), await desk.ledger()
    await in_doubt(desk, ledger, scope)
    desk.do("UPDATE operations SET text = 'no answer in 30 s'")
    desk.later(10)
    (doubt,) = await ledger.doubts(scope, 1)

    await ledger.rule([(doubt, Evidence(Sight.ABSENT), Ruling(State.IN_DOUBT, next_at=4e9))])
    assert desk.one("SELECT text FROM operations") == "no answer in 30 s"

    await ledger.rule([(doubt, Evidence(Sight.PRESENT), Ruling(State.CONFIRMED, endpoint_id="E1"))])
    assert desk.one("SELECT text FROM operations") == ""


async def test_what_was_proven_absent_is_sent_again_with_a_new_token(desk):
    scope, ledger = desk.batch(1), await desk.ledger()
    await in_doubt(desk, ledger, scope)
    desk.later(10)
    (doubt,) = await ledger.doubts(scope, 1)
    await ledger.rule([(doubt, Evidence(Sight.ABSENT), Ruling(State.PLANNED))])

    (again,) = (await ledger.step(scope, [], 1)).work

    assert (again.id, again.token) == (doubt.id, 2)


async def test_what_was_found_is_the_mapping(desk):
    scope, ledger = desk.batch(1), await desk.ledger()
    await in_doubt(desk, ledger, scope)
    desk.later(10)
    (doubt,) = await ledger.doubts(scope, 1)

    await ledger.rule([(doubt, Evidence(Sight.PRESENT, "E9"), Ruling(State.CONFIRMED, endpoint_id="E9"))])

    assert (desk.endpoint(1).endpoint_id, desk.endpoint(1).state) == ("E9", "pre_active")
    assert desk.facts("lookup") == [(1, "present", "E9")]


async def test_a_new_doubt_begins_without_negatives(desk):
    """Look-ups after the first attempt say nothing about the second."""
    scope, ledger = desk.batch(1), await desk.ledger()
    await in_doubt(desk, ledger, scope)
    desk.do("UPDATE operations SET lookups = 7, negatives = 2, state = 'planned', next_at = 0")

    await in_doubt(desk, ledger, scope)

    assert tuple(desk.see("SELECT lookups, negatives FROM operations")[0]) == (0, 0)


async def test_a_create_is_not_resent_before_its_settle_time_and_after_it_only_on_proof(desk):
    """The rules, the store and its clock together."""
    scope, ledger = desk.batch(1), await desk.ledger(deadline_seconds=200, settle_seconds=300)
    platform = MemoryPlatform([sim(iccid(1))])
    settler = Settler(ledger, platform, ledger.owner.patience)
    await in_doubt(desk, ledger, scope)
    passed, looked = 0.0, []
    while desk.operations() == ["in_doubt"]:
        outlook = await ledger.outlook(scope)
        wait = max(0.0, outlook.next_at - outlook.now) + 0.01
        desk.later(wait)
        passed += wait
        looked.append(passed)
        assert await settler.settle_due(scope) == 1
        assert passed < 3600

    assert desk.operations() == ["planned"]
    after = [at for at in looked if at >= 530]
    assert len(after) == 3
    assert after[1] - after[0] >= 59  # and a little real time
    assert after[2] - after[1] >= 59
    assert platform.performed == []


# --- dead processes ---


async def test_what_a_dead_process_left_is_taken_over_as_a_doubt(desk):
    scope, dead, alive = desk.batch(2), await desk.ledger(), await desk.ledger()
    await dead.step(scope, [], 1)
    assert await alive.doubts(scope, 9) == []  # it may still be at work

    desk.do("UPDATE workers SET heartbeat_at = heartbeat_at - 21 WHERE id = :id", id=dead.owner.worker)
    (doubt,) = await alive.doubts(scope, 9)

    assert (doubt.iccid, doubt.token, doubt.lookups, doubt.negatives) == (iccid(1), 1, 0, 0)
    assert desk.operations() == ["in_doubt", "planned"]
    assert desk.one("SELECT text FROM operations WHERE position = 0") == "its process ended"
    assert [row.token for row in desk.see("SELECT token FROM attempts WHERE event = 'orphaned'")] == [1]


async def test_a_taken_over_operation_keeps_its_settle_time(desk):
    """It was sent at an unknown moment after its intent; how long that is ago does not matter."""
    scope, dead, alive = desk.batch(1), await desk.ledger(), await desk.ledger()
    (work,) = (await dead.step(scope, [], 1)).work
    await dead.close()

    (doubt,) = await alive.doubts(scope, 9)

    assert doubt.safe_after == pytest.approx(work.sent_at + 530)


async def test_a_process_that_left_in_good_order_leaves_its_sent_operations_as_doubts(desk):
    scope, gone, alive = desk.batch(1), await desk.ledger(), await desk.ledger()
    await gone.step(scope, [], 1)

    await gone.close()

    assert len(await alive.doubts(scope, 9)) == 1


async def test_a_process_takes_nothing_from_itself_while_a_call_may_be_under_way(desk):
    scope, ledger = desk.batch(1), await desk.ledger(deadline_seconds=200, settle_seconds=300)
    await ledger.step(scope, [], 1)
    desk.later(500)  # of 530

    assert await ledger.doubts(scope, 9) == []
    assert desk.operations() == ["sent"]


async def test_what_a_living_process_lost_sight_of_becomes_a_doubt_once_no_call_can_be_under_way(desk):
    """A commit whose answer got lost: the operation is sent, and nobody carries it."""
    scope, ledger = desk.batch(1), await desk.ledger(deadline_seconds=200, settle_seconds=300)
    (work,) = (await ledger.step(scope, [], 1)).work
    desk.later(531)

    (doubt,) = await ledger.doubts(scope, 9)

    assert (doubt.iccid, doubt.token) == (iccid(1), 1)
    assert desk.operations() == ["in_doubt"]
    await ledger.step(scope, [done(work, "E1")], 0)  # should somebody have carried it all the same
    assert desk.operations() == ["confirmed"]


async def test_what_another_living_process_sent_is_left_to_it(desk):
    scope, ledger, other = desk.batch(1), await desk.ledger(), await desk.ledger()
    await ledger.step(scope, [], 1)
    desk.later(DAY)
    await ledger.beat()

    assert await other.doubts(scope, 9) == []


async def test_every_turn_is_a_sign_of_life(desk):
    scope, busy, other = desk.batch(2), await desk.ledger(), await desk.ledger()
    await busy.step(scope, [], 1)
    desk.later(15)
    await busy.step(scope, [], 0)
    desk.later(15)

    assert await other.doubts(scope, 9) == []


async def test_a_process_that_wakes_up_after_it_was_taken_over_changes_nothing_but_its_own_good_news(desk):
    """A frozen process: its lease is over, another looked and decided, and then its answers arrive."""
    scope, frozen, alive = desk.batch(2), await desk.ledger(), await desk.ledger()
    first, second = (await frozen.step(scope, [], 2)).work
    desk.do("UPDATE workers SET heartbeat_at = 0 WHERE id = :id", id=frozen.owner.worker)
    doubts = await alive.doubts(scope, 9)
    await alive.rule([(doubts[1], Evidence(Sight.ABSENT), Ruling(State.PLANNED))])
    (again,) = (await alive.step(scope, [], 9)).work

    await frozen.step(scope, [done(first, "E7"), done(second, "E8")], 0)

    assert (again.id, again.token) == (second.id, 2)
    assert desk.operations() == ["confirmed", "sent"]
    assert [desk.endpoint(n).endpoint_id for n in (1, 2)] == ["E7", None]
    assert desk.facts("answer") == [(1, "done", "E7"), (1, "done", "E8")]


# --- what is left ---


async def test_the_outlook_counts_what_is_left(desk):
    scope, ledger = desk.batch(5), await desk.ledger()
    works = (await ledger.step(scope, [], 3)).work
    await ledger.step(scope, [done(works[0]), came(works[1], Verdict.UNKNOWN)], 0)

    outlook = await ledger.outlook(scope)

    assert outlook.counts == {State.CONFIRMED: 1, State.IN_DOUBT: 1, State.SENT: 1, State.PLANNED: 2}
    assert (outlook.ready, outlook.waiting, outlook.cancelled) == (2, 2, False)


async def test_what_waits_for_another_operation_is_not_ready(desk):
    scope, ledger = desk.batch(2, platform_tags="now", tags=["eu"]), await desk.ledger()

    outlook = await ledger.outlook(scope)

    assert (outlook.counts[State.PLANNED], outlook.ready) == (4, 2)


async def test_the_outlook_is_of_its_scope(desk):
    scope, ledger = desk.batch(5), await desk.ledger()

    assert (await ledger.outlook(Scope(scope.change, 1, 3))).ready == 3
    assert (await ledger.outlook(Scope(scope.change, 7, 9))).counts == {}


async def test_the_next_look_up_is_the_soonest(desk):
    scope, ledger = desk.batch(2), await desk.ledger()
    await in_doubt(desk, ledger, scope, 2)
    desk.do("UPDATE operations SET next_at = 4e9 + position")

    assert (await ledger.outlook(scope)).next_at == 4e9


# --- a person ---


async def needing_a_person(desk, kind="create", state="needs_human"):
    scope, ledger = desk.batch(2), await desk.ledger()
    await ledger.step(scope, [], 1)
    desk.do("UPDATE operations SET kind = :kind, state = :state WHERE position = 0", kind=kind, state=state)
    return desk.one("SELECT id FROM operations WHERE position = 0")


@pytest.mark.parametrize("state", [State.PLANNED, State.REFUSED])
async def test_a_person_decides_and_who_and_why_is_kept(desk, state):
    operation = await needing_a_person(desk)

    desk.decide(operation, state)

    assert desk.operations()[0] == state.value
    fact = desk.see("SELECT verdict, owner, text FROM attempts WHERE event = 'person'")[0]
    assert (fact.verdict, fact.text, bool(fact.owner)) == (state.value, "seen in the portal", True)


async def test_a_person_confirms_a_create_with_its_id(desk):
    operation = await needing_a_person(desk)

    desk.decide(operation, State.CONFIRMED, endpoint_id="E7")

    assert desk.operations()[0] == "confirmed"
    assert (desk.endpoint(1).endpoint_id, desk.endpoint(1).state) == ("E7", "pre_active")


async def test_a_create_is_not_confirmed_without_an_id(desk):
    operation = await needing_a_person(desk)

    with pytest.raises(Refused, match="add --endpoint-id"):
        desk.decide(operation, State.CONFIRMED)
    assert desk.operations()[0] == "needs_human"


async def test_a_person_cannot_give_one_id_to_two_iccids(desk):
    operation = await needing_a_person(desk)
    desk.do("UPDATE endpoints SET endpoint_id = 'E7' WHERE iccid = :iccid", iccid=iccid(2))

    with pytest.raises(Refused, match="already recorded for another ICCID"):
        desk.decide(operation, State.CONFIRMED, endpoint_id="E7")


async def test_what_is_still_being_looked_up_is_not_decided_by_a_person(desk):
    operation = await needing_a_person(desk, state="in_doubt")

    with pytest.raises(Refused, match="still being looked up"):
        desk.decide(operation, State.PLANNED)


@pytest.mark.parametrize("state", ["planned", "sent", "confirmed"])
async def test_a_person_is_asked_only_about_what_needs_one(desk, state):
    operation = await needing_a_person(desk, state=state)

    with pytest.raises(NothingSelected):
        desk.decide(operation, State.PLANNED)
    assert desk.operations()[0] == state


async def test_an_operation_that_is_not_there_is_said_so(desk):
    with pytest.raises(NothingSelected, match="Operation 4711"):
        desk.decide(4711, State.PLANNED)


async def test_a_person_cannot_send_it_or_put_it_in_doubt(desk):
    operation = await needing_a_person(desk)

    for state in (State.SENT, State.IN_DOUBT, State.NEEDS_HUMAN):
        with pytest.raises(Refused):
            desk.decide(operation, state)
