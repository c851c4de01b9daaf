"""Stacuity's envelope and what an answer means. Source: docs/platforms.md, Stacuity."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from adapters.platforms.stacuity.fields import folded
from adapters.platforms.texts import clean
from adapters.platforms.transport import Reply

NOT_FOUND = "record not found"
_TEXT_LENGTH = 1000  # the store keeps no more
# By these statuses alone the platform says that it did nothing.
_REFUSING = frozenset({400, 403, 404, 405, 409, 413, 415, 422})


class Meaning(StrEnum):
    """How the client must take an answer."""

    SUCCESS = "success"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    THROTTLED = "throttled"
    BAD_TOKEN = "bad_token"  # noqa: S105 - a word, not a token
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer, understood. There are no error codes, so `text` is all that the platform says."""

    meaning: Meaning
    text: str = ""
    data: Any = None
    total: int | None = None
    limit: int | None = None
    offset: int | None = None
    status: int = 0


def read(reply: Reply) -> Reading:
    """Understand one answer: good only when the status is 2xx, the body parses and `success` is true."""
    body = folded(reply.body or {})
    success = body.get("success")
    text = clean("; ".join(_messages(body)), length=_TEXT_LENGTH)
    return Reading(
        meaning=_meaning(reply.status, success, text),
        text=text or (f"http {reply.status}{reply.oddity}" if success is not True else ""),
        data=body.get("data"),
        total=_count(body.get("totalitems")),
        limit=_count(body.get("limit")),
        offset=_count(body.get("offset")),
        status=reply.status,
    )


def _meaning(status: int, success: object, text: str) -> Meaning:
    if status == 429:
        return Meaning.THROTTLED
    if status == 401:
        return Meaning.BAD_TOKEN
    good = 200 <= status < 300
    if good and success is True:
        return Meaning.SUCCESS
    if status == 404 or ((good or status in _REFUSING) and text.lower() == NOT_FOUND):
        return Meaning.NOT_FOUND
    if (good and success is False) or (status in _REFUSING and success is not True):
        return Meaning.REFUSED
    return Meaning.AMBIGUOUS


def _messages(body: Mapping[str, Any]) -> list[str]:
    """The envelope's texts, or those of a problem-details object, which a malformed body may be answered with."""
    listed = body.get("messages")
    if isinstance(listed, list):
        return [str(message) for message in listed if message]
    errors = body.get("errors")
    details = [f"{name}: {_joined(value)}" for name, value in errors.items()] if isinstance(errors, dict) else []
    return [str(part) for part in (body.get("title"), *details) if part]


def _joined(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
