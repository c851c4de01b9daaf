"""One call of SIM for Things on its way through the platform."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from adapters.platforms.simulator.answers import throttled
from adapters.platforms.simulator.dialect import Row
from adapters.platforms.simulator.engine import Engine
from adapters.platforms.simulator.exchange import Exchange
from adapters.platforms.simulator.faults import FaultRule
from adapters.platforms.simulator.sft import codes, outside
from adapters.platforms.simulator.sft.context import Call
from adapters.platforms.simulator.sft.envelope import BusinessError, Reply, authorisation_failed, failure, success
from adapters.platforms.simulator.sft.routes import Route

_NEVER_MADE = "1999999999"
_MANY = 10**9


class SftExchange(Exchange):
    """A call of SIM for Things, and how this platform says things."""

    row_id = "endPointId"
    contradiction = b'"Response": {"resultCode": "1"}'
    content = b"Response"

    def __init__(self, engine: Engine, request: web.BaseRequest, route: Route, call: Call, latency: float) -> None:
        super().__init__(request, route.path, latency, kept=engine)
        self.engine = engine
        self.route = route
        self.call = call

    def _committer(self) -> Callable[[], Reply]:
        platform, call, handler = self.engine.platform, self.call, self.route.handler
        form = platform.config.expired_form

        def commit() -> Reply:
            try:
                return Reply(200, handler(platform, call))
            except BusinessError as error:
                if error.code == codes.AUTHORISATION_FAILED:
                    return authorisation_failed(form)
                return Reply(200, failure(error.code, error.text))

        return commit

    def yes(self) -> Reply:
        """A yes to this very call; one to a create names an endpoint."""
        return Reply(200, success(**({"endPointId": _NEVER_MADE} if self.path.endswith("/CreateEndPoint") else {})))

    def accepted(self) -> Reply:
        return Reply(200, success(text="Accepted"))

    def there_already(self) -> Reply:
        return Reply(409, failure(codes.ICCID_ATTACHED, "SIM is already attached to an endpoint"))

    def refusal(self, rule: FaultRule) -> Reply:
        return Reply(rule.status or 200, failure(rule.code, "Incorrect value <b>for this item</b>"))

    def too_fast(self, rule: FaultRule) -> web.Response:
        return throttled(rule.form or self.engine.config.rate_form, rule.retry_after)

    def bad_token(self, rule: FaultRule) -> Reply:
        return authorisation_failed(int(rule.form or self.engine.config.expired_form))

    def new_id(self, reply: Reply) -> tuple[Row, str]:
        return reply.body.get("Response", {}), "endPointId"

    def rows(self, reply: Reply) -> list[Row]:
        found: list[Row] = _params(reply).get("rows", [])
        return found

    def first_id(self) -> str:
        return next(iter(self.engine.world.endpoints))

    def drop_filter(self) -> None:
        self.call.query = {key: value for key, value in self.call.query.items() if key == "perPage"}

    def page(self) -> int | None:
        return int(self.call.query["page"]) if "page" in self.call.query else None

    def turn_to(self, page: int) -> None:
        self.call.query = {**self.call.query, "page": str(page)}

    def without_end(self, reply: Reply) -> None:
        if params := _params(reply):
            params["totalNoOfPages"] = _MANY

    def retag(self, change: Callable[[str], str]) -> None:
        info = self.call.body.get("endpointTagInfo", {})
        if isinstance(info.get("tagName"), str):
            self.call.body = {**self.call.body, "endpointTagInfo": {**info, "tagName": change(info["tagName"])}}

    def undoing(self) -> Callable[[], None]:
        return outside.undoing(self.engine, self.call)

    def outside(self, form: str) -> None:
        outside.act(self.engine, self.call, form)


def _params(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = reply.body.get("Response", {}).get("responseParam", {})
    return found
