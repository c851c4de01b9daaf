"""Counts of what reached the platform."""

from collections import Counter, deque
from typing import Any

from adapters.platforms.simulator.clock import Clock


class Stats:
    """How many requests came, how many at once and how many within a second."""

    def __init__(self, clock: Clock) -> None:
        self.in_flight = 0
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        """Count from zero again; requests in progress stay counted as such."""
        self.requests: Counter[str] = Counter()
        self.by_second: Counter[int] = Counter()
        self.faults: Counter[str] = Counter()
        self.write_requests = 0
        self.refused_for_rate = 0
        self.max_concurrent = 0
        self.max_in_one_second = 0
        self._window: deque[float] = deque()

    def arrived(self, route: str, *, writes: bool) -> None:
        """Count a request when it comes in."""
        now = self._clock.monotonic()
        self.requests[route] += 1
        self.by_second[int(self._clock.wall())] += 1
        self.write_requests += writes
        self.in_flight += 1
        self.max_concurrent = max(self.max_concurrent, self.in_flight)
        window = self._window
        window.append(now)
        while window[0] <= now - 1.0:
            window.popleft()
        self.max_in_one_second = max(self.max_in_one_second, len(window))

    def left(self) -> None:
        """Count a request when its answer is done."""
        self.in_flight -= 1

    def as_json(self) -> dict[str, Any]:
        """Return the counts as the admin door shows them."""
        return {
            "requests": dict(self.requests),
            "requests_total": self.requests.total(),
            "write_requests": self.write_requests,
            "refused_for_rate": self.refused_for_rate,
            "in_flight": self.in_flight,
            "max_concurrent": self.max_concurrent,
            "max_in_one_second": self.max_in_one_second,
            "faults": dict(self.faults),
        }
