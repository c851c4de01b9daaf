"""Webhooks and polling, against the simulator that sends and records them."""

import asyncio
from contextlib import suppress

import aiohttp
import pytest
from sqlalchemy import text

from adapters.platforms.simulator.stacuity.model import EventMap, Handler
from adapters.platforms.stacuity.receiver import Limits, Receiver
from adapters.store import inbox
from adapters.store.store import Store
from domain.errors import StoreLocked
from domain.lifecycle import Kind

SECRET = "receiver-Secret"
EVENT = {
    "eventId": "e-1",
    "eventTime": "2026-11-21T10:00:00Z",
    "eventType": "EndpointProvisioningStatusSetActive_v1",
    "endpointId": "E1",
    "detail": {},
}


@pytest.fixture
async def receiver(quick_path, prepared_file):
    """A receiver whose events go into a real store; the store is handed out too."""
    store = Store(f"sqlite:///{quick_path}/store.db")

    async def keep(event):
        await store.awrite(inbox.keep, "t", [event], "webhook")

    listening = Receiver(SECRET, keep)
    await listening.start("127.0.0.1", 0)
    yield listening, store
    await listening.stop()
    store.close()


def ids(store):
    return store.write(lambda connection: sorted(connection.execute(text("SELECT event_id FROM inbox")).scalars()))


async def post(receiver, *, token=SECRET, **request):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession() as http,
        http.request(
            request.pop("method", "POST"), f"http://127.0.0.1:{receiver.port}/x", headers=headers, **request
        ) as answer,
    ):
        return answer.status


async def test_an_event_with_the_right_token_is_kept_before_it_is_acknowledged(receiver):
    listening, store = receiver

    assert await post(listening, json=EVENT) == 204
    assert ids(store) == ["e-1"]


@pytest.mark.parametrize("token", ["", "wrong", SECRET + "x", SECRET[:-1]])
async def test_a_wrong_token_is_turned_away_and_nothing_is_kept(receiver, token):
    listening, store = receiver

    assert await post(listening, token=token, json=EVENT) == 401
    assert ids(store) == []


async def test_the_same_event_again_is_acknowledged_and_counts_once(receiver):
    listening, store = receiver
    for _ in range(3):
        assert await post(listening, json=EVENT) == 204

    assert ids(store) == ["e-1"]


async def test_the_test_call_of_the_portal_is_acknowledged_and_kept_nowhere(receiver):
    listening, store = receiver

    assert await post(listening, json={"message": "webhook test"}) == 204
    assert ids(store) == []


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b"{}",
        b'{"eventId": "e-1"}',
        b'{"eventId": "e-1", "eventType": "X", "eventTime": "yesterday"}',
        b"[" * 50_000,
    ],
)
async def test_what_is_no_event_is_refused(receiver, body):
    listening, store = receiver

    assert await post(listening, data=body) == 400
    assert ids(store) == []


async def test_a_body_that_is_too_large_and_another_method_are_refused(receiver):
    listening, _ = receiver

    assert await post(listening, data=b"x" * 100_000) == 413
    assert await post(listening, method="GET") == 405


def test_without_a_token_nothing_is_listened_to():
    with pytest.raises(ValueError, match="anybody"):
        Receiver("", lambda event: None)


# --- bounds ---

QUICK = Limits(to_arrive=0.2, to_keep=0.05, open=4)


@pytest.fixture
async def listen():
    """Starts receivers with other bounds and another way to keep events."""
    running = []

    async def begin(keep, limits=QUICK):
        running.append(Receiver(SECRET, keep, limits))
        await running[-1].start("127.0.0.1", 0)
        return running[-1]

    yield begin
    for receiver in running:
        await receiver.stop()


