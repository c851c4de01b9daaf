"""The token is in no text, log line, exception or repr, whatever goes wrong, and neither is one that it replaced."""

import asyncio
import logging
import traceback

import pytest

from adapters.platforms.simulator.stacuity.injection import INJECTIONS
from adapters.platforms.stacuity.calls import Calls
from domain.errors import PreactiveError
from domain.lifecycle import Kind
from domain.ports import ReadFailed
from tests.support.scripted_server import ScriptedServer, raw, reply
from tests.support.stacuity import TOKEN

OLD = "0ddba11" + "f" * 25
CODE = "AC-canary"
BEFORE = "b" * 32
SECRETS = (TOKEN, OLD, BEFORE)
ECHO = f"the token {TOKEN} of Bearer {TOKEN} may not do this"
DETAILS = {
    "hang_before": {"seconds": 0.3},
    "hang_after": {"seconds": 0.3},
    "late_commit": {"seconds": 0.3, "late": 0.1},
    "throttle": {"retry_after": "0.02"},
    "slow": {"seconds": 0.1},
    "drip": {"seconds": 0.3},
}


def everything(client, caplog, *told):
    """All that a person or a log could come to see."""
    texts = [record.getMessage() + str(record.__dict__) for record in caplog.records]
    for one in told:
        texts.append(f"{one!r} {one}")
        if isinstance(one, BaseException):
            texts += traceback.format_exception(one)
    seen = vars(client.platform).values()
    texts += [repr(client.platform), repr(client.account), *map(repr, seen), *map(str, seen)]
    inner = [value for value in seen if isinstance(value, Calls)]
    texts += [f"{value!r} {value}" for calls in inner for value in vars(calls).values()]
    assert inner
    return "\n".join(texts)


async def tried(client, iccid="8944500000000000001", endpoint_id="E1"):
    """What each kind of call comes to, answers and exceptions, with what is logged on the way."""
    changes = [
        client.perform(kind, iccid, endpoint_id, target="eu", activation_code=CODE)
        for kind in (Kind.CREATE, Kind.TAG, Kind.ACTIVATE, Kind.SUSPEND, Kind.RESUME, Kind.TERMINATE)
    ]
    return await asyncio.gather(*changes, client.platform.groups(), return_exceptions=True)


def hidden(client, caplog, told):
    """Check that nothing shows a secret."""
    shown = everything(client, caplog, *told)
    assert [secret for secret in SECRETS if secret in shown] == []


@pytest.mark.parametrize("fault", ["", *INJECTIONS])
async def test_no_fault_brings_the_token_to_light(start, caplog, fault):
    caplog.set_level(logging.DEBUG)
    settings = {"deadline_seconds": 0.2, "read_deadline_seconds": 0.2, "provision_by": "claim"}
    stacuity = await start(**settings)
    if fault:
        rule = {"fault": fault, **DETAILS.get(fault, {})}
        stacuity.faults(*(rule | {"route": route} for route in ("claim", "edit", "assign", "change_status")))
    one = stacuity.endpoint(0)
    told = await tried(stacuity, one.iccid, one.id)

    hidden(stacuity, caplog, told)
    assert stacuity.requests() > 6


async def test_a_refused_token_and_the_one_that_replaced_it_stay_in_the_dark(start, caplog):
    caplog.set_level(logging.DEBUG)

    async def source():
        return OLD

    stacuity = await start(source=source, token=BEFORE)
    with pytest.raises(PreactiveError) as told:
        await stacuity.platform.login()

    hidden(stacuity, caplog, [told.value, *await tried(stacuity)])
    assert stacuity.requests("verify_token") == 2, "with each of them once"


@pytest.mark.parametrize(
    "answer",
    [
        reply({"success": False, "messages": [ECHO]}),
        reply({"success": False, "messages": [ECHO]}, status=401),
        reply({"success": False, "messages": [{"a": TOKEN}, ECHO]}, status=403),
        reply({"title": ECHO, "errors": {TOKEN: [ECHO]}}, status=400),
        reply({"success": True, "data": "E1", "messages": [ECHO]}),
        reply({"success": True, "data": [{"id": "E1", "iccid": "8944"}], "messages": [ECHO]}),
        reply({"success": False, "messages": [CODE, ECHO]}, status=409),
        raw(ECHO.encode(), status=500, kind="text/html"),
        raw(ECHO.encode(), kind=f"text/{TOKEN}"),
        reply({}, status=302, Location=f"http://127.0.0.1:9/?token={TOKEN}"),
        b"HTTP/1.1 500 " + ECHO.encode() + b"\r\nContent-Length: 0\r\n\r\n",
        b"nonsense " + ECHO.encode() + b"\r\n\r\n",
    ],
)
async def test_a_platform_that_repeats_the_token_does_not_bring_it_to_light(serve, caplog, answer):
    caplog.set_level(logging.DEBUG)
    server = Repeating(answer)
    client, _ = await serve(server, provision_by="claim")
    told = await tried(client)

    hidden(client, caplog, told)
    assert CODE not in f"{told[0]!r}", "only the claim knows it, and hides it"
    assert TOKEN in server.requests[-1].headers["authorization"]  # it was sent, of course


class Repeating(ScriptedServer):
    """Answers every write so, and every read as if all were well."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    async def _write(self, writer, answer):
        request = self.requests[-1]
        row = {"id": "E1", "iccid": "8944", "tags": [], "endpointStatus": {"key": 30}}
        whole = row | {"routingPolicy": {"id": "R"}, "regionalGatewayPolicy": {"id": "R"}, "vslice": {"moniker": "v"}}
        whole |= {"subnets": ["10.0.0.0/24"]}
        data = [row] if request.path.partition("?")[0].endswith(("/endpoints", "/EndpointGroups")) else whole
        good = reply({"success": True, "data": data, "totalItems": 1})
        await super()._write(writer, good if request.method == "GET" else self.answer)


async def test_a_read_that_fails_does_not_bring_the_token_to_light(serve, caplog):
    caplog.set_level(logging.DEBUG)
    client, server = await serve()
    server.answers["/api/endpoints/E1"] = reply({"success": False, "messages": [ECHO]})
    with pytest.raises(ReadFailed) as told:
        await client.platform.tags_of("E1")

    hidden(client, caplog, [told.value])
    assert all(TOKEN not in one.path for one in server.requests), "it goes in a header only"
