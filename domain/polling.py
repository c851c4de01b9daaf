"""Asking a platform for its events: from where on, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.inbox import LATE_SECONDS, Meaning, PlatformEvent
from domain.words import plural

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class LastPoll:
    """When events were asked for last, by our clock, and the time of the latest that came, by the platform's."""

    at: float
    latest: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when on events are asked for, and what must be said of those that can no longer be had."""

    since: float
    warning: str = ""


def stretch(now: float, last: LastPoll | None, *, kept_days: float) -> Stretch:
    """From where to ask: the last event seen, as far as the platform keeps events. The first time, for a day."""
    oldest = now - kept_days * DAY
    if last is None:
        return Stretch(max(oldest, now - DAY))
    since = max(oldest, min(last.at, last.latest) - LATE_SECONDS)
    if last.at >= oldest:
        return Stretch(since)
    return Stretch(
        since,
        f"Events were asked for {(now - last.at) / DAY:,.0f} days ago and the platform keeps {kept_days:g}; "
        "those in between are lost, so compare the account with `preactive reconcile`",
    )


def asked_until(now: float, last: LastPoll | None, events: Sequence[PlatformEvent]) -> LastPoll:
    """What the next poll needs to know of this one."""
    times = [event.at for event in events] + ([last.latest] if last is not None else [])
    return LastPoll(now, max(times, default=now))


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll of an account brought, and what must be said besides."""

    account: str
    new: int
    meant: Mapping[Meaning, int]
    warning: str = ""
    ahead: int = 0

    @property
    def differs(self) -> int:
        """How many events a person must look at."""
        return self.meant.get(Meaning.DIFFERS, 0)

    def sentence(self) -> str:
        """One line with the numbers."""
        said = ", ".join(f"{count:,} {meaning.value}" for meaning, count in self.meant.items() if count)
        line = f"{self.new:,} new events; {said or 'nothing to look at'}"
        return ". ".join(part for part in (line, ahead_of_us(self.ahead), self.warning) if part)


def ahead_of_us(count: int) -> str:
    """What an operator should know of events that are dated ahead, or nothing."""
    if not count:
        return ""
    return (
        f"{plural(count, 'event')} dated more than {LATE_SECONDS / 60:g} minutes ahead of the clock here, never "
        "counted as an endpoint's latest; compare this machine's clock with the platform's"
    )
