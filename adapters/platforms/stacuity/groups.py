"""The account's endpoint groups: found once, pinned by id, checked before anything is put into them, and made."""

import asyncio
import time
from collections.abc import Mapping
from functools import partial

from adapters.platforms.stacuity import parse
from adapters.platforms.stacuity.calls import Calls, NotFound
from adapters.platforms.stacuity.contract import UnusableKey, associate_body, group_body
from adapters.platforms.stacuity.naming import is_another_page
from domain.errors import Refused, Stopped, UnknownGroup, UnusableGroup, UsageError
from domain.groups import (
    MONIKER,
    Draft,
    Group,
    Policy,
    Slice,
    Target,
    association_problems,
    check_pin,
    draft_problems,
    policy_problems,
    room_in,
    why_not_assignable,
)
from domain.groups import GroupKind as Kind
from domain.options import Account
from domain.outcome import Answer, Verdict
from domain.ports import ReadFailed

_MOST_PAGES = 10_000


class Groups:
    """Reads and makes groups; remembers for the length of a run which id a name stands for.

    `known` are the ids that names stood for when they were first used.
    """

    def __init__(self, calls: Calls, account: Account, known: Mapping[str, str]) -> None:
        self._calls = calls
        self._account = account
        self._ids = dict(known)
        self._pinned: dict[str, Target] = {}
        self._looked_at: dict[str, float] = {}
        self._compared: set[str] = set()  # names that were seen to stand for their id
        self._pinning = asyncio.Lock()

    def names_of(self, group_id: str | None, shown_name: str | None) -> frozenset[str]:
        """Every name that stands for a group: its id, those pinned to it, and its own unless that means another."""
        if group_id is None:
            return frozenset({shown_name} if shown_name else ())
        names = {name for name, known in self._ids.items() if known == group_id}
        own = {shown_name} if shown_name and shown_name not in self._ids else set()
        return frozenset({group_id} | names | own)

    async def pin(self, name: str, *, group_id: str | None = None) -> Target:
        """See domain.ports.Platform."""
        async with self._pinning:  # once for all who ask at the same time
            if name not in self._pinned or (group_id is not None and name not in self._compared):
                by_name = group_id is not None or name not in self._ids
                await (self._find(name, group_id) if by_name else self._read_again(name))
        return self._pinned[name]

    async def look(self, name: str, *, apart: float = 0.0) -> Target:
        """The group that a name is pinned to, read again unless the last such look is not so many seconds ago."""
        async with self._pinning:
            looked_at = self._looked_at.get(name)
            if name not in self._ids:
                await self._find(name, None)
            elif name not in self._pinned or looked_at is None or time.monotonic() - looked_at >= apart:
                self._looked_at[name] = time.monotonic()
                await self._read_again(name)
        return self._pinned[name]

    async def _find(self, name: str, group_id: str | None) -> None:
        wanted = self._account.group(name).endpoint_group
        if wanted is None:
            raise UnusableGroup(f"The group {name!r} in the settings names no endpoint_group of this platform.")
        try:
            group = await self.read(wanted)
        except UnknownGroup:
            check_pin(name, group_id, None)
            raise
        check_pin(name, group_id, group.id)
        self._compared.add(name)
        await self._keep(name, group)

    async def _read_again(self, name: str) -> None:
        try:
            await self._keep(name, await self._with_id(name, self._ids[name]))
        except (UnknownGroup, UnusableGroup):
            self._pinned.pop(name, None)
            raise

    async def _with_id(self, name: str, its_id: str) -> Group:
        try:
            return await self.read(its_id)
        except UnknownGroup:
            raise UnknownGroup(
                f"The group {name!r} was {its_id} when it was first used, and the platform has no such group any more; "
                "`preactive group list` shows those it has."
            ) from None

    async def _keep(self, name: str, group: Group) -> None:
        self._pinned[name] = await self._target(name, group)
        self._ids[name] = group.id

    async def _target(self, name: str, group: Group) -> Target:
        vslice = await self._vslice(group.vslice) if group.vslice else None
        others = await self.all() if group.subnet is not None or group.kind is Kind.SECONDARY else []
        primaries = [one for one in others if one.kind is Kind.PRIMARY]
        why = why_not_assignable(group, vslice, primaries)
        if why:
            raise UnusableGroup(f"No endpoint can be put into the group {name!r}: {why}.")
        assert vslice is not None
        return Target(
            name,
            group.id,
            room=room_in(group, vslice, others),
            endpoints=group.endpoints,
            subnets=(group.subnet,) if group.subnet is not None else vslice.subnets,
            vslice=group.vslice,
            subnet=group.subnet,
        )

    async def all(self) -> list[Group]:
        """Every group of the account. Raises ReadFailed."""
        found: dict[str, Group] = {}
        offset = 0
        for _ in range(_MOST_PAGES):
            query = {"offset": str(offset), "limit": str(self._account.page_size), "sortBy": "asc(id)"}
            reading = await self._calls.read("list_groups", query=query, misfit=partial(is_another_page, offset=offset))
            if not isinstance(reading.data, list):
                raise ReadFailed("the platform's answer holds no readable list of groups")
            found |= {one.id: one for one in parse.groups(reading.data)}
            offset += len(reading.data)
            if not reading.data or (reading.total is not None and offset >= reading.total):
                return list(found.values())
        raise ReadFailed("the platform's list of groups does not end")

    async def read(self, key: str) -> Group:
        """One group by id or moniker. Raises UnknownGroup, ReadFailed."""
        try:
            group: Group = await self._calls.parsed("read_group", group=key)
        except (NotFound, UnusableKey):
            raise UnknownGroup(
                f"The platform has no group {key!r}; `preactive group list` shows those it has."
            ) from None
        return group

    async def _vslice(self, key: str) -> Slice | None:
        try:
            found: Slice = await self._calls.parsed("read_vslice", vslice=key)
        except NotFound:
            return None
        return found

    async def _routing_policy(self, key: str) -> Policy | None:
        try:
            found: Policy = await self._calls.parsed("read_routing_policy", policy=key)
        except NotFound:
            return None
        except ReadFailed:
            return Policy(key)  # then the platform's own check has to do
        return found

    async def check(self, draft: Draft) -> None:
        """See domain.ports.GroupKeeper."""
        self._calls.check_allowed("create_group")
        vslice = await self._vslice(draft.vslice) if draft.vslice else None
        problems = draft_problems(draft, vslice)
        if draft.routing_policy:
            problems += policy_problems(draft, vslice, await self._routing_policy(draft.routing_policy))
        if MONIKER.fullmatch(draft.moniker):
            problems += await self._taken(draft.moniker)
        if problems:
            raise UsageError(" ".join(problems))

    async def _taken(self, moniker: str) -> list[str]:
        try:
            taken = await self.read(moniker)
        except UnknownGroup:
            return []
        return [f"The moniker {moniker!r} is that of the group {taken.id} already; choose another."]

    async def create(self, draft: Draft) -> Group:
        """See domain.ports.GroupKeeper."""
        await self.check(draft)
        answer, new_id = await self._calls.write("create_group", group_body(draft))
        _raise_unless_done(answer, f"make the group {draft.moniker}")
        return await self.read(new_id or draft.moniker)

    async def associate(self, primary_key: str, secondary_key: str) -> Group:
        """See domain.ports.GroupKeeper."""
        self._calls.check_allowed("associate")
        primary, secondary = await self.read(primary_key), await self.read(secondary_key)
        if secondary.moniker in primary.secondaries:
            return primary
        others = [await self.read(moniker) for moniker in primary.secondaries]
        problems = association_problems(primary, secondary, others)
        if problems:
            raise UsageError(" ".join(problems))
        answer, _ = await self._calls.write("associate", associate_body(secondary.id), group=primary.id)
        _raise_unless_done(answer, f"associate {secondary.moniker} with {primary.moniker}")
        changed = await self.read(primary.id)
        if secondary.moniker not in changed.secondaries:
            raise Stopped(
                f"The platform said yes to associating {secondary.moniker} with {primary.moniker}, "
                "and does not show it; look again with `preactive group show`."
            )
        return changed


def _raise_unless_done(answer: Answer, what: str) -> None:
    if answer.verdict is Verdict.NOT_DONE:
        raise Refused(f"The platform did not {what}: {answer.text or answer.because}; nothing was changed.")
    if answer.verdict is Verdict.UNKNOWN:
        raise Stopped(
            f"It is not known whether the platform did {what} ({answer.text}); "
            "look with `preactive group show` before trying again."
        )
