"""An HTTP server that answers word for word what a test tells it, and keeps every request as it came."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Request:
    """One request as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedServer:
    """Answers by path, without query; what is not scripted gets 404.

    `token` is what a login gives, `pause` the seconds between two bytes of an answer.
    """

    token: str = "eyJhbGciOiJIUzI1NiJ9.e30.signature"
    answers: dict[str, bytes] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    ssl: Any = None
    port: int = 0
    pause: float = 0.0
    _server: asyncio.Server | None = None
    _busy: set[asyncio.Task[Any]] = field(default_factory=set)

    async def start(self) -> "ScriptedServer":
        self.answers.setdefault("/api/login", reply({"AccessToken": self.token, "RefreshToken": "r"}))
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.ssl)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for task in self._busy:
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)

    @property
    def base_url(self) -> str:
        return f"{'https' if self.ssl else 'http'}://127.0.0.1:{self.port}/api"

    def paths(self) -> list[str]:
        return [request.path.partition("?")[0].removeprefix("/api") for request in self.requests]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._busy.add(task)
        try:
            request = await _read(reader)
            self.requests.append(request)
            await self._write(writer, self.answers.get(request.path.partition("?")[0], reply({}, status=404)))
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass  # the client left, or spoke something else
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            self._busy.discard(task)

    async def _write(self, writer: asyncio.StreamWriter, answer: bytes) -> None:
        size = 1 if self.pause else len(answer)
        for first in range(0, len(answer), size):
            writer.write(answer[first : first + size])
            await writer.drain()
            await asyncio.sleep(self.pause)


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    return Request(method, path, headers, await reader.readexactly(int(headers.get("content-length", 0))))


def raw(body: bytes, *, status: int = 200, kind: str = "application/json", **headers: str) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def reply(body: Any, *, status: int = 200, **headers: str) -> bytes:
    """A whole HTTP answer with a JSON body."""
    return raw(json.dumps(body).encode(), status=status, **headers)


def envelope(outer: str = "0", code: str = "0", text: str = "", **response: Any) -> dict[str, Any]:
    """SFT's envelope."""
    inner = {"resultCode": code, "resultDescription": text}
    return {"Response": {"resultCode": outer, "responseId": "r-1", "resultParam": inner, **response}}
