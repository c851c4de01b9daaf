"""The order service's HTTP interface. It knows nothing of how a SIM is sold."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Protocol

from fastapi import Depends, FastAPI, HTTPException, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as AnyHTTPException

from adapters.http import pages
from adapters.http.limits import Doorkeeper, Limits
from adapters.http.tokens import Tokens
from domain.errors import LoginRefused, OrderDiffers, PreactiveError, StoreUnavailable, UsageError
from domain.order import ORDER_NO, SENTENCES, Order, OrderState

_RETRY_SECONDS = "2"
_OPEN_TO_ALL = frozenset({"/health", "/docs", "/openapi.json"})
_KEPT_BY_NOBODY = {"Cache-Control": "no-store"}  # an answer may hold what lets anybody use the SIM


class OrderDesk(Protocol):
    """Whoever sells."""

    async def sell(self, order: str, tag: str, group: str) -> Order:
        """Sell, or say where the order stands."""

    async def find(self, order: str) -> Order | None:
        """The order as it stands."""

    async def health(self) -> Mapping[str, Any]:
        """Whether all is well, with numbers. Raises StoreUnavailable."""

    def qr_code(self, lpa: str) -> bytes:
        """A QR code as PNG."""

    def tell(self, error: Exception) -> None:
        """Leave a trace of an error that nobody expected."""


class Purchase(BaseModel):
    """What the shop asks for."""

    model_config = ConfigDict(extra="forbid")

    order: str = Field(
        pattern=ORDER_NO, description="The shop's purchase number. The same number is the same endpoint."
    )
    tag: str = Field(default="", max_length=100, description="Only SIMs that carry this tag; empty: any.")
    group: str = Field(default="", max_length=100, description="Group to put the endpoint into; empty: none.")


class Sold(BaseModel):
    """Where an order stands, and the endpoint it got."""

    order: str
    state: OrderState
    iccid: str | None = Field(description="Null while the order has no SIM.")
    endpoint_id: str | None
    endpoint_state: str | None = Field(description="pre_active, active, suspended or terminated.")
    tag: str
    group: str
    lpa: str | None = Field(description="What the buyer scans; null where the supplier's file had none.")
    message: str


class Problem(BaseModel):
    """One sentence on why there is no answer."""

    message: str


ANSWERS: Mapping[OrderState, int] = {
    OrderState.DONE: 200,
    OrderState.IN_PROGRESS: 202,
    OrderState.NO_STOCK: 409,
    OrderState.EXPIRED: 409,
    OrderState.NEEDS_HUMAN: 409,
}
_ALWAYS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "The bearer token is missing or wrong."},
    408: {"model": Problem, "description": "The request came too slowly."},
    422: {"model": Problem, "description": "Wrong request, unusable group, or the number was used for something else."},
    500: {"model": Problem, "description": "An error of ours. Nothing is lost: send the order again."},
    503: {"model": Problem, "description": "Store or platform do not answer. Nothing is lost: send the order again."},
}
_SELLING: dict[int | str, dict[str, Any]] = _ALWAYS | {
    200: {"model": Sold, "description": "Done. The same order again gives the same answer."},
    202: {"model": Sold, "description": "Still in progress: ask again, or send the same order again."},
    409: {
        "model": Sold,
        "description": "Out of stock, no room, or a person has to decide: `state` and `message` say which.",
    },
    413: {"model": Problem, "description": "The body is too large."},
}
_READING: dict[int | str, dict[str, Any]] = _ALWAYS | {404: {"model": Problem, "description": "No such order."}}
_HEALTH: dict[int | str, dict[str, Any]] = {
    408: _ALWAYS[408],
    500: _ALWAYS[500],
    503: {"description": "Not well: the login is refused, or the store does not answer."},
}
OrderNo = Annotated[str, Path(pattern=ORDER_NO)]


def order_app(desk: OrderDesk, *, tokens: Tokens, version: str) -> FastAPI:
    """The application. Without a token it answers only to requests that name this machine."""
    app = FastAPI(
        title="Preactive orders",
        version=version,
        description="One order gets exactly one endpoint.",
        docs_url=None,
        redoc_url=None,
    )
    # The doorkeeper has asked for the token already; this shows programs that it is wanted.
    allowed = Depends(HTTPBearer(auto_error=False))

    @app.post("/orders", responses=_SELLING, dependencies=[allowed], response_model=Sold)
    async def sell(purchase: Purchase, response: Response) -> Sold:
        """Sell one endpoint: reserve a pre-active SIM, activate it, and put it into the group."""
        order = await desk.sell(purchase.order, purchase.tag, purchase.group)
        response.status_code = ANSWERS[order.state]
        response.headers.update(_KEPT_BY_NOBODY)
        if order.state is OrderState.IN_PROGRESS:
            response.headers["Retry-After"] = _RETRY_SECONDS
        return _shown(order)

    @app.get("/orders/{order}", responses=_READING, dependencies=[allowed], response_model=Sold)
    async def look(order: OrderNo, response: Response) -> Sold:
        """Where an order stands. Changes nothing."""
        response.headers.update(_KEPT_BY_NOBODY)
        return _shown(await _found(desk, order))

    @app.get("/orders/{order}/qr.png", responses=_READING, dependencies=[allowed], response_class=Response)
    async def qr_code(order: OrderNo) -> Response:
        """The QR code that the buyer of an eSIM scans, as PNG."""
        found = await _found(desk, order)
        if found.lpa is None or found.state is not OrderState.DONE:
            raise HTTPException(404, f"Order {order} has no LPA string to hand over.")
        return Response(desk.qr_code(found.lpa), media_type="image/png", headers=_KEPT_BY_NOBODY)

    @app.get("/health", responses=_HEALTH)
    async def health(request: Request) -> JSONResponse:
        """Whether the service can sell; the numbers are for those who know the token."""
        found = dict(await desk.health())
        shown = found if request.state.known else {"well": found["well"]}
        return JSONResponse(shown, 200 if found["well"] else 503)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        """What can be asked, for people."""
        return HTMLResponse(pages.page(app.openapi()), headers=pages.HEADERS)

    _tell_errors(app, desk)
    app.add_middleware(Limits)
    app.add_middleware(Doorkeeper, tokens=tokens, open_to_all=_OPEN_TO_ALL)
    return app


async def _found(desk: OrderDesk, order_no: str) -> Order:
    order = await desk.find(order_no)
    if order is None:
        raise HTTPException(404, f"There is no order {order_no}.")
    return order


def _shown(order: Order) -> Sold:
    return Sold(
        order=order.order,
        state=order.state,
        iccid=order.iccid,
        endpoint_id=order.endpoint_id,
        endpoint_state=order.endpoint_state,
        tag=order.tag,
        group=order.group,
        lpa=order.lpa if order.state is OrderState.DONE else None,
        message=order.text or SENTENCES[order.state],
    )


def _tell_errors(app: FastAPI, desk: OrderDesk) -> None:
    """Every refusal is one sentence; nothing of the request is repeated, and no traceback leaves."""

    @app.exception_handler(PreactiveError)
    async def ours(_: Request, error: PreactiveError) -> JSONResponse:
        if isinstance(error, LoginRefused | StoreUnavailable):  # their words are for operators
            what = (
                "The store cannot be used" if isinstance(error, StoreUnavailable) else "The platform refused our login"
            )
            text = f"{what}; an operator has to look. The order may be sent again."
            return JSONResponse({"message": text}, 503, {"Retry-After": _RETRY_SECONDS})
        if isinstance(error, OrderDiffers | UsageError):
            return JSONResponse({"message": str(error)}, 422)
        return JSONResponse({"message": str(error)}, 503, {"Retry-After": _RETRY_SECONDS})

    @app.exception_handler(AnyHTTPException)
    async def http(_: Request, error: AnyHTTPException) -> JSONResponse:
        return JSONResponse({"message": error.detail}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def wrong(_: Request, error: RequestValidationError) -> JSONResponse:
        where = "; ".join(f"{_place(e['loc'])}: {e['msg']}" for e in error.errors()[:5])
        return JSONResponse({"message": f"Wrong request: {where}."}, 422)

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> JSONResponse:
        desk.tell(error)
        text = f"Unexpected error, {type(error).__name__}; the order is kept, send it again."
        return JSONResponse({"message": text}, 500)


def _place(loc: Sequence[Any]) -> str:
    """Where in a request something is wrong; names that are not ours are not repeated."""
    if len(loc) < 2:
        return "body"
    return str(loc[1]) if loc[1] in Purchase.model_fields else "another field" if loc[0] == "body" else str(loc[0])
