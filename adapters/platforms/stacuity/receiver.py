"""Takes the platform's webhooks: checks the token, keeps the event, answers at once. Its meaning is found later.

Who sends is not known before the token was read, so both the time and the number of what is open are bounded.
"""

import asyncio
import functools
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from adapters.platforms.stacuity import parse
from domain.errors import StoreUnavailable
from domain.inbox import PlatformEvent

Keep = Callable[[PlatformEvent], Awaitable[None]]

_MOST_BYTES = 64 * 1024
_LATER = 503


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a request may take to arrive whole, how long its sender waits for the disk, and how many are open."""

    to_arrive: float = 10.0
    to_keep: float = 3.0  # a handler of the platform waits for 5 s unless its owner says otherwise
    open: int = 100


class _Door(web.Server):
    """Closes connections that are too many, or whose request does not arrive."""

    def __init__(self, handler: Any, limits: Limits, **options: Any) -> None:
        super().__init__(handler, **options)
        self._limits = limits
        self._late: dict[Any, asyncio.TimerHandle] = {}

    def connection_made(self, handler: Any, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        if len(self._late) >= self._limits.open:
            transport.abort()
        else:
            loop = asyncio.get_running_loop()
            self._late[handler] = loop.call_later(self._limits.to_arrive, transport.abort)

    def arrived(self, handler: Any) -> None:
        """The request is here; how long its answer takes is our own affair."""
        if handler in self._late:
            self._late[handler].cancel()

    def connection_lost(self, handler: Any, exc: BaseException | None = None) -> None:
        self.arrived(handler)
        self._late.pop(handler, None)
        super().connection_lost(handler, exc)


class Receiver:
    """An HTTP server for one account's event handler. Put it behind something that speaks TLS."""

    def __init__(self, token: str, keep: Keep, limits: Limits | None = None) -> None:
        if not token:
            raise ValueError("a receiver without a token would take events from anybody")
        self._token = token.encode()
        self._keep = keep
        self._limits = limits or Limits()
        self._keeping: set[asyncio.Future[None]] = set()
        self._door: _Door | None = None
        self._runner: web.ServerRunner | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen. Port 0 picks a free one."""
        loop = asyncio.get_running_loop()
        factory = functools.partial(web.BaseRequest, loop=loop, client_max_size=_MOST_BYTES)
        self._door = _Door(self._handle, self._limits, request_factory=factory, access_log=None)
        self._runner = web.ServerRunner(self._door, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening, once what arrived is on disk."""
        if self._runner is not None:
            await self._runner.cleanup()
        await asyncio.gather(*self._keeping, return_exceptions=True)

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        response = web.Response(status=await self._status(request))
        response.force_close()  # one request a connection, so that none stays open for nothing
        return response

    async def _status(self, request: web.BaseRequest) -> int:
        if request.method != "POST":
            return 405
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not hmac.compare_digest(token.encode(errors="surrogateescape"), self._token):
            return 401
        try:
            body = json.loads(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return 413
        except (ValueError, RecursionError):
            return 400
        assert self._door is not None
        self._door.arrived(request.protocol)
        if isinstance(body, dict) and set(body) == {"message"}:
            return 204  # the test call of the portal
        event = parse.event(body)
        return 400 if event is None else await self._kept(event)

    async def _kept(self, event: PlatformEvent) -> int:
        """An event is acknowledged only when it is on disk; a sender is not kept waiting for a slow one."""
        if len(self._keeping) >= self._limits.open:
            return _LATER
        keeping = asyncio.ensure_future(self._keep(event))
        self._keeping.add(keeping)
        keeping.add_done_callback(self._forget)
        try:
            async with asyncio.timeout(self._limits.to_keep):
                await asyncio.shield(keeping)
        except (TimeoutError, StoreUnavailable):
            return _LATER  # should it be kept after all: the same event again counts once
        return 204

    def _forget(self, done: asyncio.Future[None]) -> None:
        self._keeping.discard(done)
        if not done.cancelled():
            done.exception()  # was told to the sender, who may have gone
