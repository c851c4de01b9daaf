"""kill -9 at any write: the same command, run again until it ends by itself, finishes and does nothing twice."""

from collections import Counter
from itertools import pairwise

import pytest

from tests.flows.selling import stock
from tests.flows.world import ADDON, World

# Absence is believed soon: 1 s deadline, 1 s window for sending, 2 s settling.
HASTY = {"deadline_seconds": 1.0, "settle_seconds": 2}
SLOW_ENOUGH_TO_HIT = {"--latency": 0.05}


# On PostgreSQL too, with faults, and at random moments: tests/chaos/test_long_kills.py.
@pytest.mark.long
def test_a_provision_killed_again_and_again_makes_each_endpoint_once(world):
    here = world(rows=60, account=HASTY, platform=SLOW_ENOUGH_TO_HIT)
    for write in (2, 85):  # the first write makes the tag; after it creates and tags take turns
        assert here.kill_at(write, *here.provision)
        here.check_intents()
    ended = here.run(*here.provision)

    assert ended.summary["accepted"] == 60
    here.check_one_each()
    assert {tuple(e["tags"]) for e in here.platform.endpoints.values()} == {("batch",)}
    assert Counter(e["kind"] for e in here.platform.ledger)["tag"] == 60
    # A request whose answer was lost is repeated only after its deadline and the settle time, if at all.
    for asked in here.platform.asked_to_create().values():
        pauses = [later["time"] - earlier["time"] for earlier, later in pairwise(asked)]
        assert all(pause > HASTY["deadline_seconds"] + HASTY["settle_seconds"] for pause in pauses)


def test_an_activation_killed_again_and_again_adds_each_endpoint_to_its_group_once(world):
    here = world(rows=30, account=HASTY, platform=SLOW_ENOUGH_TO_HIT)
    stock(here, here.iccids, "batch")
    before = here.platform.writes
    assert all(here.kill_at(before + write, *here.activate(20)) for write in (7, 29))
    ended = here.run(*here.activate(20))

    assert ended.summary["accepted"] == 20
    assert states(here) == {("Active", (ADDON,)): 20, ("Pre-Active", ()): 10}
    assert Counter(e["kind"] for e in here.platform.ledger)["activate"] == 20
    here.check_one_each()


def states(here: World) -> Counter[tuple[str, tuple[str, ...]]]:
    """How many endpoints are in which state with which add-ons."""
    endpoints = here.platform.endpoints.values()
    return Counter((e["status"], tuple(addon["planId"] for addon in e["addons"])) for e in endpoints)
