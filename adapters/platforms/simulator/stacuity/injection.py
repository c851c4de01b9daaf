"""Faults of a Stacuity account: those of every platform, and those whose answers have this one's form."""

import asyncio
from collections.abc import Awaitable, Callable

from adapters.platforms.simulator.answers import written
from adapters.platforms.simulator.faults import Fault, FaultRule
from adapters.platforms.simulator.injection import ANYWHERE, Response
from adapters.platforms.simulator.sft.envelope import Reply
from adapters.platforms.simulator.stacuity.envelope import failure, throttled, unauthorised
from adapters.platforms.simulator.stacuity.exchange import StacuityExchange


async def inject(exchange: StacuityExchange, rule: FaultRule) -> Response:
    """Answer the exchange in the way the fault wants it."""
    return await INJECTIONS[rule.fault](exchange, rule)


async def _throttle(exchange: StacuityExchange, rule: FaultRule) -> Response:
    if rule.when == "after":
        await exchange.apply()
    return written(throttled(), {"Retry-After": rule.retry_after} if rule.retry_after is not None else None)


async def _refused(exchange: StacuityExchange, _rule: FaultRule) -> Response:
    await asyncio.sleep(exchange.latency)
    return written(Reply(200, failure("Not possible <b>for this item</b>")))


async def _token_expired(_exchange: StacuityExchange, _rule: FaultRule) -> Response:
    return written(unauthorised())


async def _filter_ignored(exchange: StacuityExchange, _rule: FaultRule) -> Response:
    query = {name: value for name, value in exchange.call.query.items() if name != "filter"}
    exchange.call.query = query
    return written(await exchange.apply())


async def _empty_id(exchange: StacuityExchange, _rule: FaultRule) -> Response:
    reply = await exchange.apply()
    return written(Reply(reply.status, {name: value for name, value in reply.body.items() if name != "data"}))


INJECTIONS: dict[Fault, Callable[[StacuityExchange, FaultRule], Awaitable[Response]]] = {
    **ANYWHERE,
    "throttle": _throttle,
    "refused": _refused,
    "token_expired": _token_expired,
    "filter_ignored": _filter_ignored,
    "empty_id": _empty_id,
}
