"""How far events were asked for is kept in the store."""

from adapters.store import inbox, polls, queries
from adapters.store.reading import Reader
from domain.inbox import PlatformEvent
from domain.polling import LastPoll

ACCOUNT = "travel"


def event(number, at=100.0):
    return PlatformEvent(f"event-{number}", at, "EndpointIMEIChanged_v1")


def poll(desk, *events, at, latest):
    return desk.store.write(polls.keep_polled, ACCOUNT, events, LastPoll(at, latest))


def last(desk, account=ACCOUNT):
    return desk.store.write(polls.last_poll, account)


def test_before_the_first_poll_nothing_is_known_also_when_webhooks_came(desk):
    desk.store.write(inbox.keep, ACCOUNT, [event(1)], "webhook")

    assert last(desk) is None


def test_the_latest_poll_counts_also_when_it_brought_nothing_or_nothing_new(desk):
    news = [poll(desk, event(1), at=200.0, latest=100.0), poll(desk, event(1), at=300.0, latest=100.0)]
    news.append(poll(desk, at=400.0, latest=100.0))

    assert news == [1, 0, 0]
    assert last(desk) == LastPoll(400.0, 100.0)
    assert last(desk, "other") is None


def test_a_store_from_before_goes_on_from_the_latest_event_that_a_poll_brought(desk):
    desk.store.write(inbox.keep, ACCOUNT, [event(1, 100.0), event(2, 102.0)], "poll")
    desk.store.write(inbox.keep, ACCOUNT, [event(9, 999.0)], "webhook")

    assert last(desk).latest == 102.0


def test_the_mark_is_no_event(desk):
    poll(desk, event(1), at=200.0, latest=100.0)
    with Reader(desk.url).open() as reader:
        shown = queries.inbox(reader, ACCOUNT, None)

    assert [row["event_id"] for row in shown] == ["event-1"]
