"""CreateBulkEndPoint. The whole route is INVENTED: that the platform has such an API is known, but not its form."""

from functools import partial
from typing import Any
from uuid import uuid4

from adapters.platforms.simulator.sft import codes
from adapters.platforms.simulator.sft.context import Call, Platform, params_of
from adapters.platforms.simulator.sft.creation import create
from adapters.platforms.simulator.sft.envelope import Body, BusinessError, success


def create_bulk(platform: Platform, call: Call) -> Body:
    """POST /CreateBulkEndPoint: create rows one by one; a bad row never stops the others."""
    wanted = wanted_rows(call)
    if platform.config.bulk == "sync":
        return success(text="Bulk done", responseParam={"rows": [create_row(platform, row) for row in wanted]})
    for position, row in enumerate(wanted, start=1):
        platform.later(position * platform.config.bulk_row_seconds, partial(create_row, platform, row))
    return success(text="Bulk accepted", requestId=uuid4().hex)


def wanted_rows(call: Call) -> list[dict[str, Any]]:
    """Return the fields of each endpoint that a call asks for."""
    params = params_of(call)
    rows = params.get("endPoints")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise BusinessError(codes.INCORRECT_FIELD, "Incorrect value for field endPoints")
    common = {"isLinkSIM": "true", **{name: value for name, value in params.items() if name != "endPoints"}}
    return [{**common, **row} for row in rows]


def create_row(platform: Platform, row: dict[str, Any]) -> dict[str, Any]:
    """Create one row's endpoint, and return the row that the answer has for it."""
    iccid = str(row.get("iccid", "-"))
    try:
        endpoint = create(platform, row)
    except BusinessError as error:
        return {"iccid": iccid, "endPointId": "-", "resultCode": error.code, "resultDescription": error.text}
    return {"iccid": iccid, "endPointId": endpoint.id, "resultCode": codes.SUCCESS, "resultDescription": "Success"}
