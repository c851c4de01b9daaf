"""What answers confirmed stays marked until somebody has looked whether the platform shows it."""

from dataclasses import replace

import pytest

from adapters.store import readback, sight, unfinished
from domain.doubt import Evidence, Ruling, Sight
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.outcome import Answer, Verdict
from domain.pacing import Lane
from domain.ports import Result, Scope
from domain.sight import Expected, Finding
from tests.support.desk import ACCOUNT, came, done
from tests.support.works import iccid

HOUR = 3600.0


async def confirmed(desk, count=2, **options):
    """So many creates that the platform said yes to; returns their scope, a ledger and the work."""
    scope, ledger = desk.batch(count, **options), await desk.ledger()
    works = (await ledger.step(scope, [], count)).work
    await ledger.step(scope, [done(work) for work in works], 0)
    return scope, ledger, works


def unread(desk, ledger, scope, kind=Kind.CREATE):
    return desk.store.write(readback.states_unread, ledger.owner, scope.change, kind)


def looked(desk, ledger, scope, kind=Kind.CREATE, *, shown=(), differing=()):
    found = {"shown": [iccid(n) for n in shown], "differing": {iccid(n): f"E{n}" for n in differing}}
    desk.store.write(readback.keep_states, ledger.owner, scope.change, kind, **found)


async def test_what_an_answer_confirmed_is_to_be_read_back_until_it_was(desk):
    scope, ledger, _ = await confirmed(desk)
    before = unread(desk, ledger, scope)
    looked(desk, ledger, scope, shown=[1])

    assert before == {iccid(n): Expected(f"E{n}", Lifecycle.PRE_ACTIVE) for n in (1, 2)}
    assert list(unread(desk, ledger, scope)) == [iccid(2)]
    assert desk.store.write(readback.kinds_unread, ledger.owner, scope.change) == [Kind.CREATE]


async def test_what_is_contradicted_by_the_list_goes_to_a_person_and_keeps_its_mapping(desk):
    scope, ledger, _ = await confirmed(desk, 3)
    looked(desk, ledger, scope, shown=[1, 3], differing=[2])

    assert desk.operations() == ["confirmed", "needs_human", "confirmed"]
    assert desk.endpoint(2).endpoint_id == "E2"
    assert len(desk.facts("differs")) == 1
    assert unread(desk, ledger, scope) == {}


async def test_what_a_person_decided_is_not_read_back(desk):
    scope, ledger, works = await confirmed(desk, 1)
    looked(desk, ledger, scope, differing=[1])
    desk.decide(works[0].id, State.CONFIRMED, endpoint_id="E1")

    assert desk.operations() == ["confirmed"]
    assert unread(desk, ledger, scope) == {}


async def test_what_was_there_already_or_was_sold_is_not_read_back(desk):
    scope, ledger = desk.batch(3), await desk.ledger()
    first, second = (await ledger.step(scope, [], 2)).work
    await ledger.step(scope, [done(first, already=True)], 0)
    ledger.owner = replace(ledger.owner, lane=Lane.SALES)
    await ledger.step(scope, [done(second)], 0)
    third = desk.store.write(sight.planned, scope.change, Kind.CREATE)
    desk.store.write(sight.settle, ledger.owner, [Finding(third[0], State.CONFIRMED, "E3", "")])

    assert desk.operations() == ["confirmed"] * 3
    assert unread(desk, ledger, scope) == {}


async def test_what_a_look_up_confirmed_is_read_back_too(desk):
    scope, ledger = desk.batch(1), await desk.ledger()
    (work,) = (await ledger.step(scope, [], 1)).work
    await ledger.step(scope, [came(work, Verdict.UNKNOWN)], 0)
    desk.later(HOUR)
    (doubt,) = await ledger.doubts(scope, 1)
    await ledger.rule([(doubt, Evidence(Sight.PRESENT), Ruling(State.CONFIRMED, endpoint_id="E1"))])

    assert list(unread(desk, ledger, scope)) == [iccid(1)]


