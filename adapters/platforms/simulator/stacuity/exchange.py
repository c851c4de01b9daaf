"""One call of a Stacuity account on its way through the platform."""

from collections.abc import Callable

from aiohttp import web

from adapters.platforms.simulator.exchange import Exchange
from adapters.platforms.simulator.sft.envelope import Reply
from adapters.platforms.simulator.stacuity.context import Call
from adapters.platforms.simulator.stacuity.engine import StacuityEngine
from adapters.platforms.simulator.stacuity.envelope import Malformed, Refusal, problem
from adapters.platforms.simulator.stacuity.routes import Route


class StacuityExchange(Exchange):
    """A call of Stacuity."""

    def __init__(
        self, engine: StacuityEngine, request: web.BaseRequest, route: Route, call: Call, latency: float
    ) -> None:
        super().__init__(request, route.path, latency, clock=engine.clock, deferred=engine.deferred)
        self.call = call
        self._engine = engine
        self._route = route

    def _committer(self) -> Callable[[], Reply]:
        platform, call, route, editor = self._engine.platform, self.call, self._route, self._engine.editor

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
