"""One call of a Stacuity account on its way through the platform."""

from collections.abc import Callable

from aiohttp import web

from adapters.platforms.simulator.answers import written
from adapters.platforms.simulator.dialect import Row
from adapters.platforms.simulator.exchange import Exchange
from adapters.platforms.simulator.faults import FaultRule
from adapters.platforms.simulator.sft.envelope import Reply
from adapters.platforms.simulator.stacuity import envelope as texts
from adapters.platforms.simulator.stacuity import outside, query
from adapters.platforms.simulator.stacuity.context import Call
from adapters.platforms.simulator.stacuity.engine import StacuityEngine
from adapters.platforms.simulator.stacuity.envelope import Malformed, Refusal, failure, problem, success
from adapters.platforms.simulator.stacuity.routes import Route

_NEVER_MADE = "00000000-0000-4000-8000-000000000000"
_MANY = 10**9


class StacuityExchange(Exchange):
    """A call of Stacuity, and how this platform says things."""

    row_id = "id"
    contradiction = b'"success": false'
    content = b"data"

    def __init__(
        self, engine: StacuityEngine, request: web.BaseRequest, route: Route, call: Call, latency: float
    ) -> None:
        super().__init__(request, route.path, latency, kept=engine)
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

    def yes(self) -> Reply:
        return Reply(200, success(self.call.keys.get("endpoint", _NEVER_MADE)))

    def accepted(self) -> Reply:
        return Reply(200, success())

    def there_already(self) -> Reply:
        return Reply(409, failure(texts.BAD_CLAIM if self.path == "/claim" else texts.BAD_MOVE))

    def refusal(self, rule: FaultRule) -> Reply:
        return Reply(rule.status or 200, failure("Not possible <b>for this item</b>"))

    def too_fast(self, rule: FaultRule) -> web.Response:
        return written(texts.throttled(), {"Retry-After": rule.retry_after} if rule.retry_after is not None else None)

    def bad_token(self, _rule: FaultRule) -> Reply:
        return texts.unauthorised()

    def new_id(self, reply: Reply) -> tuple[Row, str]:
        return reply.body, "data"

    def rows(self, reply: Reply) -> list[Row]:
        data = reply.body.get("data")
        return data if isinstance(data, list) and all(isinstance(row, dict) and "iccid" in row for row in data) else []

    def first_id(self) -> str:
        return next(iter(self._engine.world.endpoints))

    def drop_filter(self) -> None:
        self.call.query = {name: value for name, value in self.call.query.items() if name != "filter"}

    def page(self) -> int | None:
        if self.path != "/list_endpoints":
            return None
        offset = self.call.query.get("offset", "0")
        return int(offset) // self._limit + 1 if offset.isdecimal() else None

    def turn_to(self, page: int) -> None:
        self.call.query = {**self.call.query, "offset": str((page - 1) * self._limit)}

    def without_end(self, reply: Reply) -> None:
        if "totalItems" in reply.body:
            reply.body["totalItems"] = _MANY

    def retag(self, change: Callable[[str], str]) -> None:
        if isinstance(self.call.body, dict) and isinstance(self.call.body.get("tags"), list):
            known = {tag for one in self._engine.subjects(self.call) for tag in one.tags}
            tags = [tag if tag in known else change(str(tag)) for tag in self.call.body["tags"]]
            self.call.body = {**self.call.body, "tags": tags}

    def undoing(self) -> Callable[[], None]:
        return outside.undoing(self._engine, self.call)

    def outside(self, form: str) -> None:
        outside.act(self._engine, self.call, form)

    @property
    def _limit(self) -> int:
        return query.limit(self.call.query)
