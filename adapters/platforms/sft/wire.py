"""SFT's envelope and codes, and what they mean. Codes are compared as text. Source: docs/platforms.md, SFT."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from adapters.platforms.sft.naming import About
from adapters.platforms.texts import clean
from adapters.platforms.transport import Reply

ALREADY = frozenset({"2507", "1254"})
NOTHING_ATTACHED = "6420"  # done before when a SIM is taken away, a refusal otherwise
EXPIRED = frozenset({"401"})
BAD_LOGIN = frozenset({"10126", "11044"})
VERIFY = frozenset({"10239", "10240"})  # the server goes on; look before doing anything else
EMPTY = frozenset({"1359", "1340", "1000"})
_TIMEOUT = re.compile(r"\btime[d-]?[ -]?out\b")


class Meaning(StrEnum):
    """How the client must take an answer."""

    SUCCESS = "success"
    ALREADY = "already"
    EXPIRED = "expired"
    THROTTLED = "throttled"
    AMBIGUOUS = "ambiguous"
    EMPTY = "empty"
    REFUSED = "refused"
    BAD_LOGIN = "bad_login"


@dataclass(frozen=True, slots=True)
class Write:
    """One writing request, and what its answer may name."""

    path: str
    body: Mapping[str, Any]
    about: About = field(default_factory=About)


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer, understood."""

    meaning: Meaning
    code: str
    text: str
    response_id: str
    response: Mapping[str, Any]


def read(reply: Reply) -> Reading:
    """Understand one answer: the envelope first, then the inner code, then the HTTP status."""
    response = reply.body.get("Response") if reply.body is not None else None
    if not isinstance(response, dict):
        text = f"no usable answer{reply.oddity}"
        return Reading(_without_envelope(reply.status), f"http {reply.status}", text, "", {})
    inner = response.get("resultParam")
    inner = inner if isinstance(inner, dict) else {}
    outer, code = _text(response.get("resultCode")), _text(inner.get("resultCode"))
    text = clean(_text(inner.get("resultDescription")))
    meaning = _meaning(reply.status, outer, code, text)
    return Reading(meaning, clean(code or outer)[:40], text, clean(_text(response.get("responseId")))[:100], response)


def _meaning(status: int, outer: str, code: str, text: str) -> Meaning:
    lowered = text.lower()
    if status == 429 or ("rate limit" in lowered and outer != "0"):
        return Meaning.THROTTLED
    if status == 401 or outer in EXPIRED or code in EXPIRED or "authorization failed" in lowered:
        return Meaning.EXPIRED
    if code in VERIFY or (outer != "0" and _TIMEOUT.search(lowered)):
        return Meaning.AMBIGUOUS
    if status >= 500:
        return Meaning.AMBIGUOUS
    if outer == "0":
        # 202 promises, 207 mixes, anything else contradicts: a yes counts only with the status of a yes.
        return Meaning.SUCCESS if status in (200, 201) else Meaning.AMBIGUOUS
    if code in ALREADY:
        return Meaning.ALREADY
    if code in EMPTY:
        return Meaning.EMPTY
    if code in BAD_LOGIN:
        return Meaning.BAD_LOGIN
    return Meaning.REFUSED if outer == "1" else _without_envelope(status)


def _without_envelope(status: int) -> Meaning:
    if status == 429:
        return Meaning.THROTTLED
    if status == 401:
        return Meaning.EXPIRED
    # Only these say by themselves that the platform refused before acting.
    return Meaning.REFUSED if status in (400, 403, 404, 405, 413, 415, 422) else Meaning.AMBIGUOUS


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)
