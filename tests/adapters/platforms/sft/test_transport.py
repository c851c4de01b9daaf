"""HTTP with one deadline, to one host, over verified TLS, and with an end to every answer."""

import asyncio
import json
import socket
import ssl
import time
import warnings
import zlib

import pytest

from adapters.platforms.transport import NoAnswer, NotSent, TooLate, Transport
from domain import waypoints
from domain.lifecycle import Kind
from domain.outcome import Verdict
from domain.pacer import Closed, Pacer
from tests.support.certificates import certificate
from tests.support.memory_ledger import MemoryBuckets
from tests.support.scripted_server import ScriptedServer, envelope, raw, reply


@pytest.fixture
async def transport():
    """Make a transport for an address."""
    made = []

    def make(base_url, *, max_in_flight=4, rate=5000.0, connect_seconds=1, pacer=Pacer, **more):
        pacer = pacer(MemoryBuckets(rate=rate), rate=rate)
        http = Transport(base_url, pacer=pacer, connect_seconds=connect_seconds, max_in_flight=max_in_flight, **more)
        made.append((http, pacer))
        return http

    yield make
    for http, pacer in made:
        pacer.close()
        await http.close()


@pytest.fixture
async def server():
    made = await ScriptedServer().start()
    yield made
    await made.stop()


async def no_headers():
    return {}


async def ask(http, path="/x", *, deadline=5.0, headers=no_headers, **options):
    return await http.request("POST", path, deadline=deadline, headers=headers, **options)


# --- answers ---


async def test_an_answer_is_handed_on_with_what_decisions_need(transport, server):
    server.answers["/api/x"] = reply({"a": 1}, status=418, Retry_After="7")

    answer = await ask(transport(server.base_url))

    assert (answer.status, answer.body, answer.retry_after) == (418, {"a": 1}, "7")
    assert 0 <= answer.seconds < 5


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"{", b"\xff", b"<html>"])
async def test_what_is_not_an_object_has_no_body(transport, server, body):
    server.answers["/api/x"] = raw(body)

    assert (await ask(transport(server.base_url))).body is None


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/problem+json",
        "text/json",
    ],
)
async def test_an_answer_of_a_json_type_is_understood(transport, server, kind):
    server.answers["/api/x"] = raw(b'{"a": 1}', kind=kind)

    assert (await ask(transport(server.base_url))).body == {"a": 1}


OTHER_TYPES = ["text/html", "text/plain; charset=utf-8", "application/xml", "application/octet-stream", "json", ""]


@pytest.mark.parametrize("kind", OTHER_TYPES)
async def test_a_json_object_is_understood_whatever_its_type_says(transport, server, kind):
    """No public client of either platform looks at the type."""
    server.answers["/api/x"] = raw(b'{"a": 1}', kind=kind)
    answer = await ask(transport(server.base_url))

    assert (answer.status, answer.body, answer.oddity) == (200, {"a": 1}, "")


async def test_a_json_object_without_a_type_is_understood(transport, server):
    server.answers["/api/x"] = b'HTTP/1.1 200 X\r\nContent-Length: 8\r\nConnection: close\r\n\r\n{"a": 1}'

    assert (await ask(transport(server.base_url))).body == {"a": 1}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("text/html", " of type text/html"),
        ("application/json", ""),
        ("x/<b>\x1b[2J", " of type x/\u2039b\u203a"),
        ("", " without a content type"),
    ],
)
async def test_a_page_is_never_understood_and_its_type_is_told(transport, server, kind, told):
    server.answers["/api/x"] = raw(b"<html>{}</html>", kind=kind)
    answer = await ask(transport(server.base_url))

    assert (answer.body, answer.oddity) == (None, told)


async def test_an_account_may_leave_out_types_other_than_those_of_json_and_those_it_names(transport, server):
    http = transport(server.base_url, json_types=["text/plain"])
    server.answers["/api/x"] = raw(b'{"a": 1}', kind="text/plain; charset=utf-8")
    assert (await ask(http)).body == {"a": 1}

    server.answers["/api/x"] = raw(b'{"a": 1}', kind="text/html")
    answer = await ask(http)
    assert answer.body is None
    assert answer.oddity == " of type text/html, which json_types in the account's settings leaves out"


