"""Faults in what an answer says or in what stands behind it, other than on the way there."""

import functools
import json
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from email.utils import formatdate

from aiohttp import web

from adapters.platforms.simulator.answers import encoded, written
from adapters.platforms.simulator.exchange import SftExchange
from adapters.platforms.simulator.faults import Fault, FaultRule
from adapters.platforms.simulator.model import ACTIVE, SUSPENDED, Endpoint
from adapters.platforms.simulator.sft import codes
from adapters.platforms.simulator.sft.envelope import Reply, failure, success

Response = web.StreamResponse | None

_DAY = 86_400
_DEPTH = 10_000
_BOMB_MEGABYTES = 300
_NEVER_MADE = "1999999999"
_TAG_LENGTH = 4


async def _accepted(exchange: SftExchange, rule: FaultRule) -> Response:
    """Say 202 and do it `late` seconds later, or never."""
    if rule.form != "never":
        exchange.apply_later(rule.late)
    return written(Reply(202, success(text="Accepted")))


async def _error_body(exchange: SftExchange, rule: FaultRule) -> Response:
    if rule.when != "before":
        await exchange.apply()
    return written(Reply(rule.status or 200, {"error": "internal error", "status": 500}))


async def _conflict(exchange: SftExchange, rule: FaultRule) -> Response:
    """Say that there is one already; with `when` after, the one that this very call has made."""
    if rule.when == "after":
        await exchange.apply()
    if rule.form == "envelope":
        return written(Reply(409, failure(codes.ICCID_ATTACHED, "SIM is already attached to an endpoint")))
    return web.Response(status=409, text="Conflict")


async def _replayed(exchange: SftExchange, _rule: FaultRule) -> Response:
    """Do the call and give the answer to the one before it."""
    earlier = exchange.engine.last_replies.get(exchange.route.path)
    own = await exchange.apply()
    return written(earlier or own)


async def _false_yes(_exchange: SftExchange, _rule: FaultRule) -> Response:
    """Say that it was done, and do nothing."""
    return written(Reply(200, success(endPointId=_NEVER_MADE)))


async def _undone(exchange: SftExchange, rule: FaultRule) -> Response:
    """Do it, and take it back `late` seconds later: a new endpoint vanishes, an old one is as it was before."""
    engine, before = exchange.engine, dict(exchange.engine.world.endpoints)
    reply = await exchange.apply()
    named = engine.iccids_of(exchange.call)
    for endpoint in [one for one in engine.world.endpoints.values() if one.iccid in named]:
        engine.deferred.after(rule.late, functools.partial(_take_back, exchange, endpoint.id, before.get(endpoint.id)))
    return written(reply)


def _take_back(exchange: SftExchange, endpoint_id: str, before: Endpoint | None) -> None:
    world = exchange.engine.world
    endpoint = world.endpoints.get(endpoint_id)
    if endpoint is None:
        return
    if before is None:
        world.delete(world.delink(endpoint) if endpoint.iccid else endpoint)
    else:
        world.change_status(endpoint, before.status, kind="drift")


async def _outsider(exchange: SftExchange, rule: FaultRule) -> Response:
    """Let somebody else change the same SIM just before the call is carried out."""
    engine = exchange.engine
    for iccid in engine.iccids_of(exchange.call):
        sim = engine.world.sims.get(iccid)
        endpoint = engine.world.endpoints.get(sim.endpoint_id) if sim and sim.endpoint_id else None
        if sim is not None:
            _OUTSIDE[rule.form or "create"](exchange, iccid, endpoint)
    return written(await exchange.apply())


def _made_outside(exchange: SftExchange, iccid: str, endpoint: Endpoint | None) -> None:
    if endpoint is None:
        exchange.engine.world.create_endpoint(
            name="somebody else's",
            status=ACTIVE,
            iccid=iccid,
            roaming_profile_id="1234",
            apn_group_id="PDP_1",
            plan_id="123456",
        )


def _moved_outside(exchange: SftExchange, endpoint: Endpoint | None, status: str) -> None:
    if endpoint is not None and endpoint.status != status:
        exchange.engine.world.change_status(endpoint, status, kind="drift")


