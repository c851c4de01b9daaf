"""What a person may have repaired, and what never follows from a difference."""

import itertools

import pytest

from domain.drift import Difference, Drift
from domain.lifecycle import MOVES, Kind, Lifecycle
from domain.repair import Side, choose, plan_repairs

STOCK, PRE_ACTIVE, ACTIVE, SUSPENDED, TERMINATED = Lifecycle
EVERY = [
    Difference(drift, f"89{n}", ours_id, ours, seen_id, seen, "", looked=True)
    for n, (drift, ours_id, ours, seen_id, seen) in enumerate(
        itertools.product(Drift, ["E1", None], [*Lifecycle, None], ["E1", "E2", None], [*Lifecycle, None])
    )
]


def repaired(side, ours, seen, drift=Drift.DIFFERENT, seen_id="E1", *, looked=True):
    plan = plan_repairs([Difference(drift, "89", "E1", ours, seen_id, seen, "", looked)], side, "sft")
    return [(one.record, one.how, one.then) for one in plan.repairs]


@pytest.mark.parametrize("platform", MOVES)
@pytest.mark.parametrize("side", Side)
def test_no_repair_ends_creates_or_maps_an_endpoint_on_the_platform(side, platform):
    plan = plan_repairs(EVERY, side, platform)

    assert {one.then for one in plan.repairs} <= {None, Kind.ACTIVATE, Kind.SUSPEND, Kind.RESUME}
    by_iccid = {one.iccid: one for one in EVERY}
    for made in plan.repairs:
        one = by_iccid[made.iccid]
        assert made.endpoint_id == one.endpoint_id
        assert one.drift is Drift.STORE_ONLY or one.seen_id == one.endpoint_id
        assert one.state not in (STOCK, TERMINATED, None)
    assert len(plan.repairs) + plan.left == len(EVERY)


@pytest.mark.parametrize("seen", [PRE_ACTIVE, ACTIVE, SUSPENDED])
@pytest.mark.parametrize("ours", [PRE_ACTIVE, ACTIVE, SUSPENDED])
def test_the_platform_is_changed_only_by_a_move_that_leads_to_what_is_recorded(ours, seen):
    ways = {(ACTIVE, PRE_ACTIVE): Kind.ACTIVATE, (ACTIVE, SUSPENDED): Kind.RESUME, (SUSPENDED, ACTIVE): Kind.SUSPEND}

    assert [then for _, _, then in repaired(Side.PLATFORM, ours, seen)] == [
        ways[pair] for pair in [(ours, seen)] if pair in ways
    ]


def test_the_store_records_what_the_platform_shows_and_how_it_came_to_be():
    assert repaired(Side.STORE, ACTIVE, SUSPENDED) == [(SUSPENDED, Kind.SUSPEND, None)]
    assert repaired(Side.STORE, SUSPENDED, ACTIVE) == [(ACTIVE, Kind.RESUME, None)]
    assert repaired(Side.STORE, PRE_ACTIVE, ACTIVE) == [(ACTIVE, Kind.ACTIVATE, None)]
    assert repaired(Side.STORE, ACTIVE, PRE_ACTIVE) == [(PRE_ACTIVE, Kind.CREATE, None)]
    assert repaired(Side.STORE, ACTIVE, None, Drift.STORE_ONLY, None) == [(TERMINATED, Kind.TERMINATE, None)]


def test_a_state_that_is_not_known_is_not_recorded():
    assert repaired(Side.STORE, ACTIVE, None) == []


@pytest.mark.parametrize("side", Side)
def test_what_only_the_list_shows_is_not_repaired(side):
    assert repaired(side, ACTIVE, SUSPENDED, looked=False) == []
    assert repaired(side, ACTIVE, None, Drift.STORE_ONLY, None, looked=False) == []


def test_named_iccids_choose_and_otherwise_the_kinds():
    assert choose(EVERY, drifts=[], iccids=[]) == []
    assert {one.drift for one in choose(EVERY, drifts=[Drift.DIFFERENT], iccids=[])} == {Drift.DIFFERENT}
    assert [one.iccid for one in choose(EVERY, drifts=[Drift.DIFFERENT], iccids=["897"])] == ["897"]


@pytest.mark.parametrize("state", [PRE_ACTIVE, ACTIVE, SUSPENDED])
@pytest.mark.parametrize("side", Side)
def test_a_group_or_a_tag_that_differs_is_listed_and_never_repaired(side, state):
    """Their states agree."""
    assert repaired(side, state, state) == []
