"""Keeps orders from taking a SIM while the platform refuses our login, and says so to whoever operates the service."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from domain.errors import LoginRefused
from flows.telling import tell

_ASK_SECONDS = 5.0  # how often the platform is asked meanwhile; by itself it asks nothing when it knows the answer


class LoginGuard:
    """Knows whether the last login or call was refused because of who we are."""

    def __init__(self, log_in: Callable[[], Awaitable[None]]) -> None:
        self._log_in = log_in
        self._refusal: LoginRefused | None = None
        self._asked_at = 0.0
        self._lock = asyncio.Lock()

    @property
    def is_refused(self) -> bool:
        """Whether the login is refused, as far as is known."""
        return self._refusal is not None

    def note(self, error: BaseException | None) -> None:
        """Take in how a sale or a sweep ended; the first refusal is told on standard error."""
        if isinstance(error, LoginRefused):
            if self._refusal is None:
                tell(f"Orders are refused until the login is accepted again: {error}")
            self._refusal, self._asked_at = error, time.monotonic()

    async def check(self) -> None:
        """Let an order through, unless the login is refused.

        Raises LoginRefused.
        """
        if self._refusal is None:
            return
        async with self._lock:
            if self._refusal is not None and time.monotonic() >= self._asked_at + _ASK_SECONDS:
                self._asked_at = time.monotonic()
                await self._ask()
        if self._refusal is not None:
            raise self._refusal

    async def _ask(self) -> None:
        try:
            await self._log_in()
        except LoginRefused as error:
            self._refusal = error
            return
        self._refusal = None
        tell("The platform accepts the login again; orders are sold.")
