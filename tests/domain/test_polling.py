"""Events are asked for from the last one seen, as far back as the platform keeps them."""

import pytest

from domain.inbox import LATE_SECONDS, Meaning, PlatformEvent
from domain.polling import DAY, LastPoll, Polled, asked_until, stretch

NOW = 100 * DAY


def since(last, kept_days=30):
    return stretch(NOW, last, kept_days=kept_days)


def days_ago(days):
    return NOW - days * DAY


def test_the_first_poll_asks_for_a_day():
    assert since(None).since == days_ago(1)
    assert since(None).warning == ""


@pytest.mark.parametrize("days", [0.1, 1, 3, 29])
def test_a_gap_of_days_is_asked_for_whole_and_a_little_more(days):
    last = LastPoll(days_ago(days), days_ago(days))

    assert since(last).since == days_ago(days) - LATE_SECONDS
    assert since(last).warning == ""


def test_on_a_quiet_account_the_last_event_is_where_the_next_poll_begins():
    """The platform's clock may be behind ours by any amount."""
    assert since(LastPoll(at=days_ago(0.01), latest=days_ago(5))).since == days_ago(5) - LATE_SECONDS


def test_an_event_of_the_future_hides_none_of_the_present():
    assert since(LastPoll(at=days_ago(1), latest=NOW + DAY)).since == days_ago(1) - LATE_SECONDS


def test_a_quiet_account_that_was_asked_has_no_gap_however_old_its_last_event_is():
    wanted = since(LastPoll(at=days_ago(0.01), latest=days_ago(60)))

    assert (wanted.since, wanted.warning) == (days_ago(30), "")


def test_a_gap_longer_than_the_platform_keeps_events_is_said():
    wanted = since(LastPoll(days_ago(41), days_ago(41)))

    assert wanted.since == days_ago(30)
    assert "41 days ago" in wanted.warning
    assert "keeps 30" in wanted.warning
    assert "preactive reconcile" in wanted.warning


def test_the_next_poll_begins_at_the_latest_event_that_was_seen_new_or_not():
    event = PlatformEvent("e", days_ago(2), "X")

    assert asked_until(NOW, None, [event]) == LastPoll(NOW, days_ago(2))
    assert asked_until(NOW, LastPoll(days_ago(1), days_ago(1)), [event]).latest == days_ago(1)
    assert asked_until(NOW, None, []) == LastPoll(NOW, NOW)


def test_a_poll_is_told_in_one_line_with_what_must_be_said_besides():
    polled = Polled("fleet", 1200, {Meaning.AGREES: 1199, Meaning.DIFFERS: 1, Meaning.OLD: 0}, "Look.")

    assert polled.sentence() == "1,200 new events; 1,199 agrees, 1 differs. Look."
    assert polled.differs == 1
    assert Polled("fleet", 0, {}).sentence() == "0 new events; nothing to look at"


def test_a_poll_says_how_many_events_are_dated_ahead_of_our_clock():
    said = Polled("fleet", 2, {Meaning.AGREES: 2}, "Look.", ahead=1).sentence()

    assert said.startswith("2 new events; 2 agrees. 1 event dated more than 10 minutes ahead of the clock here, never ")
    assert said.endswith("compare this machine's clock with the platform's. Look.")
