"""Events in the store: each once, judged, and never a change of a mapping."""

import time
from dataclasses import replace

import pytest

from adapters.store import inbox
from adapters.store.decisions import Owner
from domain.doubt import Patience
from domain.inbox import LATE_SECONDS, Meaning, PlatformEvent
from domain.lifecycle import Kind
from domain.outcome import Answer, Verdict
from domain.ports import Result, Scope

ACTIVE = "EndpointProvisioningStatusSetActive_v1"
SUSPENDED = "EndpointProvisioningStatusSetSuspended_v1"
PENDING = "EndpointProvisioningStatusSetPending_v1"
TERMINATED = "EndpointProvisioningStatusSetTerminated_v1"
ACCOUNT = "travel"
LATER = 120.0  # s: than every operation, and not so late that clocks cannot differ by it
OWNER = Owner("w", ACCOUNT, "stacuity", Patience(1, 1), Patience(1, 1), 4)


def later():
    """A time that is later than every operation."""
    return time.time() + LATER


def event(number, kind=ACTIVE, *, at=None, endpoint="E1"):
    """An event, without a time of a time that is later than every operation."""
    return PlatformEvent(f"event-{number}", later() if at is None else at, kind, endpoint)


def kept(desk, *events, source="webhook", again=False):
    """Keep and judge events; returns what came of the last of them."""
    desk.store.write(inbox.keep, ACCOUNT, events, source)
    after, applied = inbox.START, None
    while after is not None:
        applied = desk.store.write(inbox.apply, OWNER, after=after, again=again)
        after = applied.after
    return applied


def take(desk, *events, **options):
    """Keep and judge events; returns what each means by now."""
    kept(desk, *events, **options)
    return {row.event_id: row.meaning for row in desk.see("SELECT event_id, meaning FROM inbox")}


async def created(desk):
    """One endpoint, E1, that is pre-active; returns a ledger."""
    desk.pre_active(1)
    return await desk.ledger()


async def in_doubt(desk, kind, state):
    """One endpoint, E1, in this state, with an operation of the kind of which nobody knows the outcome."""
    ledger = await created(desk) if not desk.see("SELECT 1 FROM endpoints") else await desk.ledger()
    desk.do(f"UPDATE endpoints SET state = '{state}'")
    group = "eu" if kind in (Kind.ACTIVATE, Kind.ASSIGN) else ""
    scope = Scope(desk.select(tag="march", kind=kind, platform="stacuity", group=group).change)
    ledger.owner = replace(ledger.owner, platform="stacuity")
    (work,) = (await ledger.step(scope, [], 1)).work
    assert work.kind is kind
    await ledger.step(scope, [Result(work, Answer(Verdict.UNKNOWN))], 0)
    return work


def waits(desk, work):
    return desk.one(f"SELECT state FROM operations WHERE id = {work.id}") == "in_doubt"


def sent_at(desk, work):
    return desk.one(f"SELECT max(at) FROM attempts WHERE operation_id = {work.id} AND event = 'sent'")


async def test_an_event_counts_once_whichever_way_and_however_often_it_comes(desk):
    await created(desk)
    first = desk.store.write(inbox.keep, ACCOUNT, [event(1), event(1)], "webhook")
    second = desk.store.write(inbox.keep, ACCOUNT, [event(1), event(2)], "poll")

    assert (first, second) == (1, 1)
    assert desk.see("SELECT event_id, source FROM inbox ORDER BY 1") == [("event-1", "webhook"), ("event-2", "poll")]


@pytest.mark.parametrize(
    ("kind", "before", "told", "after"),
    [
        (Kind.SUSPEND, "active", SUSPENDED, "suspended"),
        (Kind.RESUME, "suspended", ACTIVE, "active"),
        (Kind.TERMINATE, "active", TERMINATED, "terminated"),
    ],
)
async def test_an_event_confirms_the_operation_in_doubt_and_is_kept_in_its_history(desk, kind, before, told, after):
    work = await in_doubt(desk, kind, before)

    assert take(desk, event(1, told)) == {"event-1": "confirms"}
    assert desk.one(f"SELECT state FROM operations WHERE id = {work.id}") == "confirmed"
    assert desk.one("SELECT state FROM endpoints") == after
    assert desk.one("SELECT count(*) FROM attempts WHERE event = 'event'") == 1


