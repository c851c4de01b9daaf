"""A password or token in use: once the platform refuses it, it is read again from where it came from."""

import asyncio
from collections.abc import Awaitable, Callable

from domain.errors import PreactiveError

Source = Callable[[], Awaitable[str]]


async def nowhere() -> str:
    """The source of a secret that cannot change, as that of a variable of a living process."""
    return ""


class Credential:
    """One secret of an account. None that was refused is ever used again, since platforms lock accounts for that."""

    def __init__(self, value: str, source: Source = nowhere) -> None:
        self.value = value
        self._source = source
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
