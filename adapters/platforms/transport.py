"""One HTTP request with one total deadline, and a clear word on whether it may have arrived."""

import asyncio
import json
import math
import ssl
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractStreamWriter

from adapters.platforms.connections import Connection, Connector, Response
from adapters.platforms.texts import clean
from domain.errors import StoreUnavailable
from domain.pacer import Pacer
from domain.waypoints import reached

Headers = Callable[[], Awaitable[Mapping[str, str]]]

_MAX_BODY = 10 * 1024 * 1024
_TURNS = 3  # a token that has to be replaced each time its turn comes is used as it is


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete HTTP answer. `body` is None when it was no JSON object, or of a type that the account does not read.

    `kind` is the content type, empty when the answer named none.
    """

    status: int
    body: dict[str, Any] | None
    retry_after: str | None
    sent_at: float
    seconds: float
    kind: str = ""
    is_unread: bool = False  # it holds a JSON object, of a type that the account does not read
    connection: Connection | None = field(default=None, repr=False, compare=False)

    def disown(self) -> None:
        """The answer was another request's, so this one's own may come yet: no request uses the connection again."""
        if self.connection is not None:
            self.connection.is_spoilt = True

    @property
    def oddity(self) -> str:
        """What to add to a sentence about an answer that cannot be understood: its content type, if that tells why."""
        if self.body is not None or _is_json(self.kind):
            return ""
        named = f" of type {clean(self.kind)}" if self.kind else " without a content type"
        return f"{named}, which json_types in the account's settings leaves out" if self.is_unread else named


class NotSent(Exception):
    """No byte of the request left this machine. The text holds no address and no secret."""


class TooLate(NotSent):
    """The call's turn came after the time in which it was allowed to start."""


class NoTurn(TooLate):
    """The store, which gives out the turns, did not answer."""


class NoAnswer(Exception):
    """The request may have arrived; no complete answer came back."""


class _Body(aiohttp.BytesPayload):
    """The body of a request, without which it does nothing: not written after its time, nor after an answer.

    Between a call's turn and its first byte lies the making of a connection, in which a process may be frozen.
    """

    def __init__(self, value: Any, latest: float) -> None:
        super().__init__(json.dumps(value).encode(), content_type="application/json")
        self._latest = latest
        self.unsent: NotSent | None = None

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        reached("last look")
        try:
            self.unsent = self._hindrance(writer)
            if self.unsent is not None:
                raise self.unsent
            await super().write_with_length(writer, content_length)
        finally:
            reached("written or given up")

    def _hindrance(self, writer: AbstractStreamWriter) -> NotSent | None:
        if time.monotonic() > self._latest:
            return TooLate("the connection was there too late")
        connection = getattr(writer, "protocol", None)
        if isinstance(connection, Connection) and connection.speaks_first:
            return NotSent("the connection held an answer that nobody had asked for, or had ended")
        return None


