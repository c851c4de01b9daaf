"""Doubts are settled by looking, with as few calls as the evidence needs."""

import pytest

from domain.doubt import Patience, Sight
from domain.evidence import sim_evidence
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.ports import ReadStopped
from domain.settler import Settler
from tests.support.memory_ledger import EVERYTHING, MemoryLedger
from tests.support.memory_platform import MemoryPlatform, read_failed, sim
from tests.support.virtual_time import now, played
from tests.support.works import doubt, iccid, work, works

PRE_ACTIVE, ACTIVE, SUSPENDED, STOCK = Lifecycle.PRE_ACTIVE, Lifecycle.ACTIVE, Lifecycle.SUSPENDED, Lifecycle.STOCK
PATIENCE = Patience(deadline=20, settle=300)
SAFE = 320.0
A = iccid(1)


def in_doubt(operations, *, clock=lambda: 0.0):
    """A ledger whose operations were sent at 0 and are in doubt, the first look-up being due."""
    ledger = MemoryLedger(operations, patience=PATIENCE, clock=clock)
    for entry in ledger.entries.values():
        entry.state, entry.safe_after = State.IN_DOUBT, SAFE
    return ledger


def settled(ledger, platform):
    return played(Settler(ledger, platform, PATIENCE).settle_due(EVERYTHING))


def after_one_look(kind, platform, *, at=0.0, lookups=0, **fields):
    ledger = in_doubt([work(1, kind, **fields)], clock=lambda: at)
    ledger.entries[1].lookups = lookups
    assert settled(ledger, platform) == 1
    return ledger.entries[1]


# --- what a SIM's row says ---


@pytest.mark.parametrize(
    ("kind", "row", "sight"),
    [
        (Kind.CREATE, None, Sight.ABSENT),
        (Kind.CREATE, sim(A), Sight.ABSENT),
        (Kind.CREATE, sim(A, None, None, "Odd"), Sight.ABSENT),
        (Kind.CREATE, sim(A, "E9", PRE_ACTIVE), Sight.PRESENT),
        (Kind.CREATE, sim(A, "E9", ACTIVE), Sight.CONTRADICTION),
        (Kind.CREATE, sim(A, "E9", None, "Active-Test"), Sight.CONTRADICTION),
        (Kind.ACTIVATE, sim(A, "E1", ACTIVE), Sight.PRESENT),
        (Kind.ACTIVATE, sim(A, "E1", PRE_ACTIVE), Sight.ABSENT),
        (Kind.ACTIVATE, sim(A, "E1", SUSPENDED), Sight.CONTRADICTION),
        (Kind.ACTIVATE, sim(A, "E1", None, "Odd"), Sight.CONTRADICTION),
        (Kind.ACTIVATE, sim(A, "E2", ACTIVE), Sight.CONTRADICTION),
        (Kind.ACTIVATE, sim(A, None, STOCK), Sight.GONE),
        (Kind.ACTIVATE, None, Sight.GONE),
        (Kind.SUSPEND, sim(A, "E1", SUSPENDED), Sight.PRESENT),
        (Kind.SUSPEND, sim(A, "E1", ACTIVE), Sight.ABSENT),
        (Kind.SUSPEND, sim(A, "E1", PRE_ACTIVE), Sight.CONTRADICTION),
        (Kind.RESUME, sim(A, "E1", ACTIVE), Sight.PRESENT),
        (Kind.RESUME, sim(A, "E1", SUSPENDED), Sight.ABSENT),
    ],
)
def test_a_row_is_read_as_evidence(kind, row, sight):
    evidence = sim_evidence(doubt(1, kind), row, known=True)

    assert evidence.sight is sight
    assert sight is not Sight.PRESENT or evidence.endpoint_id == row.endpoint_id
    assert sight is not Sight.CONTRADICTION or evidence.text


@pytest.mark.parametrize("kind", [Kind.CREATE, Kind.ACTIVATE])
def test_without_an_answer_a_row_says_nothing(kind):
    assert sim_evidence(doubt(1, kind), None, known=False).sight is Sight.UNPROVEN


