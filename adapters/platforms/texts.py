"""What platforms say in words and headers, made safe to keep and ready to use."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECRET = re.compile(r"eyJ[\w-]+\.[\w-]+\.?[\w-]*|[Bb]earer\s+\S+")


def clean(text: str, *, length: int = 300) -> str:
    """A platform's text, short, on one line and without anything that looks like a token."""
    return _SECRET.sub("***", " ".join(text.split()))[:length]


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