def _deleted_outside(exchange: SftExchange, endpoint: Endpoint | None) -> None:
    if endpoint is not None:
        world = exchange.engine.world
        world.delete(world.delink(endpoint) if endpoint.iccid else endpoint)


_OUTSIDE: dict[str, Callable[[SftExchange, str, Endpoint | None], None]] = {
    "create": _made_outside,
    "activate": lambda exchange, _iccid, endpoint: _moved_outside(exchange, endpoint, ACTIVE),
    "suspend": lambda exchange, _iccid, endpoint: _moved_outside(exchange, endpoint, SUSPENDED),
    "delete": lambda exchange, _iccid, endpoint: _deleted_outside(exchange, endpoint),
}


async def _odd_json(exchange: SftExchange, rule: FaultRule) -> Response:
    """Write the answer as something that lenient parsers take and strict ones refuse."""
    body = encoded(await exchange.apply())
    if rule.form == "bomb":
        return await _bomb(exchange, rule.count or _BOMB_MEGABYTES)
    odd = {
        "nan": body[:-1] + b', "balance": NaN}',
        "deep": b'{"Response": ' + b"[" * _DEPTH + b"]" * _DEPTH + b"}",
    }.get(rule.form or "twice", body[:-1] + b', "Response": {"resultCode": "1"}}')
    return web.Response(body=odd, content_type="application/json")


async def _bomb(exchange: SftExchange, megabytes: int) -> web.StreamResponse:
    """Send a small compressed body that unpacks to a large one."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})
    await response.prepare(exchange.request)
    with suppress(ConnectionError):  # the client may have had enough
        for piece in _blanks(megabytes):
            await response.write(piece)
    return response


def _blanks(megabytes: int) -> Iterator[bytes]:
    packer = zlib.compressobj(level=1, wbits=31)
    for _ in range(megabytes):
        if piece := packer.compress(b" " * 1024**2):
            yield piece
    yield packer.flush()


async def _odd_pages(exchange: SftExchange, rule: FaultRule) -> Response:
    """Leave out the second page, give each page twice, or never come to an end."""
    query = dict(exchange.call.query)
    if "page" not in query:
        return written(await exchange.apply())
    page = int(query["page"])
    shown = {"skip": page + (page > 1), "repeat": -(-page // 2), "endless": page}[rule.form or "skip"]
    exchange.call.query = query | {"page": str(shown)}
    reply = await exchange.apply()
    content = reply.body.get("Response", {})
    if rule.form == "endless" and "responseParam" in content:
        if not content["responseParam"]["rows"]:
            exchange.call.query = query | {"page": "1"}
            content = (await exchange.apply()).body["Response"]
        content["totalNoOfPages"] = 10**9
        return written(Reply(200, {"Response": content}))
    return written(reply)


async def _odd_date(exchange: SftExchange, rule: FaultRule) -> Response:
    """Answer with a clock that is a day off."""
    day = -_DAY if rule.form == "behind" else _DAY
    date = formatdate(exchange.engine.clock.wall() + day, usegmt=True)
    return written(await exchange.apply(), {"Date": date})


async def _odd_tag(exchange: SftExchange, rule: FaultRule) -> Response:
    """Store a tag otherwise than it was sent: cut, or in lower case."""
    body = json.loads(json.dumps(exchange.call.body))
    info = body.get("endpointTagInfo", {})
    if isinstance(info.get("tagName"), str):
        name = info["tagName"]
        info["tagName"] = name.lower() if rule.form == "lower" else name[:_TAG_LENGTH]
    exchange.call.body = body
    return written(await exchange.apply())


ODDITIES: dict[Fault, Callable[[SftExchange, FaultRule], Awaitable[Response]]] = {
    "accepted": _accepted,
    "error_body": _error_body,
    "conflict": _conflict,
    "replayed": _replayed,
    "false_yes": _false_yes,
    "undone": _undone,
    "outsider": _outsider,
    "odd_json": _odd_json,
    "odd_pages": _odd_pages,
    "odd_date": _odd_date,
    "odd_tag": _odd_tag,
}
