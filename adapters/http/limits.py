"""What a request may be: small, quick, and from somebody who knows the token."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

MAX_BODY = 4096
BODY_SECONDS = 10.0


class Limits:
    """Refuses bodies that are too large or come too slowly, whatever their headers claim."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """See ASGI: the body is read in full before the application sees the request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(receive)
        except TimeoutError:
            await refuse(send, 408, "The request came too slowly.")
            return
        except _TooLarge:
            await refuse(send, 413, f"The body is larger than {MAX_BODY} bytes.")
            return
        if body is None:  # cut off, so nobody knows what the rest would have said, and nobody is there to be told
            return
        given = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def whole() -> Message:
            return next(given, None) or await receive()

        await self._app(scope, whole, send)


class _TooLarge(Exception):
    """The body is larger than it may be."""


async def _body(receive: Receive) -> bytes | None:
    """All of the body, or None when the connection ended before it did."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise _TooLarge
        if not message.get("more_body"):
            return bytes(body)


async def refuse(send: Send, status: int, text: str) -> None:
    """Answer with one sentence as JSON, and end the connection: what is left of the request is not read."""
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    head = {"type": "http.response.start", "status": status, "headers": headers}
    await send(head)
    await send({"type": "http.response.body", "body": f'{{"message": "{text}"}}'.encode()})


def is_token(given: str | None, token: str) -> bool:
    """Whether an Authorization header holds the token; takes as long for a wrong one as for the right one."""
    scheme, _, value = (given or "").partition(" ")
    same = hmac.compare_digest(value.strip().encode(), token.encode())
    return same and scheme.lower() == "bearer"
