"""Every refusal of the order service is one sentence; no traceback leaves it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from adapters.http.order_answers import Purchase
from domain.errors import LoginRefused, OrderDiffers, PreactiveError, StoreUnavailable, UsageError
from domain.words import quoted

RETRY_SECONDS = "2"
_MOST = 5  # mistakes of one request that are told


def tell_errors(app: FastAPI, tell: Callable[[Exception], None]) -> None:
    """Answer every error with its status; `tell` leaves a trace of those that nobody expected."""

    @app.exception_handler(PreactiveError)
    async def ours(_: Request, error: PreactiveError) -> JSONResponse:
        if isinstance(error, LoginRefused | StoreUnavailable):  # their words are for operators
            what = (
                "The store cannot be used" if isinstance(error, StoreUnavailable) else "The platform refused our login"
            )
            text = f"{what}; an operator has to look. The order may be sent again."
            return JSONResponse({"message": text}, 503, {"Retry-After": RETRY_SECONDS})
        if isinstance(error, OrderDiffers | UsageError):
            return JSONResponse({"message": str(error)}, 422)
        return JSONResponse({"message": str(error)}, 503, {"Retry-After": RETRY_SECONDS})

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"message": error.detail}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def wrong(_: Request, error: RequestValidationError) -> JSONResponse:
        where = "; ".join(map(_mistake, error.errors()[:_MOST]))
        return JSONResponse({"message": f"Wrong request: {where}."}, 422)

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> JSONResponse:
        tell(error)
        text = f"Unexpected error, {type(error).__name__}; the order is kept, send it again."
        return JSONResponse({"message": text}, 500)


def _mistake(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        known = ", ".join(Purchase.model_fields)
        return f"the field {quoted(str(error['loc'][-1]))} is not known; there are: {known}"
    return f"{_place(error['loc'])}: {error['msg']}"


def _place(loc: Sequence[Any]) -> str:
    """Where in a request something is wrong."""
    if len(loc) < 2:
        return "body"
    return str(loc[1]) if loc[1] in Purchase.model_fields else str(loc[0])