class Transport:
    """HTTP for one account: paced, few at once, no redirects, no proxies from the environment, nothing sent twice.

    Source: docs/platforms.md, transport.
    """

    def __init__(
        self,
        base_url: str,
        *,
        pacer: Pacer,
        connect_seconds: float,
        max_in_flight: int,
        json_types: Collection[str] = (),
    ) -> None:
        self._base_url = base_url
        self._json_types = frozenset(json_types)
        self._pacer = pacer
        self._connect_seconds = connect_seconds
        self._at_once = asyncio.Semaphore(max_in_flight)
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            secure = urlsplit(self._base_url).scheme == "https"
            self._session = aiohttp.ClientSession(
                connector=Connector(_tls() if secure else None),
                response_class=Response,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
            # On a connection that breaks, aiohttp sends PUT and DELETE again by itself, which no setting turns off.
            self._session._retry_connection = False
        return self._session

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        deadline: float,
        headers: Headers,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        not_after: float | None = None,
        urgent: bool = False,
    ) -> Reply:
        """Send one request when it is its turn. `headers` is asked at that moment, so that a token is fresh.

        Raises NotSent, NoAnswer, and domain.pacer.Closed while no call may start.
        """
        if urgent:
            return await self._send(method, path, deadline, headers, body, query, not_after)
        async with self._at_once:
            return await self._send(method, path, deadline, headers, body, query, not_after)

    async def _send(
        self,
        method: str,
        path: str,
        deadline: float,
        headers: Headers,
        body: Any,
        query: Mapping[str, str] | None,
        not_after: float | None,
    ) -> Reply:
        session = self._open()
        its_headers, sent_at, latest = await self._turn(headers, not_after)
        started = time.monotonic()
        # `Patience` counts the deadline from the last moment of a turn; a part of it may go into the connection.
        content = None if body is None else _Body(body, latest + min(self._connect_seconds, deadline))
        reached("before send")
        try:
            async with session.request(
                method,
                self._base_url + path,
                data=content,
                params=query,
                headers=its_headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=deadline, sock_connect=self._connect_seconds),
            ) as response:
                reached("answer begins")
                raw = await _read(response)
                reached("answer ends")
                kind = response.content_type.lower() if response.headers.get("Content-Type") else ""
                body, is_read = _parse(raw), _is_read(kind, self._json_types)
                return Reply(
                    status=response.status,
                    body=body if is_read else None,
                    retry_after=response.headers.get("Retry-After"),
                    sent_at=sent_at,
                    seconds=time.monotonic() - started,
                    kind=kind,
                    is_unread=body is not None and not is_read,
                    connection=_carrier(response),
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(_why(error)) from None
        except TimeoutError:
            raise NoAnswer(f"no complete answer within {deadline:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if content is not None and content.unsent is not None:
                raise content.unsent from None
            raise NoAnswer(f"the connection broke: {type(error).__name__}") from None

    async def _turn(self, headers: Headers, not_after: float | None) -> tuple[Mapping[str, str], float, float]:
        """Wait for a token and then for a turn: calls that wait for one login must not all start when it is there.

        Returns the headers, when the turn came by the store's clock, and until when by ours the call may start.
        """
        try:
            return await self._its_turn(headers, not_after)
        except StoreUnavailable:  # it gives out the turns, and at a login it knows the tenant
            raise NoTurn("the store, which gives out the turns, did not answer") from None

    async def _its_turn(self, headers: Headers, not_after: float | None) -> tuple[Mapping[str, str], float, float]:
        its_headers = await headers()
        for _ in range(_TURNS):
            start = await self._pacer.slot()
            latest, before = math.inf if not_after is None else start.ticks_at(not_after), its_headers
            its_headers = await headers() if start.ticks <= latest else before
            if time.monotonic() > latest:
                raise TooLate("its turn came too late")
            if its_headers == before:
                break
        return its_headers, start.at, latest


def _carrier(response: aiohttp.ClientResponse) -> Connection | None:
    carrier = response.carrier if isinstance(response, Response) else None
    return carrier if isinstance(carrier, Connection) else None


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _read(response: aiohttp.ClientResponse) -> bytes:
    raw = bytearray()
    async for chunk in response.content.iter_any():
        raw += chunk
        if len(raw) > _MAX_BODY:
            raise ValueError("the answer is too large")
    return bytes(raw)


def _is_json(kind: str) -> bool:
    return kind in ("application/json", "text/json") or (kind.startswith("application/") and kind.endswith("+json"))


def _is_read(kind: str, json_types: Collection[str]) -> bool:
    """Whether a JSON object of this type is used: of any type, unless the account says which beside those of JSON."""
    return not json_types or _is_json(kind) or kind in json_types


def _parse(raw: bytes) -> dict[str, Any] | None:
    """The JSON object of a body, or None. Where parsers disagree on what a text says, it says nothing."""
    try:
        body = json.loads(raw, object_pairs_hook=_distinct, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the host name is not known"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return "the TLS certificate or connection was not accepted"
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return "the connection was not accepted in time"
    return "the connection was refused"
