"""What a connection may be: quick to say what it wants, and one of not too many."""

import asyncio
import re
import resource
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0
MOST = 1000
_OWN_FILES = 256  # the store, the platform, the child that shows sales
_WANTED_FILES = 8192
_BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")
_HEAD_ENDS = b"\r\n\r\n"
_WRONG = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 2\r\ncontent-length: 0\r\n\r\n"


def room(backlog: int) -> int:
    """Raise the limit of open files as far as we may, and return how many connections leave enough for ourselves.

    `backlog`: so many are taken on at once, before anything can be said to them.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED_FILES if hard == resource.RLIM_INFINITY else min(_WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return MOST if soft == resource.RLIM_INFINITY else max(16, min(MOST, soft - backlog - _OWN_FILES))


class HastyProtocol(H11Protocol):
    """Ends connections whose next request does not come in time; when there are too many, an idle one makes room."""

    most = MOST

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._patience: asyncio.TimerHandle | None = None
        self._last = b""  # the end of what came of a head so far

    @property
    def is_idle(self) -> bool:
        """Whether no request has come in full that is still to be answered."""
        return self.conn.their_state is h11.IDLE

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > self.most:
            idle = min(self._idle_others(), key=lambda one: one.since, default=None)
            self._end(self, _FULL) if idle is None else self._end(idle, _SLOW)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self.is_idle and self._has_bare_line_feed(data):
            self._end(self, _WRONG)
            return
        super().data_received(data)
        if not self.is_idle:
            self._stop_waiting()
        elif self._patience is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _has_bare_line_feed(self, data: bytes) -> bool:
        """Whether the head of a request has lines that not everybody ends at the same place (RFC 9112, section 2.2)."""
        seen = self._last + data
        head, ended, _ = seen.partition(_HEAD_ENDS)
        found = _BARE_LINE_FEED.search(seen, len(self._last), len(head))
        self._last = b"" if ended else seen[1 - len(_HEAD_ENDS) :]
        return found is not None

    @property
    def since(self) -> float:
        """When the present wait for a request ends."""
        return self._patience.when() if self._patience is not None else 0.0

    def _idle_others(self) -> list["HastyProtocol"]:
        return [one for one in self.connections if isinstance(one, HastyProtocol) and one is not self and one.is_idle]

    def _wait(self) -> None:
        self._patience = self.loop.call_later(HEADER_SECONDS, self._end, self, _SLOW)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    @staticmethod
    def _end(one: "HastyProtocol", words: bytes) -> None:
        one._stop_waiting()
        one.connections.discard(one)  # it counts no more, though its socket may take a moment
        if not one.transport.is_closing():
            one.transport.write(words)
            one.transport.close()


def protocol(most: int) -> type[HastyProtocol]:
    """The protocol for at most so many connections."""
    return type("Protocol", (HastyProtocol,), {"most": most})
