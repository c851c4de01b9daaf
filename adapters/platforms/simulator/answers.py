"""Replies written as HTTP responses."""

import json
import time
from email.utils import formatdate

from aiohttp import web

from adapters.platforms.simulator.sft.envelope import Reply, rate_limited

DATE_AHEAD_SECONDS = 5


def written(reply: Reply, headers: dict[str, str] | None = None) -> web.Response:
    """Return a reply as JSON."""
    return web.Response(body=encoded(reply), status=reply.status, headers=headers, content_type="application/json")


def encoded(reply: Reply) -> bytes:
    """Return the JSON text of a reply."""
    return json.dumps(reply.body).encode()


def throttled(form: str, retry_after: str | None) -> web.Response:
    """Return the refusal of a request that came too fast, with the wished Retry-After header."""
    if retry_after == "date":
        retry_after = formatdate(time.time() + DATE_AHEAD_SECONDS, usegmt=True)
    return written(rate_limited(form), {"Retry-After": retry_after} if retry_after is not None else None)
