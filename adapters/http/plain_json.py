"""Refuses bodies that two readers could understand in two ways, before anything is sold for them."""

import json
from collections.abc import Sequence
from typing import Any

from adapters.http.limits import App, Message, Receive, Send, refuse
from domain.words import quoted

_JSON = b"application/json"


class PlainJson:
    """Answers 400 to JSON that is broken or names a key twice. The body has come in full already (limits.Limits)."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http" or not _is_json(scope["headers"]):
            await self._app(scope, receive, send)
            return
        whole = await receive()
        wrong = problem_of(whole.get("body", b""))
        if wrong:
            await refuse(send, 400, wrong)
            return
        given = iter([whole])

        async def again() -> Message:
            return next(given, None) or await receive()

        await self._app(scope, again, send)


def _is_json(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    return any(name == b"content-type" and value.lower().startswith(_JSON) for name, value in headers)


def problem_of(body: bytes) -> str:
    """What is wrong with a body as JSON, in one sentence; nothing for none at all."""
    if not body.strip():
        return ""
    try:
        json.loads(body, object_pairs_hook=_each_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return f"The body is not JSON: {error.msg} at character {error.pos + 1:,}."
    except _TwiceError as error:
        return f"The body names the field {quoted(str(error))} twice, so it could mean either; nothing was done."
    except (ValueError, RecursionError):
        return "The body is not JSON that could be an order."
    return ""


class _TwiceError(Exception):
    """A key that stands in one object more than once."""


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        raise _TwiceError(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)
