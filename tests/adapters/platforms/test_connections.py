"""An answer goes to the request that it belongs to: one that nobody asked for is given to nobody."""

import asyncio
import socketserver
import threading
import time
from contextlib import suppress

import pytest

from adapters.platforms.transport import NotSent, Transport
from domain import waypoints
from domain.pacer import Pacer
from tests.support.memory_ledger import MemoryBuckets
from tests.support.rewriting_proxy import whole

STRAY = whole({"for": "nobody"})


class Talker(socketserver.ThreadingTCPServer):
    """Answers each request by its number, on connections that stay open.

    After the first answer it says `stray` when `seconds` have passed or, without them, when it is told to.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, stray=STRAY, *, seconds=0.0, before=b""):
        super().__init__(("127.0.0.1", 0), None)
        self.stray, self.seconds, self.before = stray, seconds, before
        self.requests = self.connections = 0
        self.first = None
        self.said = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def finish_request(self, request, client_address):
        self.connections += 1
        self.first = self.first or request
        stream = request.makefile("rb")
        with suppress(OSError, ValueError, IndexError):
            while True:
                head = b""
                while (line := stream.readline()) != b"\r\n":
                    if not line:  # the other side closed
                        return
                    head += line.lower()
                stream.read(
                    int(head.split(b"content-length:")[1].split(b"\r\n")[0]) if b"content-length" in head else 0
                )
                self.requests += 1
                request.sendall(self.before + whole({"for": self.requests}))
                if self.requests == 1 and self.seconds:
                    time.sleep(self.seconds)
                    self.say()

    def say(self):
        self.first.sendall(self.stray)
        self.said.set()

    def say_first(self):
        """Speak on a connection before any request."""
        until = time.monotonic() + 2.0
        while self.first is None and time.monotonic() < until:
            time.sleep(0.01)
        self.say()


@pytest.fixture
async def talk():
    running = []

    def begin(**options):
        talker = Talker(**options)
        pacer = Pacer(MemoryBuckets(rate=5000.0), rate=5000.0)
        address = f"http://127.0.0.1:{talker.server_address[1]}"
        http = Transport(address, pacer=pacer, connect_seconds=1, max_in_flight=4)
        running.append((talker, http, pacer))
        return talker, http

    yield begin
    waypoints.listen(None)
    for talker, http, pacer in running:
        pacer.close()
        await http.close()
        talker.shutdown()
        talker.server_close()


async def no_headers():
    return {}


async def ask(http, method="POST"):
    body = {} if method == "POST" else None
    return (await http.request(method, "/x", deadline=2.0, headers=no_headers, body=body)).body


def at(point, act):
    """Do something once when this point is reached, and give the process no time to look at its connections."""

    def listen(name):
        if name == point:
            waypoints.listen(None)
            act()
            time.sleep(0.05)

    waypoints.listen(listen)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("stray", [STRAY, STRAY[:20], b"\r\n"], ids=["whole", "cut short", "no answer at all"])
async def test_what_comes_on_an_idle_connection_is_given_to_nobody(talk, method, stray):
    talker, http = talk(stray=stray, seconds=0.2)
    await ask(http)
    await asyncio.to_thread(talker.said.wait, 5.0)

    assert await ask(http, method) == {"for": 2}
    assert talker.connections == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_came_while_the_process_had_no_time_to_look_is_given_to_nobody(talk, method):
    talker, http = talk()
    await ask(http)
    at("before send", talker.say)

    assert await ask(http, method) == {"for": 2}
    assert talker.connections == 2


async def test_what_comes_between_the_choice_of_a_connection_and_a_write_keeps_the_write_back(talk):
    talker, http = talk()
    await ask(http)
    at("last look", talker.say)

    with pytest.raises(NotSent, match="an answer that nobody had asked for"):
        await ask(http)
    assert talker.requests == 1
    assert await ask(http) == {"for": 2}


async def test_a_connection_that_ended_unseen_keeps_the_write_back(talk):
    talker, http = talk()
    await ask(http)
    at("last look", lambda: talker.shutdown_request(talker.first))

    with pytest.raises(NotSent):
        await ask(http)
    assert talker.requests == 1


async def test_a_server_that_speaks_first_is_not_believed(talk):
    """An answer that is here before the request was written cannot be the request's."""
    talker, http = talk()
    at("last look", talker.say_first)

    with pytest.raises(NotSent):
        await ask(http)
    assert talker.requests == 0


async def test_an_interim_answer_does_not_end_the_exchange(talk):
    talker, http = talk(before=b"HTTP/1.1 103 Early Hints\r\n\r\n")

    assert [await ask(http), await ask(http, "GET")] == [{"for": 1}, {"for": 2}]
    assert talker.connections == 1


async def test_a_connection_without_a_stray_answer_is_used_again(talk):
    talker, http = talk()

    assert [await ask(http, method) for method in ("POST", "GET", "POST")] == [{"for": n} for n in (1, 2, 3)]
    assert talker.connections == 1
