"""A password or token in use: once the platform refuses it, it is read again from where it came from."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from domain.errors import PreactiveError

Source = Callable[[], Awaitable[str]]
_FIRST_REST, _LONGEST_REST = 1800.0, 86_400.0


def rest_after(refusals: int) -> float:
    """Seconds until a secret that was refused so often is tried again: platforms lock accounts after a few."""
    return min(_FIRST_REST * 2.0 ** min(refusals - 1, 10), _LONGEST_REST)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A secret that the platform refused: in which words, how often, and when the last time."""

    text: str
    times: int
    at: float

    def sentence(self, now: float) -> str:
        """What to say instead of trying it; empty once its rest is over."""
        until = self.at + rest_after(self.times)
        if until <= now:
            return ""
        return (
            f"{self.text.rstrip('.')}; that was before, and since platforms lock accounts it is not tried again until "
            f"{datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M} UTC: `preactive doctor` tries at once."
        )


class Memory(Protocol):
    """What every process of a store knows of secrets that were refused."""

    async def refusal(self, secret: str) -> str:
        """What to say instead of trying a secret that was refused a short while ago; empty when it may be tried."""

    async def keep(self, secret: str, text: str) -> None:
        """Remember that the platform refused it, and the words for that."""


async def nowhere() -> str:
    """The source of a secret that cannot change, as that of a variable of a living process."""
    return ""


class Credential:
    """One secret of an account. None that was refused is ever used again, since platforms lock accounts for that."""

    def __init__(self, value: str, source: Source = nowhere, memory: Memory | None = None) -> None:
        self.value = value
        self._source = source
        self._memory = memory
        self._refused: set[str] = set()
        self._lock = asyncio.Lock()

    def __repr__(self) -> str:
        return "Credential(***)"

    async def renewed(self, refused: str) -> bool:
        """Whether there is another secret by now than the one that was just refused; then it is the one in use."""
        async with self._lock:
            self._refused.add(refused)
            if self.value not in self._refused:
                return True  # another call was refused too, and was here before
            found = await self._read()
            if not found or found in self._refused:
                return False
            self.value = found
            return True

    async def refusal(self) -> str:
        """Why the secret in use may not be tried now, whichever process it was refused to; empty when it may."""
        if self._memory is None:
            return ""
        try:
            return await self._memory.refusal(self.value)
        except PreactiveError:
            return ""  # a store that is away is no reason to sell nothing

    async def keep(self, text: str) -> None:
        """Let no other process try the secret in use soon, for it was refused."""
        if self._memory is not None:
            with suppress(PreactiveError):  # then each of them finds out by itself
                await self._memory.keep(self.value, text)

    async def _read(self) -> str:
        try:
            return await self._source()
        except PreactiveError:
            return ""  # it is being written, or its server is away: the refusal stands until the next call

    def hidden(self, text: str) -> str:
        """A text without the secrets, should the platform repeat one."""
        for secret in sorted({self.value, *self._refused} - {""}, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text
