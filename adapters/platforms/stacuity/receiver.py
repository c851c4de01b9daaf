"""Takes the platform's webhooks: checks the token, keeps the event, answers at once. Its meaning is found later."""

import asyncio
import functools
import hmac
import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from adapters.platforms.stacuity import parse
from domain.inbox import PlatformEvent

Keep = Callable[[PlatformEvent], Awaitable[None]]

_MOST_BYTES = 64 * 1024


class Receiver:
    """An HTTP server for one account's event handler. Put it behind something that speaks TLS."""

    def __init__(self, token: str, keep: Keep) -> None:
        if not token:
            raise ValueError("a receiver without a token would take events from anybody")
        self._token = token.encode()
        self._keep = keep
        self._runner: web.ServerRunner | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen. Port 0 picks a free one."""
        loop = asyncio.get_running_loop()
        factory = functools.partial(web.BaseRequest, loop=loop, client_max_size=_MOST_BYTES)
        server = web.Server(self._handle, request_factory=factory, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        if request.method != "POST":
            return web.Response(status=405)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not hmac.compare_digest(token.encode(errors="surrogateescape"), self._token):
            return web.Response(status=401)
        try:
            body = json.loads(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413)
        except (ValueError, RecursionError):
            return web.Response(status=400)
        if isinstance(body, dict) and set(body) == {"message"}:
            return web.Response(status=204)  # the test call of the portal
        event = parse.event(body)
        if event is None:
            return web.Response(status=400)
        await self._keep(event)  # an event is acknowledged only when it is on disk
        return web.Response(status=204)