@pytest.mark.parametrize("seconds", [1.0, 20.0, 1e6])
@pytest.mark.parametrize(
    ("kind", "before", "told"), [(Kind.SUSPEND, "active", SUSPENDED), (Kind.RESUME, "suspended", ACTIVE)]
)
async def test_an_event_from_before_the_intent_lets_the_doubt_be_looked_up_and_decides_nothing(
    desk, kind, before, told, seconds
):
    """Whoever suspended before, and whatever the clocks say, the platform is asked."""
    work = await in_doubt(desk, kind, before)

    assert take(desk, event(1, told, at=sent_at(desk, work) - seconds)) == {"event-1": "prompts"}
    assert waits(desk, work)


@pytest.mark.parametrize(("kind", "before"), [(Kind.ACTIVATE, "pre_active"), (Kind.ASSIGN, "pre_active")])
async def test_an_event_of_what_was_to_get_into_a_group_lets_the_doubt_be_looked_up(desk, kind, before):
    """It does not say into which group the endpoint got, nor who put it there."""
    work = await in_doubt(desk, kind, before)

    assert take(desk, event(1)) == {"event-1": "prompts"}
    assert waits(desk, work)
    assert desk.one("SELECT coalesce(\"group\", '-') FROM endpoints") == "-"


async def test_a_look_up_that_an_event_asks_for_is_due_once_and_then_at_its_own_time(desk):
    work = await in_doubt(desk, Kind.ACTIVATE, "pre_active")
    desk.do("UPDATE operations SET next_at = 4e9")
    applied = kept(desk, event(1))
    soon = desk.one(f"SELECT next_at FROM operations WHERE id = {work.id}")
    desk.do("UPDATE operations SET next_at = 4e9")
    again = desk.store.write(inbox.apply, OWNER)

    assert soon < 3e9
    assert desk.one(f"SELECT next_at FROM operations WHERE id = {work.id}") == 4e9
    assert applied.changes == again.changes != frozenset(), "whoever may look is told of the change"


@pytest.mark.parametrize("seconds", [-20.0, 0.0, 300.0])
async def test_a_move_between_groups_is_not_confirmed_by_the_event_of_the_activation(desk, seconds):
    """A move raises no event."""
    work = await in_doubt(desk, Kind.ASSIGN, "active")

    assert take(desk, event(1, at=sent_at(desk, work) + seconds)) == {"event-1": "agrees"}
    assert waits(desk, work)


@pytest.mark.parametrize("first", [Kind.ASSIGN, Kind.SUSPEND])
async def test_of_two_operations_on_an_endpoint_the_event_is_about_the_one_that_leads_to_it(desk, first):
    works = {first: await in_doubt(desk, first, "active")}
    desk.do("UPDATE operations SET state = 'confirmed'")
    second = Kind.SUSPEND if first is Kind.ASSIGN else Kind.ASSIGN
    works[second] = await in_doubt(desk, second, "active")
    desk.do(f"UPDATE operations SET state = 'in_doubt' WHERE id = {works[first].id}")

    assert take(desk, event(1, SUSPENDED)) == {"event-1": "confirms"}
    assert waits(desk, works[Kind.ASSIGN])
    assert not waits(desk, works[Kind.SUSPEND])


async def test_more_events_than_are_judged_at_once_are_all_judged_also_behind_some_that_wait(desk, monkeypatch):
    monkeypatch.setattr(inbox, "AT_ONCE", 2)
    await in_doubt(desk, Kind.ACTIVATE, "pre_active")
    desk.do("UPDATE operations SET state = 'sent' WHERE kind = 'activate'")
    soon = later()
    waiting = [event(n, at=soon) for n in range(3)]
    meanings = take(desk, *waiting, event(7, "EndpointIMEIChanged_v1", at=soon + 1))

    assert meanings == {"event-0": "new", "event-1": "new", "event-2": "new", "event-7": "noted"}


