"""Sends operations, a stretch at a time, and settles what stayed in doubt."""

import asyncio

from domain.ports import Outlook, Scope
from tasks import resources
from tasks.steps import step

_LOOK_AGAIN = 1.0


@step("log in", "log in to {account}")
async def log_in(account: str) -> None:
    """Check address and credentials before anything is changed."""
    platform = resources.current(account).platform
    platform.check_writes()
    await platform.login()


@step("carry out", "{label} {first} to {last}")
async def carry_out_chunk(account: str, change: int, first: int, last: int, label: str) -> None:  # noqa: ARG001
    """Send what is ready between two positions of a change."""
    session = resources.current(account)
    # Positions are counted from 0 in the store and from 1 by people.
    await session.executor().run(Scope(change, first - 1, last - 1))


@step("bulk create", "create in bulk {first} to {last}")
async def create_in_bulk(account: str, change: int, first: int, last: int) -> None:
    """Create with the platform's bulk call what is ready between two positions, if the account has such a call."""
    session = resources.current(account)
    creator = session.bulk_creator()
    if creator is not None:
        await creator.run(Scope(change, first - 1, last - 1))


@step("settle", "settle what is left of {label}")
async def settle_rest(account: str, change: int, label: str) -> None:  # noqa: ARG001
    """Look up what is in doubt and send what became ready, until everything is final or nothing more can be done.

    Waits for other processes that work on the same change, and takes over from those that died.
    """
    session = resources.current(account)
    scope = Scope(change)
    while not session.stop.is_set():
        await session.settler.settle_due(scope)
        await session.executor().run(scope)
        outlook = await session.ledger.outlook(scope)
        if outlook.cancelled:
            session.halt()
        if _is_over(outlook):
            return
        # What is still ready now must wait for a place that another process holds.
        await _pause(session.stop, outlook)


def _is_over(outlook: Outlook) -> bool:
    """Nothing is under way or in doubt; what is still planned waits for something that was refused."""
    return not outlook.waiting and not outlook.ready


async def _pause(stop: asyncio.Event, outlook: Outlook) -> None:
    until = outlook.next_at - outlook.now if outlook.next_at is not None else _LOOK_AGAIN
    try:
        await asyncio.wait_for(stop.wait(), min(max(until, 0.05), _LOOK_AGAIN))
    except TimeoutError:
        return


@step("prepare tags", "make the tags known")
async def prepare_tags(account: str, change: int) -> int:
    """Create on the platform the tags that no endpoint carries there yet, and return how many."""
    session = resources.current(account)
    tags = await session.new_tags(change)
    for tag in tags:
        if not session.stop.is_set():
            # A refusal mostly means that the tag exists; attaching it will tell.
            await session.platform.prepare_tag(tag)
    return len(tags)
