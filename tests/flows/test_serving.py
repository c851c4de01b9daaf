"""The deployments that are served are those of `prefect.yaml`."""

from datetime import UTC, datetime, timedelta

from flows.serving import _schedule


def test_a_schedule_of_either_kind_is_served_as_the_file_has_it():
    every = _schedule({"interval": 600, "anchor_date": "2026-01-01T00:04:00Z", "timezone": "UTC", "slug": "often"})
    cron = _schedule({"cron": "30 2 * * *", "timezone": "Europe/Madrid", "slug": "nightly"})

    assert (every.interval, every.anchor_date) == (timedelta(minutes=10), datetime(2026, 1, 1, 0, 4, tzinfo=UTC))
    assert (cron.cron, cron.timezone, cron.interval) == ("30 2 * * *", "Europe/Madrid", None)
