"""What the order service takes and answers, as its OpenAPI document shows it."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from domain.options import TAG
from domain.order import ORDER_NO, SENTENCES, Order, OrderState


class Purchase(BaseModel):
    """What the shop asks for."""

    model_config = ConfigDict(extra="forbid")

    order: str = Field(
        pattern=ORDER_NO, description="The shop's purchase number. The same number is the same endpoint."
    )
    tag: str = Field(
        default="",
        max_length=100,
        description="Only SIMs that carry this tag; empty: any. One that no SIM ever carried is refused with 422.",
        json_schema_extra={"pattern": f"^({TAG.pattern})?$"},
    )
    group: str = Field(default="", max_length=100, description="Group to put the endpoint into; empty: none.")


class Sold(BaseModel):
    """Where an order stands, and the endpoint it got."""

    order: str
    state: OrderState = Field(
        description="Only `done` may be handed over. " + " ".join(f"`{one}`: {SENTENCES[one]}" for one in OrderState)
    )
    iccid: str | None = Field(description="Null while the order has no SIM.")
    endpoint_id: str | None
    endpoint_state: str | None = Field(description="pre_active, active, suspended or terminated.")
    tag: str
    group: str
    lpa: str | None = Field(description="What the buyer scans; null unless the order is done and an LPA is known.")
    message: str


class Problem(BaseModel):
    """One sentence on why there is no answer."""

    message: str


ANSWERS: Mapping[OrderState, int] = {
    OrderState.DONE: 200,
    OrderState.IN_PROGRESS: 202,
    OrderState.SUSPENDED: 409,
    OrderState.ENDED: 410,
    OrderState.NO_STOCK: 409,
    OrderState.EXPIRED: 409,
    OrderState.NEEDS_HUMAN: 409,
    OrderState.CANCELLED: 410,
    OrderState.REFUNDING: 409,
    OrderState.REFUNDED: 410,
}
Responses = dict[int | str, dict[str, Any]]
ALWAYS: Responses = {
    400: {"model": Problem, "description": "No HTTP as it should be, or, without a token, another host is named."},
    401: {"model": Problem, "description": "The bearer token is missing or wrong."},
    408: {"model": Problem, "description": "The request came too slowly."},
    422: {"model": Problem, "description": "The order number is none."},
    500: {"model": Problem, "description": "An internal error. Nothing is lost: send the request again."},
    503: {"model": Problem, "description": "Store or platform do not answer. Nothing is lost: send it again."},
}
SELLING: Responses = ALWAYS | {
    200: {
        "model": Sold,
        "description": "Done. The same order again answers the same while the endpoint is active.",
    },
    202: {"model": Sold, "description": "Still in progress: ask again, or send the same order again."},
    400: {"model": Problem, "description": "The body is not JSON, or names a field twice."},
    409: {"model": Sold, "description": "Nothing to hand over now: `state` and `message` say why."},
    410: {"model": Sold, "description": "Ended, cancelled or refunded: this number sells nothing any more."},
    413: {"model": Problem, "description": "The body is too large."},
    422: {
        "model": Problem,
        "description": "A wrong or unknown field, an unusable group, a tag that no SIM of the account ever carried, "
        "or the number was used for something else.",
    },
}
READING: Responses = ALWAYS | {
    200: {"model": Sold, "description": "Where the order stands: only `done` may be handed over."},
    404: {"model": Problem, "description": "No such order."},
}
QR: Responses = ALWAYS | {
    200: {"content": {"image/png": {}}, "description": "The QR code as PNG."},
    404: {"model": Problem, "description": "No such order, or nothing to hand over: it is not done, or has no LPA."},
}
CANCELLING: Responses = ALWAYS | {
    200: {
        "model": Sold,
        "description": "Cancelled, now or before. A later order of this number sells nothing.",
    },
    409: {"model": Sold, "description": "Something was or may have been sent, so it stays as it was: refund it."},
}
REFUNDING: Responses = ALWAYS | {
    200: {"model": Sold, "description": "Refunded or cancelled, now or before."},
    202: {"model": Sold, "description": "Recorded for good; the endpoint is still being taken out of service."},
    404: {"model": Problem, "description": "No such order; cancelling it keeps a late one from being sold."},
}
HEALTH: Responses = {
    **{code: ALWAYS[code] for code in (400, 408, 500)},
    200: {"description": "Well."},
    503: {"description": "Not well: the login is refused, or the store does not answer."},
}


def shown(order: Order, message: str = "") -> Sold:
    """An order as the service answers it."""
    return Sold(
        order=order.order,
        state=order.state,
        iccid=order.iccid,
        endpoint_id=order.endpoint_id,
        endpoint_state=order.endpoint_state,
        tag=order.tag,
        group=order.group,
        lpa=order.lpa,
        message=message or order.text or SENTENCES[order.state],
    )