# --- one look ---


def test_a_create_that_was_done_is_found_with_its_id():
    entry = after_one_look(Kind.CREATE, MemoryPlatform([sim(A, "E9", PRE_ACTIVE)]))

    assert (entry.state, entry.endpoint_id) == (State.CONFIRMED, "E9")


def test_a_create_that_is_not_there_stays_in_doubt_at_first():
    entry = after_one_look(Kind.CREATE, MemoryPlatform([sim(A)]))

    assert (entry.state, entry.negatives, entry.lookups) == (State.IN_DOUBT, 0, 1)


def test_a_look_up_that_fails_is_no_evidence():
    platform = MemoryPlatform([sim(A)])
    platform.broken["sim"] = read_failed()

    entry = after_one_look(Kind.CREATE, platform, at=SAFE + 1)

    assert (entry.state, entry.negatives) == (State.IN_DOUBT, 0)


def test_a_tag_is_found_among_the_endpoints_tags():
    platform = MemoryPlatform()
    platform.tags["E1"] = {"eu"}

    assert after_one_look(Kind.TAG, platform, target="eu").state is State.CONFIRMED
    assert after_one_look(Kind.TAG, platform, target="us").state is State.IN_DOUBT


def test_a_tag_that_cannot_be_looked_up_is_written_again_after_the_settle_time():
    platform = MemoryPlatform()
    platform.lists_tags = False

    assert after_one_look(Kind.TAG, platform, target="eu", at=SAFE).state is State.IN_DOUBT
    assert after_one_look(Kind.TAG, platform, target="eu", at=SAFE + 180, lookups=6).state is State.PLANNED


@pytest.mark.parametrize(("instances", "state"), [(0, State.IN_DOUBT), (1, State.CONFIRMED), (2, State.NEEDS_HUMAN)])
def test_instances_in_the_group_are_counted(instances, state):
    platform = MemoryPlatform()
    platform.groups["E1"] = ["eu"] * instances

    assert after_one_look(Kind.ASSIGN, platform, target="eu").state is state


def test_a_group_that_cannot_be_counted_goes_to_a_person():
    platform = MemoryPlatform()
    platform.counts_groups = False

    entry = after_one_look(Kind.ASSIGN, platform, target="eu", at=SAFE + 180, lookups=6)

    assert entry.state is State.NEEDS_HUMAN


def platform_that_shows_nothing():
    platform = MemoryPlatform()
    platform.shows_what_is_there = False
    return platform


def test_an_absence_that_could_not_have_been_presence_is_no_reason_to_buy_again():
    entry = after_one_look(Kind.ASSIGN, platform_that_shows_nothing(), target="eu", at=SAFE + 180, lookups=6)

    assert entry.state is State.NEEDS_HUMAN


def test_a_tag_in_a_form_that_shows_none_may_be_written_again_since_twice_is_once():
    entry = after_one_look(Kind.TAG, platform_that_shows_nothing(), target="t", at=SAFE + 180, lookups=6)

    assert entry.state is State.PLANNED


@pytest.mark.parametrize("kind", [Kind.CREATE, Kind.TAG, Kind.ASSIGN])
def test_what_was_not_looked_up_because_of_a_stop_says_nothing(kind):
    """However late it is: nobody looked."""

    class Stopping(MemoryPlatform):
        async def sim(self, iccid):
            raise ReadStopped

        async def tags_of(self, endpoint_id):
            raise ReadStopped

        async def assigned(self, endpoint_id, group):
            raise ReadStopped

    entry = after_one_look(kind, Stopping(), target="eu", at=SAFE + 1e6, lookups=9)

    assert (entry.state, entry.lookups) == (State.IN_DOUBT, 9)


# --- many at once ---


def test_nothing_in_doubt_asks_nothing():
    platform = MemoryPlatform()

    assert settled(MemoryLedger(works(3)), platform) == 0
    assert not platform.calls


