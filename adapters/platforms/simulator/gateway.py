"""The front of the API: find the route, count, limit the rate, check the token, go wrong where planned, answer."""

import asyncio
import json
import logging
from typing import Any

from aiohttp import web

from adapters.platforms.simulator.answers import throttled, written
from adapters.platforms.simulator.engine import Engine
from adapters.platforms.simulator.exchange import Exchange
from adapters.platforms.simulator.faults import draw
from adapters.platforms.simulator.injection import inject
from adapters.platforms.simulator.journal import Record
from adapters.platforms.simulator.sft import codes
from adapters.platforms.simulator.sft.context import Call
from adapters.platforms.simulator.sft.envelope import Reply, authorisation_failed, failure
from adapters.platforms.simulator.sft.routes import Route

API = "/api"
_log = logging.getLogger(__name__)


class Gateway:
    """Answers every request under /api."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._warned = False

    async def handle(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """Answer one request; one that gets no answer has its connection closed by the fault."""
        engine, body = self._engine, await request.read()
        route = engine.routes.get((request.method, path))
        engine.stats.arrived(f"{request.method} {path}" if route else "unknown", writes=bool(route and route.writes))
        record = engine.journal.open(request.method, request.path_qs, request.headers, body)
        try:
            response = await self._answer(request, route, body, record)
        finally:
            engine.stats.left()
        if response is None:
            return web.Response()  # goes nowhere: the connection is closed
        record.status = response.status
        return response

    async def _answer(
        self, request: web.BaseRequest, route: Route | None, body: bytes, record: Record
    ) -> web.StreamResponse | None:
        engine, config = self._engine, self._engine.config
        self._warn_once(request)
        parsed = _parsed(body)
        call = Call(parsed or {}, request.query, _token(request))
        if not engine.limiter.admit(engine.sessions.account_of(call.token, call.body)):
            engine.stats.refused_for_rate += 1
            return throttled(config.rate_form, config.retry_after)
        if route is None:
            return web.Response(status=404, text="Not Found")
        number = engine.faults.next_call(route.path)
        exchange = Exchange(engine, request, route, call, self._latency(route, number))
        if refusal := self._refusal(route, call, is_json=parsed is not None):
            await asyncio.sleep(config.latency_read[0])
            return written(refusal)
        rule = engine.faults.pick(route.path, number, lambda: engine.iccids_of(call))
        if rule is None:
            return written(await exchange.apply())
        record.fault = rule.fault
        engine.stats.faults[rule.fault] += 1
        return await inject(exchange, rule)

    def _refusal(self, route: Route, call: Call, *, is_json: bool) -> Reply | None:
        if not is_json:
            return Reply(200, failure(codes.INCORRECT_FIELD, "The body is not a JSON object"))
        if not route.needs_token:
            return None
        session = self._engine.sessions.use(call.token)
        if session is None or (route.enterprise_only and not session.enterprise):
            return authorisation_failed(self._engine.config.expired_form)
        return None

    def _warn_once(self, request: web.BaseRequest) -> None:
        if not self._warned and "X-Requested-With" not in request.headers:
            self._warned = True
            _log.warning("simulator.header_missing name=X-Requested-With path=%s", request.path)

    def _latency(self, route: Route, number: int) -> float:
        config = self._engine.config
        low, high = config.latency_write if route.slow else config.latency_read
        if route.path == "/login":
            low, high = config.latency_login
        return low if low == high else low + (high - low) * draw(config.seed, route.path, number, "latency")


def _parsed(body: bytes) -> dict[str, Any] | None:
    if not body:
        return {}
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _token(request: web.BaseRequest) -> str | None:
    scheme, _, token = request.headers.get("X-Authorization", "").partition(" ")
    return token if scheme == "Bearer" else None
