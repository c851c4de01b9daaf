"""The front of the API: find the route, limit the rate, check the token, go wrong where planned, answer."""

import asyncio
import json
import logging
from typing import Any

from aiohttp import web

from adapters.platforms.simulator.answers import throttled, written
from adapters.platforms.simulator.config import SecondsRange
from adapters.platforms.simulator.engine import Engine
from adapters.platforms.simulator.front import Answer, Front, bearer
from adapters.platforms.simulator.injection import inject
from adapters.platforms.simulator.journal import Record
from adapters.platforms.simulator.sft import codes
from adapters.platforms.simulator.sft.context import Call
from adapters.platforms.simulator.sft.envelope import Reply, authorisation_failed, failure
from adapters.platforms.simulator.sft.exchange import SftExchange
from adapters.platforms.simulator.sft.routes import Route

API = "/api"
_log = logging.getLogger(__name__)


class Gateway(Front[Route]):
    """Answers every request under /api."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._engine = engine
        self._warned = False

    def _find(self, method: str, path: str) -> Route | None:
        return self._engine.routes.get((method, path))

    def _named(self, found: Route) -> tuple[str, bool]:
        return f"{found.method} {found.path}", found.writes

    async def _answer(self, request: web.BaseRequest, found: Route | None, body: bytes, record: Record) -> Answer:
        engine, config = self._engine, self._engine.config
        self._warn_once(request)
        asked = _object(body)
        call = Call(asked or {}, request.query, bearer(request, "X-Authorization"))
        if not engine.limiter.admit(engine.sessions.account_of(call.token, call.body)):
            engine.stats.refused_for_rate += 1
            return throttled(config.rate_form, config.retry_after)
        if found is None:
            return web.Response(status=404, text="Not Found")
        number = engine.faults.next_call(found.path)
        latency = self._latency(self._span(found), found.path, number)
        exchange = SftExchange(engine, request, found, call, latency)
        if refusal := self._refusal(found, call, is_json=asked is not None):
            await asyncio.sleep(config.latency_read[0])
            return written(refusal)
        return await self._carry_out(exchange, number, lambda: engine.iccids_of(call), record, inject)

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

    def _span(self, route: Route) -> SecondsRange:
        config = self._engine.config
        if route.path == "/login":
            return config.latency_login
        return config.latency_write if route.slow else config.latency_read


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body) if body else {}
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
