"""The front of the API: find the route, limit the rate, check the token, go wrong where planned, answer."""

import json
from collections.abc import Mapping
from urllib.parse import unquote

from aiohttp import web

from adapters.platforms.simulator.answers import written
from adapters.platforms.simulator.front import Answer, Front, bearer
from adapters.platforms.simulator.journal import Record
from adapters.platforms.simulator.sft.envelope import Reply
from adapters.platforms.simulator.stacuity.context import Call
from adapters.platforms.simulator.stacuity.engine import StacuityEngine
from adapters.platforms.simulator.stacuity.envelope import NOT_FOUND, failure, problem, throttled, unauthorised
from adapters.platforms.simulator.stacuity.exchange import StacuityExchange
from adapters.platforms.simulator.stacuity.injection import inject
from adapters.platforms.simulator.stacuity.routes import Route, find

API = "/api/v1"
Found = tuple[Route, Mapping[str, str]]


class StacuityGateway(Front[Found]):
    """Answers every request under /api/v1."""

    def __init__(self, engine: StacuityEngine) -> None:
        super().__init__(engine)
        self._engine = engine

    def _find(self, method: str, path: str) -> Found | None:
        return find(method, path)

    def _named(self, found: Found) -> tuple[str, bool]:
        return found[0].path.lstrip("/"), found[0].writes

    async def _answer(self, request: web.BaseRequest, found: Found | None, body: bytes, record: Record) -> Answer:
        engine = self._engine
        token = bearer(request, "Authorization") or ""
        if not engine.limiter.admit(token):
            engine.stats.refused_for_rate += 1
            return written(throttled(), {"Retry-After": "1"})
        if token != engine.config.token or token in engine.config.disabled_tokens:
            return written(unauthorised())
        if found is None:
            return written(Reply(404, failure(NOT_FOUND)))
        route, keys = found
        try:
            asked = json.loads(body) if body else None
        except ValueError:
            return written(problem("not JSON"))
        engine.catch_up()
        number = engine.faults.next_call(route.path)
        query = request.query if request.query_string else {}
        call = Call(asked, query, {name: unquote(key) for name, key in keys.items()})
        span = engine.config.latency_write if route.writes else engine.config.latency_read
        exchange = StacuityExchange(engine, request, route, call, self._latency(span, route.path, number))
        return await self._carry_out(exchange, number, lambda: engine.iccids_of(call.keys, asked), record, inject)
