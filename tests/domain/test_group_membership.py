"""On a platform that shows groups, being active is half the truth: the group must be the right one too."""

from dataclasses import replace

import pytest

from domain.doubt import Patience, Sight
from domain.endpoint import SimRecord
from domain.errors import UnknownGroup
from domain.evidence import sim_evidence
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.settler import Settler
from domain.sight import before_write, differing
from tests.support.memory_ledger import EVERYTHING, MemoryLedger
from tests.support.memory_platform import MemoryPlatform, read_failed
from tests.support.virtual_time import played
from tests.support.works import doubt, iccid, work

A = iccid(1)
ACTIVATE = work(1, Kind.ACTIVATE, target="eu")
IN_EU = SimRecord(A, "E1", Lifecycle.ACTIVE, "active", groups=frozenset({"eu", "G1", "fleet-main"}))
IN_US = replace(IN_EU, groups=frozenset({"G2", "fleet-second"}))
SHOWS_NONE = replace(IN_EU, groups=None)


@pytest.mark.parametrize(
    ("sim", "state"), [(IN_EU, State.CONFIRMED), (SHOWS_NONE, State.CONFIRMED), (IN_US, State.NEEDS_HUMAN)]
)
def test_an_endpoint_that_is_active_in_another_group_is_not_taken_for_activated(sim, state):
    assert before_write(replace(ACTIVATE, unclear=1), sim, "stacuity").state is state


@pytest.mark.parametrize(("sim", "done"), [(IN_EU, True), (SHOWS_NONE, False), (IN_US, False)])
def test_a_move_to_a_group_is_done_only_when_that_group_is_shown(sim, done):
    found = before_write(work(1, Kind.ASSIGN, target="eu"), sim, "stacuity")
    assert (found is not None and found.state is State.CONFIRMED) is done
    assert done or found is None


def test_an_activation_without_a_group_asks_for_none():
    assert before_write(work(1, Kind.ACTIVATE, unclear=1), IN_US, "stacuity").state is State.CONFIRMED


@pytest.mark.parametrize(
    ("sim", "sight"), [(IN_EU, Sight.PRESENT), (SHOWS_NONE, Sight.PRESENT), (IN_US, Sight.CONTRADICTION)]
)
def test_a_doubt_is_settled_only_by_the_right_group(sim, sight):
    assert sim_evidence(doubt(1, Kind.ACTIVATE, target="eu"), sim, known=True).sight is sight


def test_the_read_back_compares_the_group_too():
    expected = {A: "E1"}

    assert differing(expected, {A: IN_EU}, Lifecycle.ACTIVE, "eu") == {}
    assert differing(expected, {A: IN_US}, Lifecycle.ACTIVE, "eu") == expected
    assert differing(expected, {A: IN_US}, Lifecycle.ACTIVE) == {}


def test_a_sim_that_was_terminated_before_we_knew_it_is_marked_for_ever():
    ended = replace(IN_EU, state=Lifecycle.TERMINATED)

    assert before_write(work(1), ended, "stacuity").is_tombstone
    assert not before_write(work(1), IN_EU, "stacuity").is_tombstone


@pytest.mark.parametrize("error", [UnknownGroup("gone"), read_failed()])
def test_a_group_that_cannot_be_found_leaves_the_doubt_as_it_is(error):
    platform = MemoryPlatform([IN_US])
    platform.broken["pin eu"] = error
    ledger = MemoryLedger([ACTIVATE], patience=Patience(deadline=20, settle=300), clock=lambda: 0.0)
    entry = ledger.entries[1]
    entry.state, entry.safe_after = State.IN_DOUBT, 320.0
    played(Settler(ledger, platform, Patience(deadline=20, settle=300)).settle_due(EVERYTHING))

    assert entry.state is State.IN_DOUBT
