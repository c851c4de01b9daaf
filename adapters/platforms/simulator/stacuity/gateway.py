"""The front of the API: find the route, count, limit the rate, check the token, go wrong where planned, answer."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast
from urllib.parse import unquote

from aiohttp import web

from adapters.platforms.simulator import injection
from adapters.platforms.simulator.answers import written
from adapters.platforms.simulator.engine import Engine
from adapters.platforms.simulator.exchange import Exchange
from adapters.platforms.simulator.faults import Fault, FaultRule, draw
from adapters.platforms.simulator.journal import Record
from adapters.platforms.simulator.sft.context import Call as SftCall
from adapters.platforms.simulator.sft.envelope import Reply
from adapters.platforms.simulator.sft.routes import Route as SftRoute
from adapters.platforms.simulator.stacuity.context import Call
from adapters.platforms.simulator.stacuity.engine import StacuityEngine
from adapters.platforms.simulator.stacuity.envelope import (
    NOT_FOUND,
    Malformed,
    Refusal,
    failure,
    problem,
    throttled,
    unauthorised,
)
from adapters.platforms.simulator.stacuity.routes import Route, find

API = "/api/v1"


class StacuityExchange(Exchange):
    """A request that was let in. The steps and the faults between them are those of every simulator."""

    def __init__(
        self, engine: StacuityEngine, request: web.BaseRequest, route: Route, call: Call, latency: float
    ) -> None:
        # Of these the shared steps use only what both platforms have: the deferred work, the clock, the path.
        super().__init__(cast(Engine, engine), request, cast(SftRoute, route), cast(SftCall, call), latency)
        self._account = engine
        self._route = route
        self._call = call

    async def apply(self) -> Reply:
        """Do what the call asks after the platform's latency, also when the client leaves meanwhile."""
        return await self._account.deferred.after(self.latency, self._committer())

    def _committer(self) -> Callable[[], Reply]:
        platform, call, route, editor = self._account.platform, self._call, self._route, self._account.editor

        def commit() -> Reply:
            try:
                body = route.handler(platform, call)
            except Refusal as error:
                return error.reply(by_status="http_errors" in platform.estate.behaviours)
            except Malformed as error:
                return problem(str(error))
            editor.after(route.path, call.keys)
            return Reply(200, body)

        return commit


class StacuityGateway:
    """Answers every request under /api/v1."""

    def __init__(self, engine: StacuityEngine) -> None:
        self._engine = engine

    async def handle(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """Answer one request; one that gets no answer has its connection closed by the fault."""
        engine, body = self._engine, await request.read()
        found = find(request.method, path)
        name = found[0].path.lstrip("/") if found else "unknown"
        engine.stats.arrived(name, writes=bool(found and found[0].writes))
        record = engine.journal.open(request.method, request.path_qs, request.headers, body)
        try:
            response = await self._answer(request, found, body, record)
        finally:
            engine.stats.left()
        if response is None:
            return web.Response()  # goes nowhere: the connection is closed
        record.status = response.status
        return response

    async def _answer(
        self, request: web.BaseRequest, found: tuple[Route, Mapping[str, str]] | None, body: bytes, record: Record
    ) -> web.StreamResponse | None:
        engine = self._engine
        token = _token(request)
        if not engine.limiter.admit(token):
            engine.stats.refused_for_rate += 1
            return written(throttled(), {"Retry-After": "1"})
        if token != engine.config.token or token in engine.config.disabled_tokens:
            return written(unauthorised())
        if found is None:
            return written(Reply(404, failure(NOT_FOUND)))
        route, keys = found
        try:
            parsed = json.loads(body) if body else None
        except ValueError:
            return written(problem("not JSON"))
        engine.catch_up()
        number = engine.faults.next_call(route.path)
        call = Call(parsed, request.query, {name: unquote(key) for name, key in keys.items()})
        exchange = StacuityExchange(engine, request, route, call, self._latency(route, number))
        rule = engine.faults.pick(route.path, number, lambda: engine.iccids_of(dict(call.keys), parsed))
        if rule is None:
            return written(await exchange.apply())
        record.fault = rule.fault
        engine.stats.faults[rule.fault] += 1
        return await _inject(exchange, rule)

    def _latency(self, route: Route, number: int) -> float:
        config = self._engine.config
        low, high = config.latency_write if route.writes else config.latency_read
        return low if low == high else low + (high - low) * draw(config.seed, route.path, number, "latency")


def _token(request: web.BaseRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""


# --- faults whose answers have this platform's own form ---


async def _inject(exchange: StacuityExchange, rule: FaultRule) -> web.StreamResponse | None:
    own = _OWN.get(rule.fault)
    return await (own(exchange, rule) if own is not None else injection.inject(exchange, rule))


async def _throttle(exchange: StacuityExchange, rule: FaultRule) -> web.StreamResponse:
    if rule.when == "after":
        await exchange.apply()
    return written(throttled(), {"Retry-After": rule.retry_after} if rule.retry_after is not None else None)


async def _refused(exchange: StacuityExchange, _rule: FaultRule) -> web.StreamResponse:
    await asyncio.sleep(exchange.latency)
    return written(Reply(200, failure("Not possible <b>for this item</b>")))


async def _token_expired(_exchange: StacuityExchange, _rule: FaultRule) -> web.StreamResponse:
    return written(unauthorised())


async def _filter_ignored(exchange: StacuityExchange, _rule: FaultRule) -> web.StreamResponse:
    query = {name: value for name, value in exchange.call.query.items() if name != "filter"}
    exchange.call.query = query
    return written(await exchange.apply())


async def _empty_id(exchange: StacuityExchange, _rule: FaultRule) -> web.StreamResponse:
    reply = await exchange.apply()
    return written(Reply(reply.status, {name: value for name, value in reply.body.items() if name != "data"}))


_OWN: dict[Fault, Callable[[StacuityExchange, FaultRule], Awaitable[Any]]] = {
    "throttle": _throttle,
    "refused": _refused,
    "token_expired": _token_expired,
    "filter_ignored": _filter_ignored,
    "empty_id": _empty_id,
}
