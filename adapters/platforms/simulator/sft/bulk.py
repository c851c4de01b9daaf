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
    params = params_of(call)
    rows = params.get("endPoints")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise BusinessError(codes.INCORRECT_FIELD, "Incorrect value for field endPoints")
    common = {"isLinkSIM": "true", **{name: value for name, value in params.items() if name != "endPoints"}}
    wanted = [{**common, **row} for row in rows]
    if platform.config.bulk == "sync":
        return success(text="Bulk done", responseParam={"rows": [_create_row(platform, row) for row in wanted]})
    for position, row in enumerate(wanted, start=1):
        platform.later(position * platform.config.bulk_row_seconds, partial(_create_row, platform, row))
    return success(text="Bulk accepted", requestId=uuid4().hex)


def _create_row(platform: Platform, row: dict[str, Any]) -> dict[str, Any]:
    iccid = str(row.get("iccid", "-"))
    try:
        endpoint = create(platform, row)
    except BusinessError as error:
        return {"iccid": iccid, "endPointId": "-", "resultCode": error.code, "resultDescription": error.text}
    return {"iccid": iccid, "endPointId": endpoint.id, "resultCode": codes.SUCCESS, "resultDescription": "Success"}
