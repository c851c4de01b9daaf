"""When what an answer does not show may be taken as not there: only after such an answer was seen to show something."""

import time
from collections.abc import Awaitable, Callable

from domain.controls import Controls
from domain.errors import StoreUnavailable
from domain.lifecycle import Kind
from domain.ports import ReadFailed, ReadStopped

_REST_SECONDS = 60.0  # a control that showed nothing is not read again at each look-up


class Absence:
    """Remembers for this process what answers were seen to show, and else looks at endpoints that must show it."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._seen: set[Kind] = set()
        self._not_before: dict[Kind, float] = {}

    def saw(self, kind: Kind) -> None:
        """An answer showed a change of this kind."""
        self._seen.add(kind)

    async def proves(self, kind: Kind, look: Callable[[str], Awaitable[object]]) -> bool:
        """Whether an answer without a change of this kind is evidence. `look` reads one endpoint and reports by `saw`.

        Raises ReadStopped.
        """
        if kind not in self._seen and time.monotonic() >= self._not_before.get(kind, 0.0):
            await self._try(kind, look)
        return kind in self._seen

    async def _try(self, kind: Kind, look: Callable[[str], Awaitable[object]]) -> None:
        try:
            controls = await self._controls.of(kind)
        except StoreUnavailable:  # nothing is proven meanwhile, and the next look-up asks again
            return
        for endpoint_id in controls:
            try:
                await look(endpoint_id)
            except ReadStopped:
                raise
            except ReadFailed:
                continue
            if kind in self._seen:
                return
        self._not_before[kind] = time.monotonic() + _REST_SECONDS
