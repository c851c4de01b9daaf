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
        if body is None:
            await refuse(send, 413, f"The body is larger than {MAX_BODY} bytes.")
            return
        given = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def whole() -> Message:
            return next(given, None) or await receive()

        await self._app(scope, whole, send)


async def _body(receive: Receive) -> bytes | None:
    """All of the body, or None when it is too large."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def refuse(send: Send, status: int, text: str) -> None:
    """Answer with one sentence as JSON."""
    head = {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
    await send(head)
    await send({"type": "http.response.body", "body": f'{{"message": "{text}"}}'.encode()})


def is_token(given: str | None, token: str) -> bool:
    """Whether an Authorization header holds the token; takes as long for a wrong one as for the right one."""
    scheme, _, value = (given or "").partition(" ")
    same = hmac.compare_digest(value.strip().encode(), token.encode())
    return same and scheme.lower() == "bearer"
