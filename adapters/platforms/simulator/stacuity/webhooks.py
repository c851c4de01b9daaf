"""Sends events to the handlers that event maps subscribe: fire and forget, in order for each endpoint and handler."""

import asyncio
import base64
from collections.abc import Iterable

import aiohttp

from adapters.platforms.simulator.stacuity import shapes
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.model import Event, EventMap, Handler

_RETRIES = 20
_RETRY_SECONDS = 0.2
_EVERY_THIRD = 3


class Webhooks:
    """Delivers what the account tells. Events are recorded whether or not anything is delivered."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self._queues: dict[tuple[str | None, str], asyncio.Task[None]] = {}
        self._session: aiohttp.ClientSession | None = None
        self._told = 0

    async def close(self) -> None:
        """Drop what was not delivered."""
        waiting = list(self._queues.values())
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def take(self, event: Event) -> None:
        """Deliver an event to every handler that is subscribed to it."""
        self._told += 1
        if not self.estate.maps:
            return
        if "lost_events" in self.estate.behaviours and self._told % _EVERY_THIRD == 0:
            return
        times = 2 if "duplicate_events" in self.estate.behaviours else 1
        for handler in self._handlers(event):
            for _ in range(times):
                self._queue(event, handler)

    def test(self, handler: Handler) -> None:
        """Send the test call of the portal."""
        self._start((None, handler.id), handler, {"message": "webhook test"})

    def _handlers(self, event: Event) -> Iterable[Handler]:
        wanted = {
            handler_id
            for event_map in self._maps(event)
            for _, handler_id, kind in event_map.subscriptions
            if kind == event.type.lower()
        }
        return [self.estate.handlers[one] for one in sorted(wanted) if one in self.estate.handlers]

    def _maps(self, event: Event) -> Iterable[EventMap]:
        """Maps of the whole account, of the group's VSlice, and of the group itself."""
        estate = self.estate
        endpoint = estate.endpoints.get(event.endpoint_id or "")
        group = estate.groups.get(endpoint.group or "") if endpoint is not None else None
        yield from (one for one in estate.maps.values() if one.scope == "global")
        if group is not None:
            for map_id in (group.event_map, estate.vslices[group.vslice].event_map):
                if map_id is not None:
                    yield estate.maps[map_id]

    def _queue(self, event: Event, handler: Handler) -> None:
        self._start((event.endpoint_id, handler.id), handler, shapes.event(event))

    def _start(self, key: tuple[str | None, str], handler: Handler, body: dict[str, object]) -> None:
        task = asyncio.get_running_loop().create_task(self._after(self._queues.get(key), handler, body))
        self._queues[key] = task
        task.add_done_callback(lambda done: self._queues.pop(key) if self._queues.get(key) is done else None)

    async def _after(self, before: "asyncio.Task[None] | None", handler: Handler, body: dict[str, object]) -> None:
        if before is not None:
            await asyncio.gather(before, return_exceptions=True)
        for _ in range(_RETRIES if "retry" in self.estate.behaviours else 1):
            if await self._post(handler, body):
                return
            await asyncio.sleep(_RETRY_SECONDS)

    async def _post(self, handler: Handler, body: dict[str, object]) -> bool:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        timeout = aiohttp.ClientTimeout(total=handler.timeout)
        try:
            async with self._session.post(handler.url, json=body, headers=_headers(handler), timeout=timeout) as answer:
                return answer.status < 300
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False


def _headers(handler: Handler) -> dict[str, str]:
    if handler.bearer_token:
        return {"Authorization": f"Bearer {handler.bearer_token}"}
    if handler.username:
        pair = base64.b64encode(f"{handler.username}:{handler.password or ''}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {}
