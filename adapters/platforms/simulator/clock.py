"""The simulator's time, which can be moved on so that a wait of an hour costs nothing."""

import time


class Clock:
    """This machine's clocks plus what was skipped."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def monotonic(self) -> float:
        """Seconds for measuring lengths of time."""
        return time.monotonic() + self._skipped

    def wall(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._skipped

    def skip(self, seconds: float) -> None:
        """Let time pass at once."""
        self._skipped += seconds
