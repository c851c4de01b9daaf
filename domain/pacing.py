"""The account's rate: one bucket for all processes, and what a refusal for asking too often does to it.

Every call starts at a time of its own on one line of evenly spaced times, whoever makes it, so the lanes together never
exceed the rate. While SIMs are being sold, bulk work leaves out some of the times it passes, and sales take those.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

# Sending at the very limit would let a few milliseconds of jitter put one call too many into a second.
HEADROOM = 0.965
# Asking for the next start times takes some milliseconds, which would be lost each time. Units: s.
CREDIT = 0.01
_SLOWEST = 1 / 16
_RECOVER_AFTER = 30.0
_RECOVER_BY = 1.25
_MAX_WAIT = 900.0
_MAX_STRIKES = 9
_TRUSTED = 3  # refusals in a row after which the platform's own word is not long enough
_APART = 20  # so many calls between two refusals, and they are not in a row
# Bulk work leaves times out for so long after a sale last asked; after that all of the rate is its own again.
SALES_LAST = 5.0


class Lane(StrEnum):
    """Who takes start times from a bucket."""

    BULK = "bulk"
    SALES = "sales"


@dataclass(frozen=True, slots=True)
class Bucket:
    """When the next call of the account may start. Times in seconds of the store's clock.

    `factor` is the share of the configured rate in use, lowered by refusals, and `factor_at` is since when calls go out
    at it; `strikes` counts refusals in a row.
    `holes` are the times left out for sales, `left` what is owed to them, and `sold_at` is when a sale last asked.
    """

    next_at: float = 0.0
    factor: float = 1.0
    factor_at: float = 0.0
    strikes: int = 0
    sold_at: float = -SALES_LAST
    left: float = 0.0
    holes: tuple[float, ...] = ()


def take(
    bucket: Bucket,
    *,
    now: float,
    rate: float,
    wanted: int,
    horizon: float,
    lane: Lane = Lane.BULK,
    sales_share: float = 0.0,
) -> tuple[list[float], Bucket]:
    """Up to `wanted` start times no later than `horizon` seconds from now, at least one if any is wanted.

    The first may lie a few milliseconds back. In no second are there more than the rate.
    """
    bucket = _recovered(bucket, now)
    if wanted <= 0:
        return [], bucket
    interval = 1.0 / (rate * bucket.factor * HEADROOM)
    holes = tuple(hole for hole in bucket.holes if hole >= now)
    bucket = replace(bucket, holes=holes, next_at=max(bucket.next_at, now - CREDIT))
    last = now + horizon
    if lane is Lane.SALES:
        return _take_for_sales(replace(bucket, sold_at=now), interval=interval, wanted=wanted, last=last)
    share = sales_share if now < bucket.sold_at + SALES_LAST else 0.0
    return _take_for_bulk(bucket, interval=interval, wanted=wanted, last=last, share=share)


def _take_for_bulk(
    bucket: Bucket, *, interval: float, wanted: int, last: float, share: float
) -> tuple[list[float], Bucket]:
    slots: list[float] = []
    holes, left = list(bucket.holes), bucket.left if share else 0.0
    at = bucket.next_at
    while len(slots) < wanted and (not slots or at <= last):
        left += share
        if left >= 1.0:
            left -= 1.0
            holes.append(at)
        else:
            slots.append(at)
        at += interval
    return slots, replace(bucket, next_at=at, left=left, holes=tuple(holes))


def _take_for_sales(bucket: Bucket, *, interval: float, wanted: int, last: float) -> tuple[list[float], Bucket]:
    slots = list(bucket.holes[:wanted])  # all of them come before `next_at`
    at = bucket.next_at
    while len(slots) < wanted and (not slots or at <= last):
        slots.append(at)
        at += interval
    return slots, replace(bucket, next_at=at, holes=bucket.holes[wanted:])


def refused(bucket: Bucket, *, now: float, sent_at: float, retry_after: float | None, rate: float) -> Bucket:
    """Halve the rate and hold all calls for a while; refusals of calls sent before that count once."""
    if sent_at < bucket.factor_at:
        return bucket
    between = (sent_at - bucket.factor_at) * rate * bucket.factor
    strikes = 1 if between >= _APART else min(bucket.strikes + 1, _MAX_STRIKES)
    held = max(bucket.next_at, now + min(_wait(strikes, retry_after), _MAX_WAIT))
    slower = max(_SLOWEST, bucket.factor / 2)
    return replace(bucket, next_at=held, factor=slower, factor_at=held, strikes=strikes, holes=())


def _wait(strikes: int, retry_after: float | None) -> float:
    """As long as the platform says, or longer and longer when it says nothing or keeps refusing all the same."""
    if retry_after is None or retry_after <= 0:
        return 2.0**strikes
    return retry_after if strikes <= _TRUSTED else max(retry_after, 2.0**strikes)


def _recovered(bucket: Bucket, now: float) -> Bucket:
    """Give back a quarter of the rate for each half minute without a refusal."""
    if bucket.factor >= 1.0 or now < bucket.factor_at + _RECOVER_AFTER:
        return bucket
    return replace(bucket, factor=min(1.0, bucket.factor * _RECOVER_BY), factor_at=now, strikes=0)
