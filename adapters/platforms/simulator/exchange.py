"""One request on its way through the platform, in the steps that faults may come between."""

import asyncio
import socket
import struct
from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol

from aiohttp import web

from adapters.platforms.simulator.clock import Clock
from adapters.platforms.simulator.deferred import Deferred
from adapters.platforms.simulator.dialect import Dialect
from adapters.platforms.simulator.sft.envelope import Reply

_POLL_SECONDS = 0.05
_LONGEST_POLL = 1.0
_RST_ON_CLOSE = struct.pack("ii", 1, 0)


class Kept(Protocol):
    """What an exchange needs of a simulated account. `last_replies`: what was answered last on each route."""

    clock: Clock
    deferred: Deferred
    last_replies: dict[str, Reply]


class Exchange(Dialect):
    """A request that was let in, on any platform, and what can be done with it."""

    def __init__(self, request: web.BaseRequest, path: str, latency: float, *, kept: Kept) -> None:
        self.request = request
        self.path = path
        self.latency = latency
        self.clock = kept.clock
        self.deferred = kept.deferred
        self._last_replies = kept.last_replies

    @property
    def earlier(self) -> Reply | None:
        """What the call before on the same route was answered."""
        return self._last_replies.get(self.path)

    async def apply(self) -> Reply:
        """Do what the call asks after the platform's latency, also when the client leaves meanwhile."""
        reply = await self.deferred.after(self.latency, self._committer())
        self._last_replies[self.path] = reply
        return reply

    def apply_later(self, seconds: float) -> None:
        """Do what the call asks at some later time, and wait for nothing."""
        self.deferred.after(seconds, self._committer())

    async def hang(self, seconds: float) -> None:
        """Keep the client waiting until it leaves, then close the connection on it."""
        clock = self.clock
        end, poll = clock.monotonic() + seconds, _POLL_SECONDS
        while clock.monotonic() < end and not self._client_left():
            await asyncio.sleep(poll)
            poll = min(_LONGEST_POLL, poll * 1.2)
        self.reset()

    def close(self) -> None:
        """End the connection as an idle one is ended, without a word."""
        if self.request.transport is not None:
            self.request.transport.close()

    def reset(self) -> None:
        """Cut the connection with a TCP reset."""
        transport = self.request.transport
        if transport is None:
            return
        connection: socket.socket | None = transport.get_extra_info("socket")
        if connection is not None and not transport.is_closing():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
        transport.abort()

    def send_raw(self, data: bytes) -> None:
        """Write bytes of our own making and close the connection."""
        if self.request.transport is not None:
            self.request.transport.write(data)
            self.request.transport.close()

    def _client_left(self) -> bool:
        return self.request.transport is None or self.request.transport.is_closing()

    @abstractmethod
    def _committer(self) -> Callable[[], Reply]:
        """What carries the call out, once."""