async def test_an_answer_of_more_than_10_megabytes_is_not_read(transport, server):
    server.answers["/api/x"] = raw(b"x" * (11 * 1024 * 1024))

    with pytest.raises(NoAnswer):
        await ask(transport(server.base_url))


async def test_an_answer_of_10_megabytes_is_read(transport, server):
    server.answers["/api/x"] = reply({"a": "x" * (10 * 1024 * 1024 - 100)})

    assert (await ask(transport(server.base_url))).body is not None


async def test_a_small_answer_that_unpacks_to_a_huge_one_is_not_read(transport, server):
    packed = zlib.compress(json.dumps(envelope(padding="x" * (60 * 1024 * 1024))).encode())
    assert len(packed) < 100_000
    server.answers["/api/x"] = raw(packed, Content_Encoding="deflate")

    with pytest.raises(NoAnswer):
        await ask(transport(server.base_url))


# --- deadlines ---


async def test_the_deadline_is_for_the_whole_call(transport, server):
    """A server that sends a byte now and then keeps nobody waiting for ever."""
    server.answers["/api/x"] = reply({"a": "x" * 50})
    server.pause = 0.02
    before = time.monotonic()

    with pytest.raises(NoAnswer, match=r"no complete answer within 0\.2 s"):
        await ask(transport(server.base_url), deadline=0.2)

    assert time.monotonic() - before < 5.0


async def test_waiting_for_a_turn_is_not_part_of_the_deadline(transport, server):
    server.answers["/api/x"] = reply({})
    http = transport(server.base_url, rate=2)

    answers = await asyncio.gather(*(ask(http, deadline=0.45) for _ in range(3)))

    assert len(answers) == 3


async def test_a_turn_that_comes_too_late_is_not_taken(transport, server):
    with pytest.raises(TooLate):
        await ask(transport(server.base_url), not_after=0.0)
    assert server.requests == []


async def test_a_process_that_was_frozen_when_its_turn_came_sends_nothing(transport, server):
    class Frozen(Pacer):
        async def slot(self):
            start = await super().slot()
            time.sleep(0.6)  # noqa: ASYNC251 - nothing goes on in a process that is frozen
            return start

    with pytest.raises(TooLate):
        await ask(transport(server.base_url, pacer=Frozen), not_after=time.time() + 0.3)
    assert server.requests == []


async def test_a_process_that_was_frozen_while_it_connected_sends_nothing(transport, server):
    """Another may have looked by then, seen nothing, and sent the call itself. Frozen is who gets no time at all."""

    def freeze(point):
        if point == "last look":
            time.sleep(0.6)

    waypoints.listen(freeze)
    try:
        with pytest.raises(TooLate):
            await ask(transport(server.base_url, connect_seconds=0.2), body={"a": 1}, not_after=time.time() + 0.3)
    finally:
        waypoints.listen(None)
    await asyncio.sleep(0.05)
    assert server.requests == []


async def test_the_headers_are_asked_for_when_the_call_goes_out(transport, server):
    """And before it waits for its turn, or calls that wait for one login would all start when it is there.

    A token that was fresh when the call began to wait may have expired when its turn comes.
    """
    server.answers["/api/x"] = reply({})
    asked = []

    async def headers():
        asked.append(len(server.requests))
        return {}

    http = transport(server.base_url, max_in_flight=1)
    await asyncio.gather(*(ask(http, headers=headers) for _ in range(3)))

    assert asked == [0, 0, 1, 1, 2, 2]


async def test_a_header_that_would_become_two_is_not_sent(transport, server):
    async def headers():
        return {"X-Authorization": "Bearer a\r\nX-Other: b"}

    with pytest.raises(NoAnswer):
        await ask(transport(server.base_url), headers=headers)

    assert server.requests == []


# --- nothing was sent ---


async def test_a_closed_port(transport):
    with pytest.raises(NotSent, match="the connection was refused"):
        await ask(transport("http://127.0.0.1:9"))


