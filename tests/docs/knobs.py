"""Settings as a table shows them: name, type, default and bounds, read from the pydantic models."""

import json
from typing import Any, NamedTuple

from pydantic import BaseModel

_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "table",
}


class Knob(NamedTuple):
    """One row of a settings table, without its meaning."""

    name: str
    type: str
    default: str
    bounds: str


def knobs(model: type[BaseModel]) -> list[Knob]:
    """Every setting of a model, in its order."""
    schema = model.model_json_schema()
    needed = schema.get("required", [])
    return [_knob(name, field, schema, name in needed) for name, field in schema["properties"].items()]


def _knob(name: str, field: dict[str, Any], schema: dict[str, Any], needed: bool) -> Knob:
    core = _core(field, schema)
    default = "required" if needed else _default(field.get("default", core.get("default")), core)
    return Knob(f"`{name}`", _type(core), default, _bounds(core))


def _core(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of the value itself, without "or nothing" and with references followed."""
    parts = [part for part in field.get("anyOf", [field]) if part.get("type") != "null"]
    core: dict[str, Any] = parts[0]
    return schema["$defs"][core["$ref"].rpartition("/")[2]] if "$ref" in core else core


def _type(core: dict[str, Any]) -> str:
    if core.get("writeOnly"):
        return "secret"
    if "enum" in core:
        return " or ".join(f"`{value}`" for value in core["enum"])
    return "path" if core.get("format") == "path" else _WORDS[core["type"]]


def _default(value: Any, core: dict[str, Any]) -> str:
    if value is None or value in ("", {}, []) or core.get("writeOnly") or core["type"] == "object":
        return "none"
    return f"`{json.dumps(value)}`"


def _bounds(core: dict[str, Any]) -> str:
    said = [_range(core, "minimum", "maximum", "exclusiveMinimum"), _of_length(core)]
    if "pattern" in core:
        said.append(f"`{core['pattern']}`")
    items = core.get("items", {})
    if "minimum" in items:
        said.append(f"each {_range(items, 'minimum', 'maximum', 'exclusiveMinimum')}")
    return ", ".join(filter(None, said))


def _of_length(core: dict[str, Any]) -> str:
    length = _range(core, "minLength", "maxLength", "")
    return {"": "", "at least 1": "not empty"}.get(length, f"{length} characters")


def _range(core: dict[str, Any], least: str, most: str, above: str) -> str:
    low, high, over = core.get(least), core.get(most), core.get(above)
    if over is not None:
        return f"above {over:,}" + (f", at most {high:,}" if high is not None else "")
    if low is not None and high is not None:
        return f"{low:,} to {high:,}"
    if low is not None:
        return f"at least {low:,}"
    return f"at most {high:,}" if high is not None else ""
