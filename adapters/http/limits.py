"""What a request may be: small, quick, and from somebody who knows the token."""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Collection, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from adapters.http.tokens import Tokens
from domain.options import is_loopback

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


async def refuse(send: Send, status: int, text: str, *more: tuple[bytes, bytes]) -> None:
    """Answer with one sentence as JSON, and end the connection: what is left of the request is not read."""
    headers = [(b"content-type", b"application/json"), (b"connection", b"close"), *more]
    head = {"type": "http.response.start", "status": status, "headers": headers}
    await send(head)
    await send({"type": "http.response.body", "body": json.dumps({"message": text}).encode()})


class Framing:
    """Refuses requests that say in two ways where they end, and ends their connection (RFC 9112, section 6.1)."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """See ASGI."""
        names = {name for name, _ in scope["headers"]} if scope["type"] == "http" else set()
        if {b"content-length", b"transfer-encoding"} <= names:
            await refuse(send, 400, "The request has both Content-Length and Transfer-Encoding; nothing was done.")
            return
        await self._app(scope, receive, send)


class Doorkeeper:
    """Lets in who knows the token, before anything else of the request is read; without tokens, this machine's own."""

    def __init__(self, app: App, *, tokens: Tokens, open_to_all: Collection[str]) -> None:
        self._app = app
        self._tokens = tokens
        self._open_to_all = open_to_all

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """See ASGI. `known` in the scope's state says whether the token was there."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if not self._tokens and not _names_this_machine(headers.get(b"host", b"").decode("latin-1")):
            await refuse(send, 400, "Without a token only requests that name this machine are answered.")
            return
        known = not self._tokens or is_token(headers.get(b"authorization"), self._tokens.accepted())
        if not known and scope["path"] not in self._open_to_all:
            await refuse(send, 401, "The bearer token is missing or wrong.", (b"www-authenticate", b"Bearer"))
            return
        scope.setdefault("state", {})["known"] = known
        await self._app(scope, receive, send)


def _names_this_machine(host: str) -> bool:
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False


def is_token(given: bytes | None, tokens: Iterable[str]) -> bool:
    """Whether an Authorization header holds one of the tokens; takes as long for a wrong one as for a right one."""
    scheme, _, value = (given or b"").partition(b" ")
    same = [hmac.compare_digest(value.strip(), token.encode()) for token in tokens]
    return any(same) and scheme.lower() == b"bearer"
