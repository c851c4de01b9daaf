"""Faults in what an answer says or in what stands behind it, other than on the way there."""

import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from email.utils import formatdate

from aiohttp import web

from adapters.platforms.simulator.answers import encoded, written
from adapters.platforms.simulator.exchange import Exchange
from adapters.platforms.simulator.faults import Fault, FaultRule
from adapters.platforms.simulator.sft.envelope import Reply

Response = web.StreamResponse | None

_DAY = 86_400
_DEPTH = 10_000
_BOMB_MEGABYTES = 300
_TAG_LENGTH = 4


async def _accepted(exchange: Exchange, rule: FaultRule) -> Response:
    """Say 202 and do it `late` seconds later, or never."""
    if rule.form != "never":
        exchange.apply_later(rule.late)
    return written(Reply(202, exchange.accepted().body))


async def _error_body(exchange: Exchange, rule: FaultRule) -> Response:
    if rule.when != "before":
        await exchange.apply()
    return written(Reply(rule.status or 200, {"error": "internal error", "status": 500}))


async def _conflict(exchange: Exchange, rule: FaultRule) -> Response:
    """Say that there is one already; with `when` after, the one that this very call has made."""
    if rule.when == "after":
        await exchange.apply()
    if rule.form == "envelope":
        return written(exchange.there_already())
    return web.Response(status=409, text="Conflict")


async def _replayed(exchange: Exchange, _rule: FaultRule) -> Response:
    """Do the call and give the answer to the one before it."""
    earlier = exchange.earlier
    own = await exchange.apply()
    return written(earlier or own)


async def _false_yes(exchange: Exchange, _rule: FaultRule) -> Response:
    """Say that it was done, and do nothing."""
    return written(exchange.yes())


async def _undone(exchange: Exchange, rule: FaultRule) -> Response:
    """Do it, and take it back `late` seconds later: a new endpoint vanishes, an old one is as it was before."""
    undo = exchange.undoing()
    reply = await exchange.apply()
    exchange.deferred.after(rule.late, undo)
    return written(reply)


async def _outsider(exchange: Exchange, rule: FaultRule) -> Response:
    """Let somebody else change the same SIM just before the call is carried out."""
    exchange.outside(rule.form or "create")
    return written(await exchange.apply())


async def _odd_json(exchange: Exchange, rule: FaultRule) -> Response:
    """Write the answer as something that lenient parsers take and strict ones refuse."""
    body = encoded(await exchange.apply())
    if rule.form == "bomb":
        return await _bomb(exchange, rule.count or _BOMB_MEGABYTES)
    odd = {
        "nan": body[:-1] + b', "balance": NaN}',
        "deep": b'{"' + exchange.content + b'": ' + b"[" * _DEPTH + b"]" * _DEPTH + b"}",
    }.get(rule.form or "twice", body[:-1] + b", " + exchange.contradiction + b"}")
    return web.Response(body=odd, content_type="application/json")


async def _bomb(exchange: Exchange, megabytes: int) -> web.StreamResponse:
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


async def _odd_pages(exchange: Exchange, rule: FaultRule) -> Response:
    """Leave out the second page, give each page twice, or never come to an end."""
    page = exchange.page()
    if page is None:
        return written(await exchange.apply())
    exchange.turn_to({"skip": page + (page > 1), "repeat": -(-page // 2), "endless": page}[rule.form or "skip"])
    reply = await exchange.apply()
    if rule.form == "endless":
        if not exchange.rows(reply):
            exchange.turn_to(1)
            reply = await exchange.apply()
        exchange.without_end(reply)
    return written(reply)


async def _odd_date(exchange: Exchange, rule: FaultRule) -> Response:
    """Answer with a clock that is a day off."""
    day = -_DAY if rule.form == "behind" else _DAY
    date = formatdate(exchange.clock.wall() + day, usegmt=True)
    return written(await exchange.apply(), {"Date": date})


async def _odd_tag(exchange: Exchange, rule: FaultRule) -> Response:
    """Store a tag otherwise than it was sent: cut, or in lower case."""
    exchange.retag(str.lower if rule.form == "lower" else lambda tag: tag[:_TAG_LENGTH])
    return written(await exchange.apply())


ODDITIES: dict[Fault, Callable[[Exchange, FaultRule], Awaitable[Response]]] = {
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
