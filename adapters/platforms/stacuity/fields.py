"""Reads fields of Stacuity's objects by name, in whatever letter case and nesting they come.

The platform's paths and the vendor's own code write one name in two cases; references come as objects, texts or flat.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.platforms.texts import clean
from domain.endpoint import usable_id


def folded(row: Mapping[str, Any]) -> dict[str, Any]:
    """The object with its names in lower case. Of two that differ in case alone, one that holds something counts."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if found.get(key := str(name).lower()) is None:
            found[key] = value
    return found


def text(value: object) -> str | None:
    """A text, cleaned, or a whole number as one; None for anything else and for nothing."""
    return exact(value) and (clean(exact(value) or "") or None)


def exact(value: object) -> str | None:
    """The same as it stands, for what is written back or compared."""
    if isinstance(value, bool | float) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def rows(value: object) -> Iterator[Any]:
    """The items of a list; none of anything else."""
    yield from value if isinstance(value, list) else ()


def moniker(value: object) -> str | None:
    """What a reference or a lookup is called by: its moniker, or the text that it is."""
    return text(folded(value).get("moniker")) if isinstance(value, dict) else text(value)


def shows(row: Mapping[str, Any], name: str) -> bool:
    """Whether a folded object says anything of a reference, were it that there is none."""
    return any(f"{name}{part}" in row for part in ("", "id", "moniker", "name"))


def reference(row: Mapping[str, Any], name: str) -> str | None:
    """What a folded object calls another by: from its own field or else from the flat ones, moniker before id."""
    inner = row.get(name)
    if isinstance(inner, dict):
        whole = folded(inner)
        return text(whole.get("moniker")) or usable_id(whole.get("id"))
    flat = text(row.get(f"{name}moniker")) or usable_id(row.get(f"{name}id")) or text(row.get(f"{name}name"))
    return text(inner) or flat
