"""Looks at the groups of an account, and makes new ones. Nothing here needs Prefect."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from domain.errors import PlatformUnreachable, UsageError
from domain.groups import Draft, Group
from domain.ports import GroupKeeper, ReadFailed
from tasks import resources

T = TypeVar("T")


def groups(account: str) -> list[Group]:
    """Every group of the account."""
    return _ask(account, lambda keeper: keeper.groups())


def group(account: str, name: str) -> Group:
    """One group, by its name in the settings, its moniker or its id. Raises UnknownGroup."""
    return _ask(account, lambda keeper: keeper.group(_on_the_platform(account, name)))


def _on_the_platform(account: str, name: str) -> str:
    """What a name of the settings is called on a platform that has groups."""
    _, options = resources.account(account)
    return (options.group(name).endpoint_group or name) if options.capabilities.has_groups else name


def check_group(account: str, draft: Draft) -> None:
    """Check a new group without making it. Raises UsageError."""
    _, options = resources.account(account)
    if not options.capabilities.has_groups:
        raise UsageError(
            f"The platform of account {account} has no groups; write {draft.moniker!r} into the settings, as a target."
        )
    _ask(account, lambda keeper: keeper.check_draft(draft))


def create_group(account: str, draft: Draft) -> Group:
    """Make a group. Raises UsageError, Refused, Stopped."""
    return _ask(account, lambda keeper: keeper.create_group(draft))


def associate(account: str, primary: str, secondary: str) -> Group:
    """Give a primary group a secondary one. Raises UsageError, Refused, Stopped."""
    names = (_on_the_platform(account, primary), _on_the_platform(account, secondary))
    return _ask(account, lambda keeper: keeper.associate(*names))


def _ask(account: str, question: Callable[[GroupKeeper], Awaitable[T]]) -> T:
    return asyncio.run(_asked(account, question))


async def _asked(account: str, question: Callable[[GroupKeeper], Awaitable[T]]) -> T:
    async with resources.session(account) as session:
        await session.platform.login()
        try:
            return await question(session.platform)
        except ReadFailed as error:
            raise PlatformUnreachable(f"The platform did not show its groups: {error}.") from None
