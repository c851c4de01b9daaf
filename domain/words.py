"""Numbers and errors as people say them."""

from collections.abc import Mapping
from typing import Any


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun: 1 row, 2 rows, 1,000 rows."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def quoted(text: str, longest: int = 60) -> str:
    """Foreign text between quotation marks, as people can read it: nothing unprintable, and no escapes of Python."""
    plain = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return f"'{plain if len(plain) <= longest else plain[:longest] + '…'}'"


def plain_message(error: Mapping[str, Any]) -> str:
    """What one of pydantic's errors says, without its own word for the kind."""
    return str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
