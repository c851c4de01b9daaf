"""Tells whoever operates a service what went wrong: one line on standard error, and none twice in a row."""

import sys
import time
from contextlib import suppress

from domain.errors import PreactiveError
from flows.commands.running import keep_traceback
from tasks import resources

_QUIET_SECONDS = 60.0  # an error that comes with every order is told once in so long
_TOLD = "told to the operator"


def tell(words: str) -> None:
    """One line, without secrets."""
    print(resources.without_secrets(words).replace("\n", " "), file=sys.stderr, flush=True)


class Teller:
    """Remembers what was told, so that an error that stays is one line."""

    def __init__(self) -> None:
        self._failing: dict[str, str] = {}
        self._told_at: dict[str, float] = {}

    def failed(self, what: str, error: Exception) -> None:
        """Something that is done again and again failed."""
        if not isinstance(error, PreactiveError):
            self.unexpected(error)
        elif self._failing.get(what) != type(error).__name__:
            tell(f"The order service could not {what}, and tries again: {error}")
        self._failing[what] = type(error).__name__

    def worked(self, what: str) -> None:
        """It works, for the first time or again."""
        if self._failing.pop(what, None) is not None:
            tell(f"The order service could {what} again.")

    def unexpected(self, error: Exception) -> None:
        """An error that nobody expected: its name on standard error, and the rest in a file of its own."""
        kind, now = type(error).__name__, time.monotonic()
        if _TOLD in getattr(error, "__notes__", ()) or now < self._told_at.get(kind, -_QUIET_SECONDS) + _QUIET_SECONDS:
            return
        error.add_note(_TOLD)
        self._told_at[kind] = now
        where = "no file, since none can be written"
        with suppress(OSError):
            where = str(keep_traceback(error))
        tell(f"Unexpected error in the order service, {kind}; the details are in {where}.")
