"""Connections that say nothing, too little or too much, on a real server of this process."""

import asyncio
import contextlib
import socket
from contextlib import asynccontextmanager

import pytest
import uvicorn

from adapters.http import connections, limits
from adapters.http.connections import protocol
from adapters.http.limits import Framing, Limits

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


class Server:
    """What was asked of it."""

    def __init__(self):
        self.bodies = []
        self.port = 0

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            self.bodies.append((await receive())["body"])
            await limits.refuse(send, 200, "ok")

    async def connect(self, said=b""):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(said)
        return reader, writer

    async def ask(self, said):
        reader, writer = await self.connect(said)
        async with asyncio.timeout(8):
            answer = await reader.read()
        writer.close()
        return answer


@asynccontextmanager
async def serving(most=1000):
    app = Server()
    listener = socket.create_server(("127.0.0.1", 0))
    app.port = listener.getsockname()[1]
    config = uvicorn.Config(
        Framing(Limits(app)), http=protocol(most), lifespan="off", log_level="critical", access_log=False
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve([listener]))
    try:
        yield app
    finally:
        server.should_exit = True
        await task


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.1)
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.1)


@pytest.mark.parametrize("said", [b"", b"POST / HTTP/1.1\r\nHost: x\r\nX-A: "], ids=["nothing", "half a header"])
async def test_a_connection_without_a_whole_request_is_closed(hasty, said):
    async with serving() as server:
        assert (await server.ask(said)).startswith(b"HTTP/1.1 408 ")


async def test_drops_that_keep_coming_do_not_keep_a_connection_open(hasty):
    async with serving() as server:
        reader, writer = await server.connect(HEAD)
        async with asyncio.timeout(8):
            with contextlib.suppress(ConnectionError):  # it may be told by a reset
                for _ in range(20):
                    writer.write(b"X-A: b\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.02)
                assert (await reader.read()).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_comes_too_slowly_is_refused_and_its_connection_closed(hasty):
    async with serving() as server:
        answer = await server.ask(HEAD + b"Content-Length: 9\r\n\r\n{}")

        assert answer.startswith(b"HTTP/1.1 408 ")
        assert server.bodies == []


async def test_a_request_that_is_cut_off_is_not_carried_out_though_it_could_be_read_so_far():
    async with serving() as server:
        _, writer = await server.connect(HEAD + b'Content-Length: 90\r\n\r\n{"order": "A-1"}')
        await asyncio.sleep(0.02)
        writer.close()
        whole = await server.ask(HEAD + b"Content-Length: 2\r\n\r\n{}")

        assert whole.startswith(b"HTTP/1.1 200 ")
        assert server.bodies == [b"{}"]


async def test_many_half_open_connections_keep_nobody_out():
    async with serving(most=20) as server:
        held = [await server.connect(HEAD) for _ in range(60)]
        answer = await server.ask(HEAD + b"Content-Length: 2\r\n\r\n{}")
        first = [await asyncio.wait_for(reader.read(), 8) for reader, _ in held[:40]]
        for _, writer in held:
            writer.close()

        assert answer.startswith(b"HTTP/1.1 200 ")
        assert {said[:12] for said in first} == {b"HTTP/1.1 408"}  # the oldest made room


@pytest.mark.parametrize(
    "head",
    [
        b"POST / HTTP/1.1\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        b"POST / HTTP/1.1\r\nHost: x\nContent-Length: 2\r\n\r\n{}",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\n\n{}",
    ],
)
async def test_lines_that_end_in_a_bare_line_feed_are_refused(head):
    async with serving() as server:
        answer = await server.ask(head)

        assert answer.startswith(b"HTTP/1.1 400 ")
        assert server.bodies == []


@pytest.mark.parametrize("cut", range(1, 75, 3))
async def test_a_head_that_comes_in_pieces_and_line_feeds_in_the_body_are_right(cut):
    whole = HEAD + b"Content-Length: 6\r\n\r\n{\n\r\n\n}"
    async with serving() as server:
        reader, writer = await server.connect(whole[:cut])
        await asyncio.sleep(0.01)
        writer.write(whole[cut:])
        async with asyncio.timeout(8):
            answer = await reader.read()
        writer.close()

        assert answer.startswith(b"HTTP/1.1 200 ")
        assert server.bodies == [b"{\n\r\n\n}"]


async def test_a_request_that_says_in_two_ways_where_it_ends_is_refused_and_its_connection_closed():
    both = HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    async with serving() as server:
        answer = await server.ask(both + HEAD + b"Content-Length: 2\r\n\r\n{}")

        assert answer.count(b"HTTP/1.1 ") == 1
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert server.bodies == []


def test_connections_leave_files_to_the_service_itself():
    assert 16 <= connections.room(256) <= connections.MOST
