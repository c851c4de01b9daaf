"""The request journal: what clients sent, with secrets masked."""

import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

KEPT = 20_000
_MASK = "***"
_SECRET_HEADERS = frozenset({"x-authorization", "authorization", "cookie", "proxy-authorization"})
_SECRET_FIELDS = frozenset({"password", "accesstoken", "refreshtoken", "activationcode", "bearertoken"})


@dataclass(slots=True)
class Record:
    """One request; it is made readable only when somebody asks, since most are never looked at."""

    time: float
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    status: int | None = None
    fault: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the request as the admin door shows it; no status means that no answer was sent."""
        return {
            "time": round(self.time, 6),
            "method": self.method,
            "path": self.path,
            "headers": {name: _masked_header(name, value) for name, value in self.headers.items()},
            "body": _masked_body(self.body),
            "status": self.status,
            "fault": self.fault,
        }


class Journal:
    """The last requests in the order in which they came."""

    def __init__(self, *, on: bool = True, clock: Callable[[], float] = time.time) -> None:
        self.on = on
        self._clock = clock
        self._records: deque[Record] = deque(maxlen=KEPT)

    def open(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Record:
        """Note a request as it comes in; its status is filled in later."""
        record = Record(self._clock(), method, path, headers, body)
        if self.on:
            self._records.append(record)
        return record

    def entries(self) -> list[dict[str, Any]]:
        """Return all kept requests, oldest first."""
        return [record.as_json() for record in self._records]

    def clear(self) -> None:
        """Forget all requests."""
        self._records.clear()


def _masked_header(name: str, value: str) -> str:
    if name.lower() not in _SECRET_HEADERS:
        return value
    return f"Bearer {_MASK}" if value.startswith("Bearer ") else _MASK


def _masked_body(body: bytes) -> Any:
    if not body:
        return None
    try:
        return _masked(json.loads(body))
    except ValueError:
        return f"<{len(body)} bytes that are not JSON>"


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _MASK if key.lower() in _SECRET_FIELDS else _masked(item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list) else value
