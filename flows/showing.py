"""Shows sales in the Prefect UI, beside the sales and never in their way.

A run joins the sale that this process is at, so it lasts as long as the sale does. When Prefect is slow or away, the
sale goes on alone and is shown later.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, cast

from domain.order import Order, SellRequest
from tasks import selling

_AT_ONCE = 4  # Prefect's SQLite does not like more, and each run costs this process time
_MOST_WAITING = 200
_AWAY_SECONDS = 10.0
_RUN_SECONDS = 900.0

Shown = Callable[[Order, str], None]
Item = tuple[SellRequest, "Future[Order]"]


class Showcase:
    """Runs the flow `sell` for sales of this process, in a thread of its own. `shown` is called in that thread."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._items: asyncio.Queue[Item] = asyncio.Queue()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="prefect-runs", daemon=True)
        self.is_away = False
        self.waiting = 0

    @property
    def has_room(self) -> bool:
        """Whether another sale can be shown soon."""
        return not self.is_away and self.waiting < _MOST_WAITING

    def start(self) -> None:
        """Begin to show sales."""
        self._thread.start()

    def show(self, request: SellRequest, future: "Future[Order]") -> None:
        """Show a sale, if there is room; otherwise it stays without a run and is handed in again later."""
        key = (request.account, request.order)
        if key in selling.begun or not self.has_room:
            return
        selling.begun[key] = future
        self.waiting += 1
        self._loop.call_soon_threadsafe(self._items.put_nowait, (request, future))

    def stop(self) -> None:
        """Show no more; runs under way are given a moment."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_AWAY_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        for _ in range(_AT_ONCE):
            self._loop.create_task(self._work())
        self._loop.run_forever()

    async def _work(self) -> None:
        # Importing Prefect takes a second, and it reads where its API is when it is imported.
        from flows.sell import sell

        while True:
            item = await self._items.get()
            try:
                async with asyncio.timeout(_RUN_SECONDS):
                    state = await cast(Any, sell)(item[0], return_state=True)
                self._tell(item[1], str(state.state_details.flow_run_id))
            except Exception:  # whatever Prefect met, the sale does not depend on it
                await self._pause()
            finally:
                self._forget(item)

    def _tell(self, future: "Future[Order]", run: str) -> None:
        if future.exception() is None and not future.result().is_open:
            self._shown(future.result(), run)

    async def _pause(self) -> None:
        """Leave Prefect alone for a while; what waits is handed in again later."""
        self.is_away = True
        while not self._items.empty():
            self._forget(self._items.get_nowait())
        await asyncio.sleep(_AWAY_SECONDS)
        self.is_away = False

    def _forget(self, item: Item) -> None:
        self.waiting -= 1
        selling.begun.pop((item[0].account, item[0].order), None)
