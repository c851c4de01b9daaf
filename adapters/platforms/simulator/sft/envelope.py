"""The response envelope, and the error that becomes a failing one."""

import time
from typing import Any, NamedTuple
from uuid import uuid4

from adapters.platforms.simulator.sft import codes

Body = dict[str, Any]
TIME_FORMAT = "%d/%m/%Y %H:%M:%S"


class Reply(NamedTuple):
    """An answer before it is written: HTTP status and JSON body."""

    status: int
    body: Body


class BusinessError(Exception):
    """The platform refuses; the client gets HTTP 200 with a failing envelope."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def success(code: str = codes.SUCCESS, text: str = "Success", **extra: Any) -> Body:
    """Return a succeeding envelope; `extra` goes directly into `Response`."""
    return _envelope(codes.OUTER_SUCCESS, code, text, extra)


def failure(code: str, text: str, *, outer: str = codes.OUTER_FAILURE) -> Body:
    """Return a failing envelope, which never holds `responseParam`."""
    return _envelope(outer, code, text, {})


def _envelope(outer: str, code: str, text: str, extra: dict[str, Any]) -> Body:
    return {
        "Response": {
            "resultCode": outer,
            "responseId": uuid4().hex,
            "responseTimestamp": time.strftime(TIME_FORMAT, time.gmtime()),
            "resultParam": {"resultCode": code, "resultDescription": text},
            **extra,
        }
    }


def authorisation_failed(form: int) -> Reply:
    """Return the answer to an expired token or a wrong account type, in one of the three known forms."""
    text = "Authorization Failed"
    if form == 2:
        return Reply(200, failure(codes.AUTHORISATION_FAILED, text, outer="401"))
    return Reply(401 if form == 3 else 200, failure(codes.AUTHORISATION_FAILED, text))


def rate_limited(form: str) -> Reply:
    """Return the refusal of a request that came too fast."""
    return Reply(200 if form == "envelope" else 429, failure(codes.RATE_LIMITED, "API rate limit exceeded"))


def timed_out() -> Reply:
    """Return the platform's own time-out of a write, which says nothing about whether the write was done."""
    return Reply(
        200, failure(codes.TIMED_OUT, "API operation has Time out. Please verify the completion of the operation.")
    )