async def test_what_has_moved_on_since_is_not_read_back(desk):
    """It is no longer what the platform must show."""
    scope, ledger, _ = await confirmed(desk)
    desk.do("UPDATE endpoints SET state = 'suspended' WHERE iccid = :iccid", iccid=iccid(1))

    assert list(unread(desk, ledger, scope)) == [iccid(2)]


@pytest.mark.parametrize(("group", "left"), [("eu", 1), ("us", 0), (None, 0)])
async def test_a_group_is_expected_as_long_as_the_store_has_the_endpoint_in_it(desk, group, left):
    desk.pre_active(1)
    ledger = await desk.ledger()
    ledger.owner = replace(ledger.owner, platform="stacuity")
    scope = Scope(desk.select(tag="march", group="eu", platform="stacuity").change)
    (work,) = (await ledger.step(scope, [], 1)).work
    await ledger.step(scope, [Result(work, Answer(Verdict.DONE))], 0)
    desk.do('UPDATE endpoints SET "group" = :group', group=group)
    found = unread(desk, ledger, scope, Kind.ACTIVATE)

    assert list(found.values()) == [Expected("E1", Lifecycle.ACTIVE, "eu")] * left


async def test_tags_are_read_back_until_they_were(desk):
    scope, ledger, works = await confirmed(desk, 1, platform_tags="now", tags=("a", "b"))
    tags = (await ledger.step(scope, [], 9)).work
    await ledger.step(scope, [Result(work, Answer(Verdict.DONE)) for work in tags], 0)
    found = desk.store.write(readback.tags_unread, ledger.owner, scope.change)
    desk.store.write(readback.keep_tags, ledger.owner, found)

    assert [work.target for work in found] == ["a", "b"]
    assert desk.store.write(readback.tags_unread, ledger.owner, scope.change) == []
    assert list(unread(desk, ledger, scope)) == [works[0].iccid]


async def test_a_change_that_nobody_read_back_is_unfinished_once_its_run_should_have_done_it(desk):
    scope, ledger, _ = await confirmed(desk)

    def left():
        return desk.store.write(unfinished.unfinished, ACCOUNT, "sft")

    at_once = left()
    desk.later(HOUR)
    (later,) = left()
    looked(desk, ledger, scope, shown=[1, 2])

    assert at_once == left() == []
    assert (later.change, later.unread) == (scope.change, 2)
    assert later.sentence().endswith("2 to be read back")


async def test_what_a_later_change_may_have_moved_on_meanwhile_is_no_contradiction(desk):
    """The platform shows a sold endpoint as active before the store knows the outcome of its activation."""
    scope, ledger, _ = await confirmed(desk)
    expected = set(unread(desk, ledger, scope))
    sale = Scope(desk.select(tag="march", kind=Kind.ACTIVATE, group="eu", count=1).change)
    (activation,) = (await ledger.step(sale, [], 1)).work
    looked(desk, ledger, scope, differing=[1, 2])

    assert expected == {iccid(1), iccid(2)}
    assert activation.iccid == iccid(1)
    assert desk.operations() == ["confirmed", "needs_human"]


async def test_a_group_behind_an_activation_without_an_outcome_is_not_judged_by_what_is_shown(desk):
    """Resuming once refused the group of a sale whose activation was still in doubt."""
    await confirmed(desk, 1)
    ledger = await desk.ledger()
    change = desk.select(tag="march", kind=Kind.ACTIVATE, group="eu").change
    (activation,) = (await ledger.step(Scope(change), [], 1)).work
    before = desk.store.write(sight.planned, change, Kind.ASSIGN)
    await ledger.step(Scope(change), [done(activation)], 0)

    assert before == []
    assert [work.kind for work in desk.store.write(sight.planned, change, Kind.ASSIGN)] == [Kind.ASSIGN]
