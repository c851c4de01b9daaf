"""The account's rate: one bucket for all processes, and what a refusal for asking too often does to it."""

from dataclasses import dataclass, replace

# Sending at the very limit would let a few milliseconds of jitter put one call too many into a second.
HEADROOM = 0.975
_SLOWEST = 1 / 16
_RECOVER_AFTER = 30.0
_RECOVER_BY = 1.25
_MAX_WAIT = 900.0
_MAX_STRIKES = 9
_TRUSTED = 3  # refusals in a row after which the platform's own word is not long enough


@dataclass(frozen=True, slots=True)
class Bucket:
    """When the next call of the account may start. Times in seconds of the store's clock.

    `factor` is the share of the configured rate in use, lowered by refusals; `strikes` counts refusals in a row.
    """

    next_at: float = 0.0
    factor: float = 1.0
    factor_at: float = 0.0
    strikes: int = 0


def take(bucket: Bucket, *, now: float, rate: float, wanted: int, horizon: float) -> tuple[list[float], Bucket]:
    """Up to `wanted` start times no later than `horizon` seconds from now, at least one if any is wanted."""
    bucket = _recovered(bucket, now)
    interval = 1.0 / (rate * bucket.factor * HEADROOM)
    first = max(bucket.next_at, now)
    slots = [first + i * interval for i in range(wanted) if i == 0 or first + i * interval <= now + horizon]
    if not slots:
        return [], bucket
    return slots, replace(bucket, next_at=slots[-1] + interval)


def refused(bucket: Bucket, *, now: float, sent_at: float, retry_after: float | None) -> Bucket:
    """Halve the rate and hold all calls for a while; refusals of calls sent before the last halving count once."""
    if sent_at < bucket.factor_at:
        return bucket
    strikes = min(bucket.strikes + 1, _MAX_STRIKES)
    held = max(bucket.next_at, now + min(_wait(strikes, retry_after), _MAX_WAIT))
    return Bucket(held, max(_SLOWEST, bucket.factor / 2), now, strikes)


def _wait(strikes: int, retry_after: float | None) -> float:
    """As long as the platform says, or longer and longer when it says nothing or keeps refusing all the same."""
    if retry_after is None or retry_after <= 0:
        return 2.0**strikes
    return retry_after if strikes <= _TRUSTED else max(retry_after, 2.0**strikes)


def _recovered(bucket: Bucket, now: float) -> Bucket:
    """Give back a quarter of the rate for each half minute without a refusal."""
    pause = 2.0**bucket.strikes if bucket.strikes else 0.0  # in which nobody could be refused
    if bucket.factor >= 1.0 or now < bucket.factor_at + pause + _RECOVER_AFTER:
        return bucket
    return Bucket(bucket.next_at, min(1.0, bucket.factor * _RECOVER_BY), now, 0)
