"""Keeps the state file up to date while the simulator runs."""

import asyncio
import contextlib
from pathlib import Path

from adapters.platforms.simulator.engine import Engine
from adapters.platforms.simulator.persistence import save_state, snapshot

INTERVAL_SECONDS = 0.8  # writing takes time too, and nothing may be older than a second


class Saver:
    """Writes the state within a second of a change, and once more at the end."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path = path
        self._saved: tuple[int, int] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch for changes."""
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Stop watching and write what is not written yet."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._save_if_changed()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            await self._save_if_changed()

    async def _save_if_changed(self) -> None:
        world = self._engine.world
        mark = (id(world), world.version)
        if mark != self._saved:
            await asyncio.to_thread(save_state, snapshot(world), self._path)
            self._saved = mark
