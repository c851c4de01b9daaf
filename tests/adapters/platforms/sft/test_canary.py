"""The password and the token are in no text, log line, exception or repr, whatever goes wrong."""

import asyncio
import logging
import traceback
from contextlib import suppress

import pytest

from adapters.platforms.sft.auth import TokenKeeper
from domain.errors import PreactiveError
from domain.lifecycle import Kind
from domain.ports import ReadFailed
from tests.support.scripted_server import ScriptedServer, envelope, raw, reply
from tests.support.sft import PASSWORD

TOKEN = "eyJjYW5hcnkiOjF9.eyJzdWIiOiJjYW5hcnkifQ.Y2FuYXJ5LXNpZ25hdHVyZQ"
SECRETS = (PASSWORD, *TOKEN.split("."))

ECHO = f"Bearer {TOKEN} of user api-user"
FAULTS = [
    {},
    {"fault": "error_before"},
    {"fault": "reset_before"},
    {"fault": "cut_body"},
    {"fault": "html_502"},
    {"fault": "throttle", "retry_after": "0.05"},
    {"fault": "token_expired"},
    {"fault": "token_expired", "form": "3"},
    {"fault": "forbidden"},
    {"fault": "refused"},
    {"fault": "redirect"},
    {"fault": "hang_before", "seconds": 0.05},
]


def everything(client, caplog, *told):
    """All that a person or a log could come to see."""
    texts = [record.getMessage() + str(record.__dict__) for record in caplog.records]
    for one in told:
        texts.append(f"{one!r} {one}")
        if isinstance(one, BaseException):
            texts += traceback.format_exception(one)
    seen = vars(client.platform).values()
    texts += [repr(client.platform), repr(client.account), *map(repr, seen), *map(str, seen)]
    keepers = [value for value in seen if isinstance(value, TokenKeeper)]
    texts += [repr(value) for keeper in keepers for value in vars(keeper).values()]
    return "\n".join(texts)


async def tried(client, iccid="8944500000000000001"):
    """What each kind of call comes to, answers and exceptions."""
    calls = [
        client.perform(Kind.CREATE, iccid),
        client.perform(Kind.ACTIVATE, iccid, "1"),
        client.perform(Kind.ASSIGN, iccid, "1", "eu"),
        client.platform.prepare_tag("t"),
    ]
    return await asyncio.gather(*calls, return_exceptions=True)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(map(str, fault.values())))
async def test_no_fault_brings_a_secret_to_light(start, caplog, fault):
    caplog.set_level(logging.DEBUG)
    sft = await start(deadline_seconds=1, read_deadline_seconds=1)
    if fault:
        sft.faults(*({**fault, "route": route} for route in ("CreateEndPoint", "EndPointActivation", "SubscribeAddon")))

    told = await tried(sft, sft.iccids[0])

    tokens = set(_tokens(sft))
    assert tokens
    shown = everything(sft, caplog, *told)
    assert PASSWORD not in shown
    assert not [token for token in tokens if token in shown]


def _tokens(sft):
    """The tokens that the simulator gave out, and their parts."""
    given = sft.simulator.engine.sessions._tokens
    return [part for token in given for part in token.split(".")[1:]]


async def test_a_refused_login_does_not_bring_the_password_to_light(start, caplog):
    caplog.set_level(logging.DEBUG)
    sft = await start(logged_in=False, username="api-user", password="another-canary")

    with pytest.raises(PreactiveError) as told:
        await sft.platform.login()

    assert "another-canary" not in everything(sft, caplog, told.value, *await tried(sft))


@pytest.mark.parametrize(
    "answer",
    [
        reply(envelope("1", "10117", ECHO)),
        reply(envelope("1", "401", ECHO)),
        reply(envelope("1", f"Bearer {TOKEN}", "x")),
        reply(envelope("1", TOKEN, "x")),
        reply(envelope("0", "0", "x", endPointId="1") | {"AccessToken": TOKEN}),
        reply(envelope("1", "10240", f"API operation has Time out. {ECHO}")),
        raw(ECHO.encode(), status=500, kind="text/html"),
        reply({}, status=302, Location=f"http://127.0.0.1:9/?token={TOKEN}"),
        reply({"Response": {"resultCode": "1", "responseId": TOKEN, "resultParam": {"resultCode": "10117"}}}),
        b"HTTP/1.1 500 " + ECHO.encode() + b"\r\nContent-Length: 0\r\n\r\n",
        b"nonsense " + ECHO.encode() + b"\r\n\r\n",
    ],
)
async def test_a_platform_that_repeats_the_token_does_not_bring_it_to_light(serve, caplog, answer):
    caplog.set_level(logging.DEBUG)
    server = ScriptedServer(token=TOKEN)
    for path in ("CreateEndPoint", "EndPointActivation", "SubscribeAddon", "createTag"):
        server.answers[f"/api/{path}"] = answer
    client, _ = await serve(server)

    told = await tried(client)

    shown = everything(client, caplog, *told)
    assert not [secret for secret in SECRETS if secret in shown]


@pytest.mark.parametrize("code", ["10117", "10126"])
async def test_a_platform_that_repeats_the_password_does_not_bring_it_to_light(serve, caplog, code):
    caplog.set_level(logging.DEBUG)
    client, server = await serve(logged_in=False)
    server.answers["/api/login"] = reply(envelope("1", code, f"Incorrect value {PASSWORD} for field password"))

    told = []
    with suppress(PreactiveError):
        await client.platform.login()
    told += await tried(client)
    try:
        await client.platform.login()
    except PreactiveError as error:
        told.append(error)

    assert PASSWORD not in everything(client, caplog, *told)


async def test_a_read_that_fails_does_not_bring_the_token_to_light(serve, caplog):
    caplog.set_level(logging.DEBUG)
    server = ScriptedServer(token=TOKEN)
    server.answers["/api/fetchSIM"] = reply(envelope("1", "10117", ECHO))
    client, _ = await serve(server)

    with pytest.raises(ReadFailed) as told:
        await client.platform.sim("8944")

    shown = everything(client, caplog, told.value)
    assert not [secret for secret in SECRETS if secret in shown]
    assert TOKEN in server.requests[-1].headers["x-authorization"]  # it was sent, of course
