"""Events are taken in and judged with the real client, the real store and a simulator."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from domain.errors import NothingSelected, Stopped, StoreNewer
from domain.inbox import Meaning, PlatformEvent
from domain.lifecycle import Kind
from domain.requests import PollRequest
from flows.poll import poll
from tasks import resources
from tasks.platform_events import judge_until, poll_account
from tests.support.job import NAME

HANGS_BEFORE = {"fault": "hang_before", "route": "assign", "nth": [1], "seconds": 0.6}
HANGS_AFTER = {"fault": "hang_after", "route": "assign", "nth": [1], "seconds": 0.6}


async def test_an_activation_in_doubt_is_looked_up_when_its_event_comes_and_confirmed_in_its_group(fleet):
    fleet.stacuity.faults(HANGS_AFTER)
    await fleet.send(fleet.activation("fleet-main"))
    before = fleet.state("activate")
    polled = await poll_account(NAME)

    assert (before, fleet.state("activate")) == ("in_doubt", "confirmed")
    assert polled.meant[Meaning.AGREES] == 1
    assert fleet.endpoint() == ("active", "fleet-main")


async def test_an_activation_in_doubt_is_not_confirmed_by_the_event_of_another_user_and_another_group(fleet):
    """The event says that the endpoint is active, and nothing of the group that somebody else put it into."""
    fleet.stacuity.faults(HANGS_BEFORE)
    await fleet.send(fleet.activation("fleet-main"))
    await fleet.stacuity.act(Kind.ASSIGN, 0, "fleet-second")
    polled = await poll_account(NAME)

    assert fleet.group_there() == "fleet-second"
    assert fleet.state("activate") == "needs_human"
    assert fleet.endpoint() == ("pre_active", "-")
    assert polled.differs == 1


async def test_what_differs_is_listed_with_what_needs_a_person_until_a_person_has_seen_to_it(fleet):
    await fleet.stacuity.act(Kind.ACTIVATE, 0, "fleet-second")
    polls = [(await poll_account(NAME)).differs for _ in range(2)]
    (listed,) = resources.differing_events(NAME)
    resources.settle_event(NAME, listed["id"], reason="a spare SIM")

    assert polls == [1, 0], "a poll tells of it once"
    assert (listed["kind"], listed["state"], listed["iccid"]) == ("event", "differs", fleet.stacuity.iccids[0])
    assert resources.differing_events(None) == []
    with pytest.raises(NothingSelected, match="preactive resolve"):
        resources.settle_event(NAME, listed["id"], reason="again")


async def test_a_move_in_doubt_is_not_confirmed_by_the_event_of_the_activation_before_it(fleet):
    await fleet.send(fleet.activation("fleet-main"))
    fleet.stacuity.faults(HANGS_BEFORE)
    await fleet.send(fleet.job.assignment("b", "fleet-second"))
    polled = await poll_account(NAME)

    assert fleet.state("assign") == "in_doubt"
    assert fleet.endpoint() == ("active", fleet.group_there()) == ("active", "fleet-main")
    assert polled.meant[Meaning.AGREES] == 1


async def test_a_poll_goes_on_where_the_last_one_ended_also_after_days(fleet):
    first = await poll_account(NAME)
    await fleet.send(fleet.activation("fleet-main"))
    events = fleet.stacuity.estate.events
    told = [event for event in events if "provisioningstatussetactive" in event.type.lower()]
    events[:] = [replace(event, at=event.at - 3 * 86_400) for event in told]
    fleet.desk.do("UPDATE inbox SET at = at - 345600, received_at = received_at - 345600")
    second, third = await poll_account(NAME), await poll_account(NAME)

    assert (first.new, second.new, third.new) == (0, 1, 0)
    assert second.warning == ""


async def test_a_gap_that_the_platform_no_longer_shows_is_said_once(fleet):
    await poll_account(NAME)
    fleet.desk.do("UPDATE inbox SET at = at - 3456000, received_at = received_at - 3456000")
    warnings = [(await poll_account(NAME)).warning for _ in range(2)]

    assert "40 days ago" in warnings[0]
    assert warnings[1] == ""


# --- the deployment, without Prefect ---


async def polled_by_schedule(account=""):
    return await poll.fn.__wrapped__(PollRequest(account=account))


async def test_the_schedule_polls_accounts_on_a_platform_with_events_and_no_others(fleet):
    assert (await polled_by_schedule()).message == f"{NAME}: 0 new events; nothing to look at"
    assert (await polled_by_schedule("sft")).message == (
        "no account is on a platform that has events; nothing was asked"
    )


async def test_an_account_that_cannot_be_asked_is_told_of_in_a_sentence(fleet):
    await fleet.stacuity.simulator.stop()

    with pytest.raises(Stopped, match="platform"):
        await polled_by_schedule()


# --- judging while webhooks come ---


@asynccontextmanager
async def judging(session):
    """Events are judged meanwhile; gives what is said of trouble."""
    stopped, said = asyncio.Event(), []
    running = asyncio.create_task(judge_until(stopped, session, said.append, every=0.01))
    try:
        yield said
    finally:
        stopped.set()
        await running


async def until(happened):
    async with asyncio.timeout(20):
        while not happened():  # noqa: ASYNC110 - the loop that is tested tells nobody of its rounds
            await asyncio.sleep(0.01)


async def test_a_store_that_cannot_be_used_for_a_while_is_said_once_and_outlived(fleet):
    async with resources.session(NAME) as session:
        fleet.desk.do("ALTER TABLE inbox RENAME TO not_now")
        async with judging(session) as said:
            await until(lambda: said)
            await asyncio.sleep(0.05)
            fleet.desk.do("ALTER TABLE not_now RENAME TO inbox")
            await until(lambda: len(said) == 2)

    assert "inbox" in said[0]
    assert said[1] == "Events are judged again."


async def test_a_store_of_another_version_ends_the_listening(fleet):
    """Only a restart mends it, so it is not outlived."""
    async with resources.session(NAME) as session:
        head = fleet.desk.one("SELECT version_num FROM alembic_version")
        fleet.desk.do("UPDATE alembic_version SET version_num = '9999'")
        try:
            async with asyncio.timeout(20):
                with pytest.raises(StoreNewer, match="9999"):
                    await judge_until(asyncio.Event(), session, print, every=0.01)
        finally:
            fleet.desk.do("UPDATE alembic_version SET version_num = :head", head=head)


async def test_events_dated_ahead_of_our_clock_are_said_to_who_listens(fleet):
    async with resources.session(NAME) as session, judging(session) as said:
        await session.keep_events([PlatformEvent("late", time.time() + 86_400, "EndpointIMEIChanged_v1")], "webhook")
        await until(lambda: said)

    assert said[0].startswith("1 event dated more than 10 minutes ahead of the clock here")