async def test_a_contradiction_changes_neither_state_nor_mapping(desk):
    await created(desk)

    assert take(desk, event(1, TERMINATED)) == {"event-1": "differs"}
    assert desk.see("SELECT endpoint_id, state FROM endpoints") == [("E1", "pre_active")]
    assert "pre_active" in desk.one("SELECT text FROM inbox")


async def test_events_out_of_order_are_judged_by_their_time(desk):
    await created(desk)
    meanings = take(desk, event(2, TERMINATED, at=later() + 60), event(1, ACTIVE, at=later()))

    assert meanings == {"event-1": "old", "event-2": "differs"}
    assert take(desk, event(3, ACTIVE, at=later() + 30))["event-3"] == "old", "also when it comes much later"


async def test_what_differed_agrees_once_the_store_has_it_too_and_is_told_of_once(desk):
    await created(desk)
    first = kept(desk, event(1, TERMINATED)).meant[Meaning.DIFFERS]
    second = kept(desk, again=True).meant[Meaning.DIFFERS]
    desk.do("UPDATE endpoints SET state = 'terminated'")

    assert (first, second) == (1, 0)
    assert take(desk, again=True) == {"event-1": "agrees"}


async def test_what_differed_is_old_once_a_later_event_came(desk):
    await created(desk)
    take(desk, event(1, SUSPENDED))

    assert take(desk, event(2, PENDING, at=later() + 1), again=True) == {"event-1": "old", "event-2": "agrees"}


async def test_what_differs_is_settled_by_a_person_once_with_the_reason_and_never_judged_again(desk):
    await created(desk)
    take(desk, event(1, TERMINATED))
    settled = [desk.store.write(inbox.settle, ACCOUNT, "event-1", "by ann: a spare SIM") for _ in range(2)]

    assert settled == [True, False]
    assert take(desk, again=True) == {"event-1": "settled"}
    assert desk.one("SELECT text FROM inbox") == "by ann: a spare SIM"


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

    assert desk.store.write(inbox.apply, OWNER).meant[Meaning.AGREES] == 0
    assert desk.one("SELECT meaning FROM inbox") == "new"


# --- events that are dated ahead of our clock ---

YEARS = 30 * 365.25 * 86_400


@pytest.mark.parametrize("source", ["webhook", "poll"])
@pytest.mark.parametrize("ahead", [LATE_SECONDS + 60, YEARS])
async def test_an_event_dated_ahead_of_our_clock_silences_no_later_one(desk, source, ahead):
    await created(desk)
    told = kept(desk, event(1, PENDING, at=time.time() + ahead), source=source)
    meanings = take(desk, event(2, TERMINATED), source=source)

    assert meanings == {"event-1": "agrees", "event-2": "differs"}
    assert told.ahead == 1
    assert kept(desk).ahead == 0, "it is told of once"
    assert "s ahead of the clock here" in desk.one("SELECT text FROM inbox WHERE event_id = 'event-1'")


async def test_clocks_that_differ_by_minutes_are_none_of_that(desk):
    await created(desk)
    told = kept(desk, event(1, PENDING, at=time.time() + LATE_SECONDS - 60))

    assert take(desk, event(2, TERMINATED))["event-2"] == "old"
    assert told.ahead == 0


async def test_an_event_dated_ahead_was_so_when_it_came_however_much_time_has_passed_since(desk):
    await created(desk)
    take(desk, event(1, PENDING, at=time.time() + 3600))
    desk.do("UPDATE inbox SET at = at - 7200, received_at = received_at - 7200")

    assert take(desk, event(2, TERMINATED, at=time.time() - 7200))["event-2"] == "differs"


async def test_an_event_dated_ahead_lets_a_doubt_be_looked_up_and_decides_nothing(desk):
    work = await in_doubt(desk, Kind.SUSPEND, "active")

    assert take(desk, event(1, SUSPENDED, at=time.time() + YEARS)) == {"event-1": "prompts"}
    assert waits(desk, work)