def test_many_creates_are_looked_up_by_page():
    numbers = range(1, 201)
    platform = MemoryPlatform([sim(iccid(n), f"E{n}", PRE_ACTIVE) for n in numbers], page_size=100)
    ledger = in_doubt(works(200))

    assert settled(ledger, platform) == 200
    assert ledger.states == {State.CONFIRMED: 200}
    assert platform.calls.total() - platform.calls["sims_page"] == 2  # one entry for each page's own name
    assert platform.calls["sims_page"] == 2


def test_one_doubt_that_fails_keeps_no_other_from_being_settled():
    platform = MemoryPlatform([sim(iccid(n), f"E{n}", PRE_ACTIVE) for n in (1, 2)])
    platform.broken["tags_of"] = read_failed()
    ledger = in_doubt([work(1), work(2), work(3, Kind.TAG, target="eu")])

    settled(ledger, platform)

    assert [ledger.state(n) for n in (1, 2, 3)] == [State.CONFIRMED, State.CONFIRMED, State.IN_DOUBT]


# --- time ---


def test_a_look_that_began_before_the_settle_time_does_not_count():
    """What it shows is what was true when it was asked for, not when its answer was read."""
    platform = MemoryPlatform([sim(A)], seconds=2.0)

    async def play():
        ledger = in_doubt([work(1)], clock=lambda: SAFE - 1 + now())
        await Settler(ledger, platform, PATIENCE).settle_due(EVERYTHING)
        return ledger.entries[1]

    assert played(play()).negatives == 0


def test_an_absent_create_is_planned_again_only_after_the_settle_time_and_three_looks():
    platform, clock = MemoryPlatform([sim(A)]), [0.0]
    ledger = in_doubt([work(1)], clock=lambda: clock[0])
    looks = []
    while ledger.state(1) is State.IN_DOUBT:
        clock[0] = max(clock[0], ledger.entries[1].next_at)
        looks.append(clock[0])
        settled(ledger, platform)

    assert ledger.state(1) is State.PLANNED
    assert looks == [0, 15, 60, 195, 255, 315, 375, 435, 495]
    assert min(looks[-3:]) >= SAFE


def test_a_change_that_shows_late_is_found_and_not_sent_again():
    platform, clock = MemoryPlatform([sim(A)]), [0.0]
    ledger = in_doubt([work(1)], clock=lambda: clock[0])
    while ledger.state(1) is State.IN_DOUBT:
        clock[0] = max(clock[0], ledger.entries[1].next_at)
        if clock[0] > SAFE + 100:
            platform.sims[A] = sim(A, "E1", PRE_ACTIVE)
        settled(ledger, platform)

    assert (ledger.state(1), platform.performed) == (State.CONFIRMED, [])


# --- an endpoint that was to be ended ---

ENDINGS = {
    "attached": (MemoryPlatform([sim(A, "E1", ACTIVE)]), State.IN_DOUBT),
    "gone": (MemoryPlatform([sim(A)]), State.CONFIRMED),
    "another endpoint": (MemoryPlatform([sim(A, "E2", ACTIVE)]), State.NEEDS_HUMAN),
}


@pytest.mark.parametrize("which", ENDINGS)
def test_an_ending_in_doubt_is_looked_up(which):
    platform, state = ENDINGS[which]

    assert after_one_look(Kind.TERMINATE, platform).state is state
    assert platform.performed == []


def test_an_ending_that_was_done_by_half_is_no_ending():
    platform = MemoryPlatform([sim(A)])
    platform.without_sim.add("E1")

    assert after_one_look(Kind.TERMINATE, platform).state is State.IN_DOUBT


def test_an_ending_that_nothing_proves_goes_to_a_person():
    platform = MemoryPlatform([sim(A)])
    platform.tells_ends = False

    assert after_one_look(Kind.TERMINATE, platform, at=SAFE + 1000, lookups=9).state is State.NEEDS_HUMAN
