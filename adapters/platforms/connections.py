"""Connections that carry one answer for each request. One with an answer that nobody asked for is never used again.

aiohttp gives whatever stands on a kept-alive connection to the next request that uses it, whoever it was for.
"""

import functools
import select
import ssl
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler


class Connection(ResponseHandler):
    """One connection: what it says counts from the moment a request begins until that request's answer is complete."""

    is_spoilt = False
    _asked = False
    _answer: Any = None  # the body of the answer to the last request, once its head is here

    def set_response_params(self, **options: Any) -> None:
        """A request begins."""
        self._asked, self._answer = True, None
        super().set_response_params(**options)

    def feed_data(self, data: Any, size: int = 0) -> None:
        """The head of an answer is here; what comes before the final one says nothing yet."""
        message, body = data
        if message.code >= 200:
            self._answer = body
        super().feed_data(data, size)

    def data_received(self, data: bytes) -> None:
        """Take what belongs to the answer that is awaited; anything else ends the connection."""
        if data and not self._awaits:
            self.abort()
        else:
            super().data_received(data)

    def is_connected(self) -> bool:
        """Whether a request may use it: asked when a connection is chosen for one."""
        return not self.is_spoilt and super().is_connected() and not self._has_unread()

    @property
    def speaks_first(self) -> bool:
        """Whether something came since the request began, of which nothing was written yet."""
        return self.transport is None or self._answer is not None or self._has_unread()

    @property
    def _awaits(self) -> bool:
        return self._asked and (self._answer is None or not self._answer.is_eof())

    def _has_unread(self) -> bool:
        """Whether bytes, or the end of the connection, are here already and were not looked at."""
        plug = self.transport.get_extra_info("socket") if self.transport is not None else None
        if plug is None or plug.fileno() < 0:
            return False
        waiting = select.poll()
        waiting.register(plug.fileno(), select.POLLIN)
        return bool(waiting.poll(0))


class Response(aiohttp.ClientResponse):
    """An answer that knows which connection carried it, also when that one serves others by now."""

    carrier: ResponseHandler | None = None

    async def start(self, connection: Any) -> "Response":
        """Wait for the head of the answer."""
        self.carrier = connection.protocol
        await super().start(connection)
        return self


class Connector(aiohttp.TCPConnector):
    """Makes such connections, as many as are wanted."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__(limit=0, ssl=tls or True)
        self._factory = functools.partial(Connection, loop=self._loop)  # type: ignore[assignment]  # it has no other place
