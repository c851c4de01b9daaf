"""Shows how far a run is: a progress artifact for the UI, and a callback for a terminal."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from domain.operation import FINAL, State
from domain.ports import Outlook, Scope
from domain.unfinished import OwedReport
from tasks import resources
from tasks.steps import API_TROUBLE, is_cancelled_in_prefect

_EVERY = 1.0
_API_EVERY = 4  # turns between two words with Prefect, whose SQLite does not like more

listeners: list[Callable[[int, int, Outlook], None]] = []


@asynccontextmanager
async def watched(account: str, change: int, title: str) -> AsyncIterator[None]:
    """Show progress for the length of an async with block, and notice a cancel made in Prefect.

    From its beginning on a report is owed.
    """
    resources.owe_report(OwedReport(account, change, title))
    watcher = asyncio.create_task(_watch(account, change, title))
    try:
        yield
    finally:
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)
        if await is_cancelled_in_prefect():
            # Or the next look for unfinished work would go on with it.
            await resources.current(account).cancel(change)


async def _watch(account: str, change: int, title: str) -> None:
    artifact = await _start(title)
    turn = 0
    try:
        while True:
            done, total, outlook = await _look(account, change)
            for listener in listeners:
                listener(done, total, outlook)
            if turn % _API_EVERY == 0:
                await _tell(artifact, done, total)
                if await is_cancelled_in_prefect():
                    resources.current(account).halt()
            turn += 1
            await asyncio.sleep(_EVERY)
    finally:
        done, total, outlook = await asyncio.shield(_look(account, change))
        for listener in listeners:
            listener(done, total, outlook)
        await asyncio.shield(_tell(artifact, done, total))


async def _look(account: str, change: int) -> tuple[int, int, Outlook]:
    outlook = await resources.current(account).ledger.outlook(Scope(change))
    total = sum(outlook.counts.values())
    return sum(outlook.counts.get(state, 0) for state in FINAL), total, outlook


async def _start(title: str) -> UUID | None:
    try:
        return await acreate_progress_artifact(progress=0.0, description=title)
    except API_TROUBLE:
        return None  # work on the platform does not depend on the UI


async def _tell(artifact: UUID | None, done: int, total: int) -> None:
    if artifact is None or not total:
        return
    try:
        await aupdate_progress_artifact(artifact, progress=round(100 * done / total, 1))
    except API_TROUBLE:
        return


def describe(outlook: Outlook) -> str:
    """One line on where the operations stand."""
    return ", ".join(
        f"{count:,} {state.value.replace('_', ' ')}" for state in State if (count := outlook.counts.get(state))
    )
