"""A token bucket per account."""

import time
from collections.abc import Callable


class RateLimiter:
    """Lets `rate` requests per second through for each account, and `burst` at once after a pause."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def admit(self, account: str) -> bool:
        """Take one token and say whether there was one; a rate of 0 admits everything."""
        if not self.rate:
            return True
        now = self._clock()
        tokens, then = self._buckets.get(account, (self.burst, now))
        tokens = min(self.burst, tokens + (now - then) * self.rate)
        admitted = tokens >= 1
        self._buckets[account] = (tokens - admitted, now)
        return admitted
