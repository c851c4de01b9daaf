"""Which groups can be sold into, and for how many more endpoints: counted here between two looks at the platform."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from domain.errors import PlatformUnreachable, UsageError
from domain.groups import Target, no_room

_NEAR = 20  # addresses left, from which on the platform is asked while a buyer waits
_APART = 2.0  # s between two such questions, unless a sale ended in between
_PATIENCE = 5.0  # s for which a buyer waits for the sales under way, each of which may use the last address or not

Finding = Callable[[str], Awaitable[Target]]


class _Door:
    """One group, with the sales into it since it was last looked at."""

    def __init__(self) -> None:
        self.target: Target | None = None
        self.read_at = 0.0
        self.taken = 0
        self.under_way = 0
        self.has_ended = False
        self.was_used = True

    @property
    def left(self) -> int | None:
        """For how many more endpoints there are addresses; None: not limited."""
        return None if self.target is None or self.target.room is None else self.target.room - self.taken

    @property
    def is_stale(self) -> bool:
        """Whether the platform must be asked before anybody is let in or sent away."""
        if self.target is None:
            return True
        if self.left is None or self.left > _NEAR:
            return False
        return time.monotonic() - self.read_at >= _APART or (self.left <= 0 and self.has_ended)

    async def look(self, read: Awaitable[Target]) -> None:
        """Count anew. What is under way at this moment may be in the platform's number or not, so it counts as well."""
        self.read_at, self.has_ended, self.was_used = time.monotonic(), False, False
        under_way, taken = self.under_way, self.taken
        self.target = await read
        self.taken += under_way - taken

    def enter(self) -> bool:
        """Take a place if there is one."""
        if self.left is not None and self.left <= 0:
            return False
        self.taken += 1
        self.under_way += 1
        self.was_used = True
        return True

    def sentence(self) -> str:
        """Why nobody more is let in."""
        assert self.target is not None
        return f"{no_room(replace(self.target, room=0), 1)}; nothing was changed."

    def leave(self, *, is_used: bool) -> None:
        """A sale is over; a place that no endpoint got is free again."""
        self.under_way -= 1
        self.taken -= not is_used
        self.has_ended = True


@dataclass(slots=True)
class Place:
    """An endpoint's place in a group, or why there is none. `is_used`: it may have come to an endpoint."""

    door: _Door | None = None
    full: str = ""
    is_used: bool = False


class Vacancies:
    """Lets sales into groups while there are addresses for them; mostly a sale costs no call for that.

    `find` finds a group by its name and keeps what the name stands for, `look` looks at a group that was found.
    """

    def __init__(self, find: Finding, look: Finding) -> None:
        self._find = find
        self._look = look
        self._doors: dict[str, _Door] = {}
        self._asking = asyncio.Lock()
        self._left = asyncio.Event()

    async def enter(self, group: str) -> Place:
        """A place in the group, or why there is none; without a group there always is one. `leave` must follow.

        Raises UnknownGroup, UnusableGroup, LoginRefused, PlatformUnreachable.
        """
        until = time.monotonic() + _PATIENCE
        while group:
            door = await self._door(group)
            if door.enter():
                return Place(door)
            if not door.under_way or time.monotonic() >= until:
                return Place(full=door.sentence())
            await self._somebody_leaves(until)
        return Place()

    def leave(self, place: Place) -> None:
        """The sale is over."""
        if place.door is not None:
            place.door.leave(is_used=place.is_used)
            self._left.set()

    async def look_again(self) -> None:
        """Look again at the groups that were sold into since the last time, so that no buyer has to wait for it."""
        for group, door in list(self._doors.items()):
            if door.was_used:
                with suppress(UsageError, PlatformUnreachable):  # the next buyer is told
                    await self._ask(group, door)

    async def _door(self, group: str) -> _Door:
        door = self._doors.get(group)
        if door is None or door.is_stale:
            async with self._asking:  # once for all who ask at the same time
                door = self._doors.get(group) or _Door()
                if door.is_stale:
                    await self._ask(group, door)
        return door

    async def _ask(self, group: str, door: _Door) -> None:
        try:
            await door.look(self._find(group) if door.target is None else self._look(group))
        except UsageError:
            self._doors.pop(group, None)  # whoever asks next begins with its name
            raise
        except PlatformUnreachable:
            if door.left is None or door.left <= 0:
                raise
        self._doors[group] = door

    async def _somebody_leaves(self, until: float) -> None:
        self._left.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._left.wait(), max(0.0, until - time.monotonic()))
