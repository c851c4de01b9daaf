"""An HTTP server that answers word for word what a test tells it, and keeps every request as it came."""

import asyncio
import json
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
    """Answers by path, without query; what is not scripted gets 404. `token` is what a login gives."""

    token: str = "eyJhbGciOiJIUzI1NiJ9.e30.signature"
    answers: dict[str, bytes] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    ssl: Any = None
    port: int = 0
    _server: asyncio.Server | None = None

    async def start(self) -> "ScriptedServer":
        self.answers.setdefault("/api/login", reply({"AccessToken": self.token, "RefreshToken": "r"}))
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.ssl)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    @property
    def base_url(self) -> str:
        return f"{'https' if self.ssl else 'http'}://127.0.0.1:{self.port}/api"

    def paths(self) -> list[str]:
        return [request.path.partition("?")[0].removeprefix("/api") for request in self.requests]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read(reader)
            self.requests.append(request)
            writer.write(self.answers.get(request.path.partition("?")[0], reply({}, status=404)))
            await writer.drain()
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass  # the client left, or spoke something else
        finally:
            writer.close()


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
