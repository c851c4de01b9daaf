"""The order service's HTTP interface. It knows nothing of how a SIM is sold."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Protocol

from fastapi import Depends, FastAPI, Header, HTTPException, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from adapters.http.limits import Limits, is_token
from domain.errors import LoginRefused, OrderDiffers, PreactiveError, StoreUnavailable, UsageError
from domain.order import ORDER_NO, SENTENCES, Order, OrderState

_RETRY_SECONDS = "2"
_LOCAL = ["127.0.0.1", "localhost", "[::1]", "::1"]


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
_SELLING: dict[int | str, dict[str, Any]] = {
    200: {"model": Sold, "description": "Done. The same order again gives the same answer."},
    202: {"model": Sold, "description": "Still in progress: ask again, or send the same order again."},
    409: {"model": Sold, "description": "Out of stock, or a person has to decide: `state` and `message` say which."},
    413: {"model": Problem, "description": "The body is too large."},
    422: {"model": Problem, "description": "Wrong request, unknown group, or the number was used for something else."},
    503: {"model": Problem, "description": "Store or platform do not answer. Nothing is lost: send the order again."},
}
_HEALTH: dict[int | str, dict[str, Any]] = {503: {"description": "Not well: `login` or `message` say why."}}
_READING: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "No such order."}}
OrderNo = Annotated[str, Path(pattern=ORDER_NO)]


def order_app(desk: OrderDesk, *, token: str, version: str) -> FastAPI:
    """The application. Without a token it answers only to requests that name this machine."""
    app = FastAPI(title="Preactive orders", version=version, description="One order gets exactly one endpoint.")
    allowed = Depends(_guard(token))

    def knows(header: str | None) -> bool:
        return not token or is_token(header, token)

    @app.post("/orders", responses=_SELLING, dependencies=[allowed], response_model=Sold)
    async def sell(purchase: Purchase, response: Response) -> Sold:
        """Sell one endpoint: reserve a pre-active SIM, activate it, and put it into the group."""
        order = await desk.sell(purchase.order, purchase.tag, purchase.group)
        response.status_code = ANSWERS[order.state]
        if order.state is OrderState.IN_PROGRESS:
            response.headers["Retry-After"] = _RETRY_SECONDS
        return _shown(order)

    @app.get("/orders/{order}", responses=_READING, dependencies=[allowed], response_model=Sold)
    async def look(order: OrderNo) -> Sold:
        """Where an order stands. Changes nothing."""
        return _shown(await _found(desk, order))

    @app.get("/orders/{order}/qr.png", responses=_READING, dependencies=[allowed], response_class=Response)
    async def qr_code(order: OrderNo) -> Response:
        """The QR code that the buyer of an eSIM scans, as PNG."""
        found = await _found(desk, order)
        if found.lpa is None or found.state is not OrderState.DONE:
            raise HTTPException(404, f"Order {order} has no LPA string to hand over.")
        return Response(desk.qr_code(found.lpa), media_type="image/png", headers={"Cache-Control": "no-store"})

    @app.get("/health", responses=_HEALTH)
    async def health(authorization: Annotated[str | None, Header(include_in_schema=False)] = None) -> JSONResponse:
        """Whether the service can sell; the numbers are for those who know the token."""
        found = dict(await desk.health())
        shown = found if knows(authorization) else {"well": found["well"]}
        return JSONResponse(shown, 200 if found["well"] else 503)

    _tell_errors(app)
    app.add_middleware(Limits)
    if not token:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=_LOCAL)
    return app


def _guard(token: str) -> Callable[..., Awaitable[None]]:
    shown_in_the_page = HTTPBearer(auto_error=False)

    async def check(
        authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
        _: Annotated[Any, Depends(shown_in_the_page)] = None,
    ) -> None:
        if token and not is_token(authorization, token):
            raise HTTPException(401, "The bearer token is missing or wrong.", {"WWW-Authenticate": "Bearer"})

    return check


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


def _tell_errors(app: FastAPI) -> None:
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

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"message": error.detail}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def wrong(_: Request, error: RequestValidationError) -> JSONResponse:
        where = "; ".join(f"{'.'.join(map(str, e['loc'][1:])) or 'body'}: {e['msg']}" for e in error.errors()[:5])
        return JSONResponse({"message": f"Wrong request: {where}."}, 422)

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> JSONResponse:
        text = f"Unexpected error, {type(error).__name__}; the order is kept, send it again."
        return JSONResponse({"message": text}, 500)
