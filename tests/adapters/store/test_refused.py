"""What was refused: tried again when a person asks for it, and never what a person refused."""

import pytest

from adapters.store.bulk_changes import plan_refused
from domain.errors import NothingSelected, Refused
from domain.lifecycle import Kind
from domain.operation import State
from domain.outcome import Because, Verdict
from domain.ports import Scope
from tests.support.desk import came

REFUSED = (Verdict.NOT_DONE, Because.REFUSED)
CONTRADICTION = (Verdict.NOT_DONE, Because.CONTRADICTION)


async def two_refused(desk):
    """Two creates of a batch: the first refused by the platform, the second by a person."""
    scope, ledger = desk.batch(2), await desk.ledger()
    step = await ledger.step(scope, [], 9)
    await ledger.step(scope, [came(step.work[0], *REFUSED), came(step.work[1], *CONTRADICTION)], 0)
    desk.decide(step.work[1].id, State.REFUSED)
    assert desk.operations() == ["refused", "refused"]
    return scope, ledger, [work.id for work in step.work]


async def test_a_retry_leaves_alone_what_a_person_refused(desk):
    scope, _, _ = await two_refused(desk)

    desk.store.write(plan_refused, scope.change)

    assert desk.operations() == ["planned", "refused"]


async def test_a_person_may_open_again_what_a_person_refused(desk):
    scope, ledger, (_, second) = await two_refused(desk)

    desk.decide(second, State.PLANNED)
    step = await ledger.step(scope, [], 9)
    await ledger.step(scope, [came(work, *REFUSED) for work in step.work], 0)
    assert desk.operations() == ["refused", "refused"]

    desk.store.write(plan_refused, scope.change)
    assert desk.operations() == ["planned", "planned"], "this time it was the platform"


@pytest.mark.parametrize("state", [State.CONFIRMED, State.REFUSED])
async def test_a_refused_one_is_only_opened_and_not_decided_otherwise(desk, state):
    _, _, (first, _) = await two_refused(desk)

    with pytest.raises(NothingSelected, match="needs no person"):
        desk.decide(first, state)


async def test_a_refused_change_is_not_opened_beside_another_one_under_way(desk):
    desk.pre_active(1)
    ledger = await desk.ledger()
    selected = desk.select(tag="march")
    step = await ledger.step(Scope(selected.change), [], 9)
    await ledger.step(Scope(selected.change), [came(work, *REFUSED) for work in step.work], 0)
    desk.select(kind=Kind.TERMINATE, tag="march")

    with pytest.raises(Refused, match=r"Another change of the endpoint .* is under way"):
        desk.decide(step.work[0].id, State.PLANNED)


async def test_what_a_person_confirms_late_does_not_turn_an_endpoint_back(desk):
    desk.pre_active(1)
    selected = desk.select(tag="march")
    desk.do("UPDATE operations SET state = 'needs_human' WHERE kind = 'activate'")
    desk.do("UPDATE endpoints SET state = 'terminated'")

    desk.decide(desk.one("SELECT id FROM operations WHERE kind = 'activate'"), State.CONFIRMED)

    assert selected.new == 1
    assert desk.endpoint(1).state == "terminated"
