"""The groups that endpoints are put into: each name stands for one id, from its first use on, for whoever uses it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from domain.errors import PlatformUnreachable, UnknownGroup, UnusableGroup
from domain.groups import Target, check_pin, check_target, newcomers, who_has_apn
from domain.ports import ReadFailed

if TYPE_CHECKING:
    from tasks.resources.session import Session


async def find_group(session: "Session", name: str) -> Target:
    """The group of this name, which must stand for the same id as when it was first used, by whatever plan or sale.

    Raises UnknownGroup, UnusableGroup, PlatformUnreachable.
    """
    from adapters.store import pins

    if not session.account.capabilities.has_groups:
        target = await session.platform.pin_group(name)
        words = session.account.group(name).words()
        check_target(name, await session.store.awrite(pins.pin_target, session.name, name, words), words)
        return target
    known = await session.store.awrite(pins.pinned, session.name, name)
    with _read(name):
        target = await session.platform.pin_group(name, group_id=known)
    if target.id:
        check_pin(name, await session.store.awrite(pins.pin, session.name, name, target.id), target.id)
        # A name of the settings and the platform's own name are one group, whichever is used later.
        await session.store.awrite(
            pins.pin, session.name, session.account.group(name).endpoint_group or name, target.id
        )
    return target


async def learn_group(session: "Session", name: str) -> bool:
    """Find the group of a name that was never used here, and say whether that was so. What is wrong is told later."""
    from adapters.store import pins

    if not session.account.capabilities.has_groups:
        return False
    if await session.store.awrite(pins.pinned, session.name, name) is not None:
        return False
    with suppress(UnknownGroup, UnusableGroup):
        await find_group(session, name)
    return True


async def look_at_group(session: "Session", name: str) -> Target:
    """A group that was found before, as it is now.

    Raises UnknownGroup, UnusableGroup, PlatformUnreachable.
    """
    with _read(name):
        return await session.platform.look_at_group(name)


async def known_group(session: "Session", name: str) -> Target:
    """The group that is meant by what was planned under a name: the id that is kept for it, whatever it means by now.

    Raises UnknownGroup, UnusableGroup, PlatformUnreachable.
    """
    from adapters.store import pins

    if not session.account.capabilities.has_groups:
        return await session.platform.pin_group(name)  # it stands for what is kept, whatever the settings say by now
    if await session.store.awrite(pins.pinned, session.name, name) is None:
        return await find_group(session, name)
    with _read(name):
        return await session.platform.pin_group(name)


async def check_groups_of(session: "Session", change: int) -> None:
    """Hold a change that was left with groups that take no endpoints any more, before anything is sent for it.

    Raises UnknownGroup, UnusableGroup, PlatformUnreachable.
    """
    from adapters.store import pins

    for name in await session.store.awrite(pins.used_by, change):
        await known_group(session, name)


async def addresses_wanted(session: "Session", target: Target, origins: Mapping[str, int]) -> int:
    """How many addresses endpoints would newly use in a group; `origins` counts them by the group that they are in.

    Raises PlatformUnreachable.
    """
    from adapters.store import pins

    wanted = newcomers(target, origins)
    if target.has_room(wanted) or not any(origins):
        return wanted
    with _read(target.name):
        groups = await session.platform.groups()
    return newcomers(target, origins, groups, await session.store.awrite(pins.all_pinned, session.name))


async def explain_secondary(session: "Session", name: str, origins: Mapping[str, int]) -> str:
    """Where the name is that of an associated secondary group: how many of the endpoints have its APN already."""
    from adapters.store import pins

    try:
        named = await session.platform.group(session.account.group(name).endpoint_group or name)
        primary = await session.platform.group(named.primary) if named.primary is not None else None
    except (ReadFailed, UnknownGroup):
        return ""
    if primary is None or not origins:
        return ""
    return f" {who_has_apn(primary, origins, await session.store.awrite(pins.all_pinned, session.name))}"


@contextmanager
def _read(name: str) -> Iterator[None]:
    try:
        yield
    except ReadFailed as error:
        raise PlatformUnreachable(f"The group {name!r} cannot be read: {error}; nothing was changed.") from None
