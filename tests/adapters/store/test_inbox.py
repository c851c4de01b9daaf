"""Events in the store: each once, judged, and never a change of a mapping."""

import pytest

from adapters.store import inbox
from adapters.store.decisions import Owner
from domain.doubt import Patience
from domain.inbox import Meaning, PlatformEvent
from domain.lifecycle import Kind
from domain.outcome import Answer, Verdict
from domain.ports import Result, Scope

ACTIVE = "EndpointProvisioningStatusSetActive_v1"
TERMINATED = "EndpointProvisioningStatusSetTerminated_v1"
ACCOUNT = "travel"
OWNER = Owner("w", ACCOUNT, "stacuity", Patience(1, 1), Patience(1, 1), 4)


def event(number, kind=ACTIVE, *, at=2e9, endpoint="E1"):
    """An event of a time that is later than every operation."""
    return PlatformEvent(f"event-{number}", at, kind, endpoint)


def take(desk, *events, source="webhook"):
    """Keep and judge events; returns what each means by now."""
    desk.store.write(inbox.keep, ACCOUNT, events, source)
    desk.store.write(inbox.apply, OWNER)
    return {row.event_id: row.meaning for row in desk.see("SELECT event_id, meaning FROM inbox")}


async def created(desk):
    """One endpoint, E1, that is pre-active; returns a ledger."""
    desk.pre_active(1)
    return await desk.ledger()


async def activation_in_doubt(desk):
    ledger = await created(desk)
    scope = Scope(desk.select(tag="march").change)
    (work,) = (await ledger.step(scope, [], 1)).work
    assert work.kind is Kind.ACTIVATE
    await ledger.step(scope, [Result(work, Answer(Verdict.UNKNOWN))], 0)
    return work


async def test_an_event_counts_once_whichever_way_and_however_often_it_comes(desk):
    await created(desk)
    first = desk.store.write(inbox.keep, ACCOUNT, [event(1), event(1)], "webhook")
    second = desk.store.write(inbox.keep, ACCOUNT, [event(1), event(2)], "poll")

    assert (first, second) == (1, 1)
    assert desk.see("SELECT event_id, source FROM inbox ORDER BY 1") == [("event-1", "webhook"), ("event-2", "poll")]


async def test_an_event_confirms_the_operation_in_doubt_and_is_kept_in_its_history(desk):
    work = await activation_in_doubt(desk)

    assert take(desk, event(1)) == {"event-1": "confirms"}
    assert desk.one(f"SELECT state FROM operations WHERE id = {work.id}") == "confirmed"
    assert desk.one("SELECT state FROM endpoints") == "active"
    assert desk.one("SELECT count(*) FROM attempts WHERE event = 'event'") == 1


async def test_an_event_that_is_older_than_the_operation_confirms_nothing(desk):
    work = await activation_in_doubt(desk)

    assert take(desk, event(1, at=1.0)) == {"event-1": "differs"}
    assert desk.one(f"SELECT state FROM operations WHERE id = {work.id}") == "in_doubt"


async def test_a_contradiction_changes_neither_state_nor_mapping(desk):
    await created(desk)

    assert take(desk, event(1, TERMINATED)) == {"event-1": "differs"}
    assert desk.see("SELECT endpoint_id, state FROM endpoints") == [("E1", "pre_active")]
    assert "pre_active" in desk.one("SELECT text FROM inbox")


async def test_events_out_of_order_are_judged_by_their_time(desk):
    await created(desk)
    meanings = take(desk, event(2, TERMINATED, at=2e9 + 60), event(1, ACTIVE, at=2e9))

    assert meanings == {"event-1": "old", "event-2": "differs"}
    assert take(desk, event(3, ACTIVE, at=2e9 + 30))["event-3"] == "old", "also when it comes much later"


async def test_events_about_others_and_about_nothing_are_noted(desk):
    await created(desk)
    meanings = take(desk, event(1, endpoint="E9"), event(2, "EndpointIMEIChanged_v1"), event(3, endpoint=None))

    assert set(meanings.values()) == {"noted"}


async def test_an_event_before_the_answer_waits_and_agrees_afterwards(desk):
    ledger = await created(desk)
    scope = Scope(desk.select(tag="march").change)
    (work,) = (await ledger.step(scope, [], 1)).work
    waiting = take(desk, event(1))
    await ledger.step(scope, [Result(work, Answer(Verdict.DONE))], 0)

    assert waiting == {"event-1": "new"}
    assert take(desk) == {"event-1": "agrees"}


async def test_another_accounts_events_are_left_alone(desk):
    await created(desk)
    desk.store.write(inbox.keep, "other", [event(1)], "poll")

    assert desk.store.write(inbox.apply, OWNER)[Meaning.AGREES] == 0
    assert desk.one("SELECT meaning FROM inbox") == "new"


@pytest.mark.parametrize("count", [0, 3])
def test_the_latest_event_of_a_poll_is_where_the_next_one_begins(desk, count):
    desk.store.write(inbox.keep, ACCOUNT, [event(n, at=100.0 + n) for n in range(count)], "poll")
    desk.store.write(inbox.keep, ACCOUNT, [event(9, at=999.0)], "webhook")

    assert desk.store.write(inbox.newest_at, ACCOUNT) == (102.0 if count else None)
