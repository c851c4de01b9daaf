"""What platforms say in words and headers, made safe to keep and ready to use."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECRET = re.compile(r"eyJ[\w-]+\.[\w-]+\.?[\w-]*|[Bb]earer\s+\S+")
# What steers a terminal: sequences that begin with an escape character, or with the one character that stands for two.
_STEERING = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?")
# What acts in a page: the characters that begin a tag, a link, a cell or a stretch of code, and what looks like each.
_ACTING = str.maketrans("<>[]`|", "\u2039\u203a()'\u00a6")
_LOST = "\ufffd"


def clean(text: str, *, length: int = 300) -> str:
    """A platform's text, made safe where it is read: whatever shows it later need not think of it.

    It is short, on one line, without what looks like a token, and nothing in it steers a terminal or acts in a page.
    """
    line = " ".join(_STEERING.sub("", text).split())
    if not line.isprintable():
        line = "".join(character if character.isprintable() else _LOST for character in line)
    return _SECRET.sub("***", line).translate(_ACTING)[:length]


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds to wait from a Retry-After header in either form, or None when it is missing or useless."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        seconds = _until(header, now or datetime.now(UTC))
    return seconds if 0 < seconds < float("inf") else None


def _until(header: str, now: datetime) -> float:
    try:
        return (parsedate_to_datetime(header) - now).total_seconds()
    except (ValueError, TypeError):
        return 0.0
