"""Whether an answer is to what was asked: nothing that names another object, or another page, is believed."""

import re

from adapters.platforms.stacuity.fields import exact, folded, text
from adapters.platforms.stacuity.wire import Reading

_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def names_another(data: object, key: str) -> str:
    """What shows that an answer is about something else than what the key is of; empty where nothing does."""
    named = list(_names(data))
    if not named or key.casefold() in (name.casefold() for name in named):
        return ""
    return f"the platform answered with another object ({text(named[0])})"


def _names(data: object) -> list[str]:
    """The id and the moniker of an object, or an id that stands alone; other texts name nothing."""
    if isinstance(data, dict):
        fields = folded(data)
        return [name for name in (exact(fields.get("id")), exact(fields.get("moniker"))) if name]
    return [data] if isinstance(data, str) and _ID.fullmatch(data) else []


def is_another_page(reading: Reading, offset: int) -> str:
    """What shows that a list does not begin where it was asked to; empty where nothing does."""
    if reading.offset in (None, offset):
        return ""
    return f"the platform answered with the rows from {reading.offset:,} on instead of {offset:,}"
