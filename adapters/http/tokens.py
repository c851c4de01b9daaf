"""The bearer tokens that a service takes: the one in its file at present, and for a while the one before."""

import time
from collections.abc import Callable

from domain.errors import SettingsError

SHORTEST = 16
_LOOK_SECONDS = 2.0
_OLD_SECONDS = 600.0  # the shop has so long to change over


class Tokens:
    """What `read` gives, looked at again now and then. Without a token at the beginning there is never one."""

    def __init__(self, read: Callable[[], str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._now = read()
        self._before, self._before_until = "", 0.0
        self._looked_at = clock()

    def __bool__(self) -> bool:
        return bool(self._now)

    def accepted(self) -> tuple[str, ...]:
        """The tokens that open the service at this moment."""
        now = self._clock()
        if self._now and now >= self._looked_at + _LOOK_SECONDS:
            self._looked_at = now
            self._look(now)
        return (self._now, self._before) if self._before and now < self._before_until else (self._now,)

    def _look(self, now: float) -> None:
        try:
            found = self._read()
        except SettingsError:
            return  # in the middle of being changed; the one we know is good
        if found != self._now and len(found) >= SHORTEST:
            self._before, self._before_until, self._now = self._now, now + _OLD_SECONDS, found