async def test_a_server_that_accepts_nobody(transport):
    """Its queue is full, so that the connection is never made."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))

        with pytest.raises(NotSent, match="the connection was not accepted in time"):
            await ask(transport(f"http://127.0.0.1:{port}"))
        for one in waiting:
            one.close()


async def test_a_closed_pacer(transport, server):
    http = transport(server.base_url)
    http._pacer.close()

    with pytest.raises(Closed):
        await ask(http)
    assert server.requests == []


# --- to the platform alone ---


@pytest.fixture
async def secure(tmp_path):
    """Start a server with TLS."""
    running = []

    async def begin(name="127.0.0.1", *, newest=None):
        files = certificate(tmp_path, name=name)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        if newest is not None:
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings(action="ignore"):
                context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
        context.load_cert_chain(*files)
        server = await ScriptedServer(ssl=context).start()
        server.answers["/api/x"] = reply({"a": 1})
        running.append(server)
        return server, files.cert

    yield begin
    for server in running:
        await server.stop()


async def test_a_certificate_that_nobody_vouches_for_is_not_accepted(transport, secure):
    server, _ = await secure()

    with pytest.raises(NotSent, match="the TLS certificate or connection was not accepted"):
        await ask(transport(server.base_url))
    assert server.requests == []


async def test_a_certificate_for_another_name_is_not_accepted(transport, secure, monkeypatch):
    server, trusted = await secure("127.0.0.2")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    with pytest.raises(NotSent, match="the TLS certificate or connection was not accepted"):
        await ask(transport(server.base_url))
    assert server.requests == []


async def test_a_certificate_that_the_machine_trusts_is_accepted(transport, secure, monkeypatch):
    server, trusted = await secure()
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    assert (await ask(transport(server.base_url))).body == {"a": 1}


async def test_an_older_tls_than_1_2_is_not_spoken(transport, secure, monkeypatch):
    """The server speaks 1.1 to whoever takes it, which a client without scruples proves."""
    server, trusted = await secure(newest=ssl.TLSVersion.TLSv1_1)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    lax = ssl.create_default_context()
    lax.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore"):
        lax.minimum_version = ssl.TLSVersion.TLSv1
    _, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=lax)
    assert writer.get_extra_info("ssl_object").version() == "TLSv1.1"
    writer.close()

    with pytest.raises(NotSent):
        await ask(transport(server.base_url))
    assert server.requests == []


async def test_the_connection_of_a_transport_takes_tls_1_2_at_least_and_checks_whom_it_speaks_to(transport):
    """As OpenSSL may be told to take less, and as the least that it takes changes."""
    context = transport("https://127.0.0.1:9/api")._open().connector._ssl

    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


async def test_a_server_without_tls_is_not_spoken_to_in_plain(transport, sft):
    port = sft.simulator.port
    before = sft.requests()

    with pytest.raises(NotSent, match="the TLS certificate or connection was not accepted"):
        await ask(transport(f"https://127.0.0.1:{port}/api"))
    assert sft.requests() == before


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_and_the_token_goes_nowhere_else(serve, status):
    _, elsewhere = await serve(logged_in=False)
    client, server = await serve()
    server.answers["/api/CreateEndPoint"] = reply({}, status=status, Location=f"{elsewhere.base_url}/CreateEndPoint")

    answer = await client.perform(Kind.CREATE)

    assert answer.verdict is Verdict.UNKNOWN
    assert server.paths() == ["/login", "/CreateEndPoint"]
    assert elsewhere.requests == []


async def test_a_proxy_of_the_environment_is_not_used(transport, server, monkeypatch):
    server.answers["/api/x"] = reply({"a": 1})
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert (await ask(transport(server.base_url))).body == {"a": 1}


async def test_a_netrc_file_is_not_used(transport, server, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hunter2")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.answers["/api/x"] = reply({})

    await ask(transport(server.base_url))

    assert "authorization" not in server.requests[0].headers


async def test_a_cookie_is_not_kept(transport, server):
    server.answers["/api/x"] = reply({}, Set_Cookie="session=1; Path=/")
    http = transport(server.base_url)

    await ask(http)
    await ask(http)

    assert not any("cookie" in request.headers for request in server.requests)
