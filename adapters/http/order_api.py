"""The order service's HTTP interface. It knows nothing of how a SIM is sold."""

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from fastapi import Depends, FastAPI, HTTPException, Path, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.security import HTTPBearer

from adapters.http import order_answers, pages
from adapters.http.limits import Doorkeeper, Framing, Limits
from adapters.http.order_answers import ANSWERS, Purchase, Sold, shown
from adapters.http.order_problems import RETRY_SECONDS, tell_errors
from adapters.http.plain_json import PlainJson
from adapters.http.tokens import Tokens
from domain.order import ORDER_NO, Order, OrderState, why_not_cancelled

_OPEN_TO_ALL = frozenset({"/health", "/docs", "/openapi.json"})
_KEPT_BY_NOBODY = {"Cache-Control": "no-store"}  # an answer may hold what lets anybody use the SIM
OrderNo = Annotated[str, Path(pattern=ORDER_NO)]


class OrderDesk(Protocol):
    """Whoever sells."""

    async def sell(self, order: str, tag: str, group: str) -> Order:
        """Sell, or say where the order stands."""

    async def find(self, order: str) -> Order | None:
        """The order as it stands."""

    async def cancel(self, order: str) -> Order:
        """Cancel the order if nothing was sent for it, and say where it stands."""

    async def refund(self, order: str) -> Order | None:
        """Record a refund and carry it out; None when there is no such order."""

    async def health(self) -> Mapping[str, Any]:
        """Whether all is well, with numbers. Raises StoreUnavailable."""

    def qr_code(self, lpa: str) -> bytes:
        """A QR code as PNG."""

    def tell(self, error: Exception) -> None:
        """Leave a trace of an error that nobody expected."""


def order_app(desk: OrderDesk, *, tokens: Tokens, version: str) -> FastAPI:
    """The application. Without a token it answers only to requests that name this machine."""
    app = FastAPI(
        title="Preactive orders",
        version=version,
        description="One order gets exactly one endpoint.",
        docs_url=None,
        redoc_url=None,
    )
    _selling(app, desk, tokens)
    _taking_back(app, desk, tokens)
    _looking(app, desk, tokens)
    tell_errors(app, desk.tell)
    app.add_middleware(PlainJson)
    app.add_middleware(Limits)
    app.add_middleware(Doorkeeper, tokens=tokens, open_to_all=_OPEN_TO_ALL)
    app.add_middleware(Framing)
    return app


def _asked(tokens: Tokens, responses: order_answers.Responses) -> dict[str, Any]:
    """What a call of the document says of the token, which the doorkeeper has asked for before."""
    if tokens:
        return {"responses": responses, "dependencies": [Depends(HTTPBearer(auto_error=False))]}
    return {"responses": {code: one for code, one in responses.items() if code != 401}}


def _selling(app: FastAPI, desk: OrderDesk, tokens: Tokens) -> None:
    @app.post("/orders", response_model=Sold, operation_id="sell", **_asked(tokens, order_answers.SELLING))
    async def sell(purchase: Purchase, response: Response) -> Sold:
        """Sell one endpoint: reserve a pre-active SIM, activate it, and put it into the group."""
        order = await desk.sell(purchase.order, purchase.tag, purchase.group)
        _head(response, ANSWERS[order.state])
        return shown(order)


def _taking_back(app: FastAPI, desk: OrderDesk, tokens: Tokens) -> None:
    @app.delete(
        "/orders/{order}",
        response_model=Sold,
        operation_id="cancel_order",
        **_asked(tokens, order_answers.CANCELLING),
    )
    async def cancel(order: OrderNo, response: Response) -> Sold:
        """Cancel an order for which nothing was sent: its SIM goes back. One that comes later sells nothing."""
        found = await desk.cancel(order)
        done = found.state is OrderState.CANCELLED
        _head(response, 200 if done else 409)
        return shown(found, "" if done else why_not_cancelled(found))

    @app.post(
        "/orders/{order}/refund",
        response_model=Sold,
        operation_id="refund_order",
        **_asked(tokens, order_answers.REFUNDING),
    )
    async def refund(order: OrderNo, response: Response) -> Sold:
        """Refund an order, whatever was done for it: its endpoint is taken out of service as the settings say."""
        found = await desk.refund(order)
        if found is None:
            raise HTTPException(404, f"There is no order {order}.")
        _head(response, 202 if found.state is OrderState.REFUNDING else 200)
        return shown(found)


def _looking(app: FastAPI, desk: OrderDesk, tokens: Tokens) -> None:
    @app.get("/orders/{order}", response_model=Sold, operation_id="get_order", **_asked(tokens, order_answers.READING))
    async def look(order: OrderNo, response: Response) -> Sold:
        """Where an order stands. Changes nothing."""
        response.headers.update(_KEPT_BY_NOBODY)
        return shown(await _found(desk, order))

    @app.get(
        "/orders/{order}/qr.png",
        response_class=Response,
        operation_id="get_order_qr",
        **_asked(tokens, order_answers.QR),
    )
    async def qr_code(order: OrderNo) -> Response:
        """The QR code that the buyer of an eSIM scans, as PNG."""
        found = await _found(desk, order)
        if found.lpa is None or found.state is not OrderState.DONE:
            raise HTTPException(404, f"Order {order} has no LPA string to hand over.")
        return Response(desk.qr_code(found.lpa), media_type="image/png", headers=_KEPT_BY_NOBODY)

    @app.get("/health", responses=order_answers.HEALTH, operation_id="health")
    async def health(request: Request) -> JSONResponse:
        """Whether the service can sell; the numbers are for those who know the token."""
        found = dict(await desk.health())
        told = found if request.state.known else {"well": found["well"]}
        return JSONResponse(told, 200 if found["well"] else 503)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        """What can be asked, for people."""
        return HTMLResponse(pages.page(app.openapi()), headers=pages.HEADERS)

    for path, call in (("/orders/{order}", look), ("/orders/{order}/qr.png", qr_code), ("/health", health)):
        app.add_api_route(path, call, methods=["HEAD"], include_in_schema=False, response_model=None)


def _head(response: Response, status: int) -> None:
    response.status_code = status
    response.headers.update(_KEPT_BY_NOBODY)
    if status == 202:
        response.headers["Retry-After"] = RETRY_SECONDS


async def _found(desk: OrderDesk, order_no: str) -> Order:
    order = await desk.find(order_no)
    if order is None:
        raise HTTPException(404, f"There is no order {order_no}.")
    return order
