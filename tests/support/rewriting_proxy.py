"""A proxy before a simulator that answers in other forms, loses answers, or says more than it was asked."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

Form = Callable[[Any], Any]


@dataclass
class RewritingProxy:
    """Passes requests on by the last step of their path or, for "METHOD step", by method too.

    `forms` change the body of an answer, `kinds` its content type, `lost` names calls whose next answer is lost,
    `later` are pairs of seconds and bytes that are sent on the connection after the next answer.
    """

    target: str
    forms: dict[str, Form] = field(default_factory=dict)
    kinds: dict[str, str | None] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    later: list[tuple[float, bytes]] = field(default_factory=list)
    connections: int = 0
    _server: asyncio.Server | None = None
    _http: aiohttp.ClientSession | None = None
    _busy: set[asyncio.Task[Any]] = field(default_factory=set)

    async def start(self) -> "RewritingProxy":
        self._http = aiohttp.ClientSession(auto_decompress=False)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    @property
    def base_url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{urlsplit(self.target).path}"

    async def stop(self) -> None:
        assert self._server is not None
        assert self._http is not None
        self._server.close()
        for task in self._busy:
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)
        await self._http.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._busy.add(task)
        try:
            while True:
                await self._exchange(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._busy.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        status, answer = await self._passed_on(method, path, headers, body)
        names = (step := urlsplit(path).path.rpartition("/")[2], f"{method} {step}")
        for name in names:
            if name in self.lost:
                self.lost.remove(name)
                raise OSError("the answer is lost")
        for name in names:
            if name in self.forms:
                answer = changed(self.forms[name], answer)
        kind = next((self.kinds[name] for name in names if name in self.kinds), "application/json")
        writer.write(whole(answer, status=status, kind=kind))
        for seconds, more in self._taken():
            await asyncio.sleep(seconds)
            writer.write(more)
        await writer.drain()

    def _taken(self) -> list[tuple[float, bytes]]:
        taken, self.later = self.later, []
        return taken

    async def _passed_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        assert self._http is not None
        target = urlsplit(self.target)
        kept = {name: value for name, value in headers.items() if name not in ("host", "content-length", "connection")}
        url = aiohttp.client.URL(f"{target.scheme}://{target.netloc}{path}", encoded=True)
        async with self._http.request(method, url, data=body or None, headers=kept) as response:
            return response.status, await response.read()


def changed(form: Form, answer: bytes) -> bytes:
    """An answer in another form; bytes are sent as they are."""
    found = form(json.loads(answer))
    return found if isinstance(found, bytes) else json.dumps(found).encode()


def whole(body: Any, *, status: int = 200, kind: str | None = "application/json") -> bytes:
    """A whole HTTP answer on a connection that stays open."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(raw)}"] + ([f"Content-Type: {kind}"] if kind else [])
    return "\r\n".join([*lines, "", ""]).encode() + raw
