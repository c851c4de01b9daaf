"""Tags: createTag of set A and the three endpoint tag calls of set B, over one table."""

import re
from typing import Any

from adapters.platforms.simulator.model import Endpoint
from adapters.platforms.simulator.sft import codes
from adapters.platforms.simulator.sft.context import Call, Platform
from adapters.platforms.simulator.sft.envelope import Body, BusinessError, success

_ALLOWED = re.compile(r"[A-Za-z0-9_-]{1,100}")


def create_tag(platform: Platform, call: Call) -> Body:
    """POST /createTag: one tag or a list, all or none; attaching is a separate call."""
    wanted = _section(call, "tagInfo").get("createTag")
    tags = [_checked(tag) for tag in (wanted if isinstance(wanted, list) else [wanted])]
    names = [name for name, _ in tags]
    if not tags or len(set(names)) < len(names):
        raise BusinessError(codes.INCORRECT_FIELD, "Incorrect value for field createTag")
    if any(name in platform.world.tags for name in names):
        raise BusinessError(codes.TAG_EXISTS, "Tag name already exists")
    made = [platform.world.create_tag(name, description) for name, description in tags]
    return success(codes.TAG_CREATED, "Tag created", **({"tagId": made[0].id} if len(made) == 1 else {}))


def create_endpoint_tag(platform: Platform, call: Call) -> Body:
    """POST /createEndpointTag: create the tag when it is new, and attach it."""
    info = _section(call, "endpointTagInfo")
    name = _name(info.get("tagName"), "tagName")
    endpoint = _endpoint(platform, info, codes.ENDPOINT_TAG_NOT_CREATED)
    if name in endpoint.tags:
        raise BusinessError(codes.ENDPOINT_TAG_NOT_CREATED, "Endpoint already has this tag")
    if name not in platform.world.tags:
        platform.world.create_tag(name)
    platform.world.tag(endpoint, name)
    return success(codes.ENDPOINT_TAG_CREATED, "Endpoint tag created")


def get_endpoint_tags(platform: Platform, call: Call) -> Body:
    """GET /GetEndpointTag: of one endpoint, or of all."""
    replica, endpoint_id = platform.world.replica, call.query.get("endpointId")
    one = replica.endpoint(endpoint_id) if endpoint_id else None
    if endpoint_id and one is None:
        raise BusinessError(codes.ENDPOINT_TAG_NOT_GOT, "Endpoint not found")
    rows = [
        {"endpointId": endpoint.id, "tagId": platform.world.tags[name].id, "tagName": name}
        for endpoint in ([one] if one else replica.endpoints())
        for name in endpoint.tags
    ]
    return success(codes.ENDPOINT_TAG_GOT, "Endpoint tags", responseParam={"rows": rows})


def delete_endpoint_tag(platform: Platform, call: Call) -> Body:
    """POST /deleteEndpointTag"""
    info = _section(call, "endpointTagInfo")
    endpoint = _endpoint(platform, info, codes.INCORRECT_FIELD)
    name = info.get("tagName")
    if not isinstance(name, str) or name not in endpoint.tags:
        raise BusinessError(codes.INCORRECT_FIELD, "Endpoint does not have this tag")
    platform.world.untag(endpoint, name)
    return success(text="Endpoint tag deleted")


def _section(call: Call, name: str) -> dict[str, Any]:
    section = call.body.get(name)
    if not isinstance(section, dict):
        raise BusinessError(codes.INCORRECT_FIELD, f"Incorrect value for field {name}")
    return section


def _checked(tag: Any) -> tuple[str, str]:
    if not isinstance(tag, dict):
        raise BusinessError(codes.INCORRECT_FIELD, "Incorrect value for field createTag")
    description = tag.get("tagDescription") or ""
    return _name(tag.get("tagName"), "tagName"), _name(description, "tagDescription") if description else ""


def _name(value: Any, field: str) -> str:
    if not isinstance(value, str) or not _ALLOWED.fullmatch(value):
        raise BusinessError(codes.INCORRECT_FIELD, f"Incorrect value for field {field}")
    return value


def _endpoint(platform: Platform, info: dict[str, Any], code: str) -> Endpoint:
    endpoint = platform.world.endpoints.get(str(info.get("endpointId")))
    if endpoint is None:
        raise BusinessError(code, "Endpoint not found")
    return endpoint