async def half_sent(receiver, text):
    """A connection on which a request begins and does not go on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
    writer.write(text.encode())
    await writer.drain()
    return reader, writer


async def is_cut_off(connection):
    """Whether the other side ends it, with or without an answer."""
    reader, writer = connection
    try:
        async with asyncio.timeout(8):
            with suppress(ConnectionError):
                await reader.read()
    except TimeoutError:
        return False
    finally:
        writer.close()
    return True


async def keep_nothing(event):
    pass


@pytest.mark.parametrize(
    "text",
    [
        "",
        "POST /x HTTP/1.1\r\nHost: x\r\n",
        f"POST /x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: 100\r\n\r\nhalf",
    ],
    ids=["nothing", "half a head", "half a body"],
)
async def test_a_request_that_does_not_arrive_whole_is_cut_off(listen, text):
    receiver = await listen(keep_nothing)

    assert await is_cut_off(await half_sent(receiver, text))
    assert await post(receiver, json=EVENT) == 204


async def test_no_more_connections_are_open_than_are_allowed_and_the_next_sender_is_served_after_them(listen):
    receiver = await listen(keep_nothing)
    open_ones = [await half_sent(receiver, "POST") for _ in range(QUICK.open)]
    async with asyncio.timeout(QUICK.to_arrive / 2):
        too_many = await half_sent(receiver, "POST")
        assert await is_cut_off(too_many)
    assert all([await is_cut_off(one) for one in open_ones])

    assert await post(receiver, json=EVENT) == 204


async def test_an_answer_ends_its_connection(receiver):
    listening, _ = receiver
    body = '{"message": "webhook test"}'
    head = f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
    reader, writer = await half_sent(listening, head + body)
    async with asyncio.timeout(8):
        answer = await reader.read()
    writer.close()

    assert answer.startswith(b"HTTP/1.1 204")
    assert b"Connection: close" in answer


async def test_while_the_store_is_slow_senders_are_told_to_come_again_and_what_came_is_kept(listen):
    goes_on, kept = asyncio.Event(), []

    async def keep(event):
        await goes_on.wait()
        kept.append(event.id)

    receiver = await listen(keep)
    async with asyncio.timeout(3 * QUICK.to_keep):
        told = await asyncio.gather(*(post(receiver, json=EVENT | {"eventId": f"e-{n}"}) for n in range(3)))
        refused = await post(receiver, token="wrong", json=EVENT)
    goes_on.set()
    later = await post(receiver, json=EVENT | {"eventId": "e-9"})

    assert (told, refused, later) == ([503] * 3, 401, 204)
    assert kept == ["e-0", "e-1", "e-2", "e-9"]


async def test_what_waits_for_the_disk_is_bounded_too(listen):
    begun, goes_on = [], asyncio.Event()

    async def keep(event):
        begun.append(event.id)
        await goes_on.wait()

    receiver = await listen(keep)
    for number in range(QUICK.open + 2):
        assert await post(receiver, json=EVENT | {"eventId": f"e-{number}"}) == 503
    goes_on.set()

    assert len(begun) == QUICK.open


async def test_a_store_that_cannot_be_written_is_no_reason_to_acknowledge(listen):
    async def keep(event):
        raise StoreLocked

    assert await post(await listen(keep), json=EVENT) == 503


# --- with the simulator at the other end ---


async def subscribe(stacuity, url):
    """Make the account's events go to an address."""
    estate = stacuity.estate
    handler = Handler(estate.new_id("handler"), "hook-1", "Hook", "webhook", url, 5.0, bearer_token=SECRET)
    estate.handlers[handler.id] = handler
    kind = EVENT["eventType"].lower()
    made = EventMap(estate.new_id("map"), "map-1", "Map", "global", [(estate.new_id("s"), handler.id, kind)])
    estate.maps[made.id] = made


async def until(happened):
    async with asyncio.timeout(8):
        while not happened():  # noqa: ASYNC110 - the simulator has no event to wait for
            await asyncio.sleep(0.01)


async def test_duplicate_events_of_the_platform_count_once(stacuity, receiver):
    listening, store = receiver
    stacuity.behave("duplicate_events")
    await subscribe(stacuity, f"http://127.0.0.1:{listening.port}/hook")
    for number in range(3):
        await stacuity.act(Kind.ACTIVATE, number, "eu")
    await until(lambda: len(ids(store)) == 3)

    told = {event.id for event in stacuity.estate.events if event.type == EVENT["eventType"]}
    assert set(ids(store)) <= told


async def test_events_that_no_webhook_brought_are_found_by_asking(stacuity, receiver):
    listening, store = receiver
    stacuity.behave("lost_events")
    await subscribe(stacuity, f"http://127.0.0.1:{listening.port}/hook")
    for number in range(6):
        await stacuity.act(Kind.ACTIVATE, number, "eu")
    await until(lambda: len(ids(store)) == 4)
    now = stacuity.estate.now
    asked = [event for event in await stacuity.platform.events(now - 3600, now + 60) if "Provisioning" in event.type]
    await store.awrite(inbox.keep, "t", asked, "poll")

    activated = [event for event in stacuity.estate.events if event.type == EVENT["eventType"]]
    assert {event.id for event in activated} <= set(ids(store))


async def test_with_retry_an_event_that_was_not_taken_comes_again(stacuity, receiver):
    listening, store = receiver
    stacuity.behave("retry")
    await subscribe(stacuity, f"http://127.0.0.1:{listening.port}/hook")
    port = listening.port
    await listening.stop()
    await stacuity.act(Kind.ACTIVATE, 0, "eu")
    await listening.start("127.0.0.1", port)
    await until(lambda: len(ids(store)) == 1)


async def test_a_poll_reads_every_page_and_only_its_stretch_of_time(start):
    stacuity = await start(page_size=2)
    for number in range(5):
        await stacuity.act(Kind.ACTIVATE, number, "eu")
    now = stacuity.estate.now
    found = await stacuity.platform.events(now - 60, now + 60)

    assert {event.id for event in found} == {event.id for event in stacuity.estate.events}
    asked = [entry["path"] for entry in stacuity.simulator.journal.entries() if "/events" in entry["path"]]
    assert all("sortOrder=1" in path for path in asked), "pages of another order would not fit together"
    assert await stacuity.platform.events(now + 60, now + 120) == []
