"""Suspending, resuming, assigning and ending: the same request goes on, a later one is a change of its own."""

import pytest

from domain.errors import NotConfirmed
from domain.lifecycle import MOVES, Kind, Lifecycle
from domain.outcome import Because, Verdict
from domain.ports import Scope
from tests.support.desk import came
from tests.support.works import iccid

REFUSED = (Verdict.NOT_DONE, Because.REFUSED)
CHANGES_OF_STATE = [Kind.SUSPEND, Kind.RESUME, Kind.TERMINATE]


def numbers(selected):
    return (selected.already, selected.open, selected.new, selected.unusable)


def states(desk):
    return [row.state for row in desk.see("SELECT state FROM endpoints ORDER BY id")]


def active(desk, count):
    desk.pre_active(count)
    desk.do("UPDATE endpoints SET state = 'active'")


async def carried_out(desk, selected, answers=None):
    ledger = await desk.ledger()
    step = await ledger.step(Scope(selected.change), [], 99)
    results = [came(work, *(answers or {}).get(int(work.iccid[-3:]), (Verdict.DONE,))) for work in step.work]
    await ledger.step(Scope(selected.change), results, 0)


async def change(desk, kind, **request):
    selected = desk.select(kind=kind, tag="march", **request)
    await carried_out(desk, selected)
    return selected


@pytest.mark.parametrize("state", Lifecycle)
@pytest.mark.parametrize("kind", [*CHANGES_OF_STATE, Kind.ASSIGN])
def test_only_endpoints_in_a_state_that_allows_it_are_selected(desk, kind, state):
    desk.pre_active(1)
    desk.do("UPDATE endpoints SET state = :state", state=state.value)
    group = "eu" if kind is Kind.ASSIGN else ""

    selected = desk.select(kind=kind, tag="march", group=group)

    move = MOVES["sft"][kind]
    assert selected.new == (state in move.allowed_from)
    assert selected.already == (move.to is state)
    assert sum(numbers(selected)) == 1


async def test_an_endpoint_can_be_suspended_and_resumed_again_and_again(desk):
    active(desk, 2)
    made = [(await change(desk, kind)).change for kind in (Kind.SUSPEND, Kind.RESUME) * 2]

    assert states(desk) == ["active", "active"]
    assert len(set(made)) == 4, "each time is a change of its own, with a report of its own"
    rows = desk.see("SELECT kind, round, count(*) AS n FROM operations WHERE kind <> 'create' GROUP BY kind, round")
    assert {tuple(row) for row in rows} == {(kind, n, 2) for kind in ("suspend", "resume") for n in (0, 1)}


async def test_the_same_request_again_selects_nothing(desk):
    active(desk, 2)
    await change(desk, Kind.SUSPEND)

    again = desk.select(kind=Kind.SUSPEND, tag="march")

    assert (numbers(again), again.change, again.outside) == ((2, 0, 0, 0), 0, 2)


def test_a_request_that_was_interrupted_goes_on_in_the_same_change(desk):
    active(desk, 3)
    first = desk.select(kind=Kind.SUSPEND, tag="march")

    again = desk.select(kind=Kind.SUSPEND, tag="march")

    assert (numbers(again), again.change) == ((0, 3, 0, 0), first.change)


async def test_a_group_can_be_left_and_entered_again(desk):
    active(desk, 1)
    for group in ("eu", "us", "eu"):
        await change(desk, Kind.ASSIGN, group=group)
        assert desk.endpoint(1).group == group

    assert desk.select(kind=Kind.ASSIGN, tag="march", group="eu").already == 1


@pytest.mark.parametrize("kind", CHANGES_OF_STATE)
def test_an_endpoint_under_another_change_of_state_is_left_alone(desk, kind):
    desk.pre_active(1)
    desk.select(tag="march")
    desk.do("UPDATE endpoints SET state = :state", state=sorted(MOVES["sft"][kind].allowed_from)[0].value)

    assert numbers(desk.select(kind=kind, tag="march")) == (0, 0, 0, 1)


async def test_a_refused_one_stays_refused_until_a_person_asks_for_it(desk):
    active(desk, 2)
    await carried_out(desk, desk.select(kind=Kind.SUSPEND, tag="march"), {1: REFUSED})

    left = desk.select(kind=Kind.SUSPEND, tag="march")
    again = desk.select(kind=Kind.SUSPEND, tag="march", retry=True)

    assert (numbers(left), left.refused, left.change) == ((1, 0, 0, 0), 1, 0)
    assert (numbers(again), again.refused) == ((1, 0, 1, 0), 0)
    await carried_out(desk, again)
    assert states(desk) == ["suspended", "suspended"]


# --- ending ---


@pytest.mark.parametrize("said", [None, 0, 2, 4])
def test_another_count_than_that_of_the_endpoints_ends_nothing(desk, said):
    active(desk, 3)

    with pytest.raises(NotConfirmed, match=r"3 endpoints would be terminated .* confirm 3\."):
        desk.select(kind=Kind.TERMINATE, tag="march", counted=True, confirmed=said)

    assert desk.operations("terminate") == []


async def test_the_count_of_the_endpoints_ends_them(desk):
    active(desk, 3)
    await change(desk, Kind.TERMINATE, counted=True, confirmed=3)

    assert states(desk) == ["terminated"] * 3
    assert desk.endpoint(1).endpoint_id is not None


async def test_a_terminated_iccid_never_returns_to_stock(desk):
    active(desk, 1)
    await change(desk, Kind.TERMINATE)

    desk.batch(2, batch="april")

    assert states(desk) == ["terminated", "stock"]
    creates = desk.see(
        "SELECT e.iccid FROM operations o JOIN endpoints e ON e.id = o.endpoint WHERE o.state = 'planned'"
    )
    assert [row.iccid for row in creates] == [iccid(2)]
    for kind in Kind:
        if kind not in (Kind.CREATE, Kind.TAG, Kind.TERMINATE):
            assert desk.select(kind=kind, iccids=(iccid(1),), group="eu").new == 0
