"""Sends operations, a stretch at a time, and settles what stayed in doubt."""

from domain.finish import finish
from domain.ports import Scope
from tasks import resources
from tasks.steps import step
from tasks.survey import look_again


@step("log in", "log in to {account}")
async def log_in(account: str) -> None:
    """Check that the account may write, its address and its credentials, before anything is changed."""
    session = resources.current(account)
    await session.check_not_stopped()
    session.platform.check_writes()
    await session.platform.login()


@step("carry out", "{label} {first} to {last}")
async def carry_out_chunk(account: str, change: int, first: int, last: int, label: str) -> None:  # noqa: ARG001
    """Send what is ready between two positions of a change."""
    session = resources.current(account)
    await look_again(session, change, first=first, last=last)
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
    await finish(
        Scope(change),
        ledger=session.ledger,
        settler=session.settler,
        executor=session.executor,
        stop=session.stop,
        halt=session.halt,
    )


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
