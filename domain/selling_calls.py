"""The calls of one sale: reads go out beside the activation, and none of them is left out."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from domain.carry import carry_out, send
from domain.endpoint import SimRecord
from domain.lifecycle import Kind
from domain.operation import Work
from domain.outcome import Answer, Because, Verdict
from domain.ownership import ours_only
from domain.ports import Changing, EndpointProfile, SimPage
from domain.precheck import confirmed_by_look, precheck
from domain.refusals import NO_READ


class LookingAhead:
    """The platform for one sale.

    Looks at the SIM and counts the group's instances while the activation is under way, since nothing of ours changes
    either meanwhile. An endpoint's profile that names the SIM shows both by one read. `tells`: the answer to an
    activation tells whether that changed anything; where it does not, the SIM is looked at before.
    """

    def __init__(self, platform: Changing, group: str, tells: bool) -> None:
        self._platform = platform
        self._group = group
        self._tells = tells
        self._is_shown = False  # the SIM with its endpoint, to this sale
        self._profile: asyncio.Task[EndpointProfile | None] | None = None
        self._seen: asyncio.Task[int | None] | None = None
        self._reads: set[asyncio.Task[Any]] = set()

    async def carry_out(self, _: Changing, work: Work) -> Answer:
        """Perform one operation of the sale and say what is known afterwards."""
        # What was seen before this sale does not count.
        asked = replace(work, seen_at=work.sent_at if self._is_shown else 0.0)
        if work.kind is not Kind.ACTIVATE:
            return await carry_out(self, asked, exclusive=True)
        if work.unclear or not self._tells:
            held = await precheck(self, asked)
            self._is_shown = held is None
            return held or ours_only(work, await self._activated(work))
        return await self._seen_beside(work)

    async def _seen_beside(self, work: Work) -> Answer:
        """Activate, and read the SIM meanwhile: the buyer gets no endpoint that is not shown with this SIM."""
        await self.close()  # reads of an earlier try
        look = self._begin(self._look(work))
        answer = ours_only(work, await self._activated(work))
        if answer.verdict is not Verdict.DONE:
            return answer
        try:
            answer = confirmed_by_look(answer, work, await look)
            self._is_shown = answer.verdict is Verdict.DONE
            return answer
        except NO_READ as error:
            said = f"endpoint {work.endpoint_id} was changed, and its SIM could not be looked at ({error})"
            return replace(answer, verdict=Verdict.UNKNOWN, text=said)

    async def _look(self, work: Work) -> SimRecord | None:
        """The SIM's row, unless the endpoint's profile shows the pair: the row has the last word against it."""
        profile = await self._read_profile()
        if profile is not None and profile.iccid == work.iccid:
            return SimRecord(work.iccid, work.endpoint_id, None)
        return await self._platform.sim(work.iccid)

    async def _count(self, endpoint_id: str) -> int | None:
        profile = await self._read_profile()
        return await self._platform.assigned(endpoint_id, self._group) if profile is None else profile.assigned

    async def _read_profile(self) -> EndpointProfile | None:
        """The profile that is being read; where that shows nothing, the reads that are made instead tell why."""
        try:
            return None if self._profile is None else await self._profile
        except NO_READ:
            return None

    async def _activated(self, work: Work) -> Answer:
        # With a target the activation itself puts the endpoint into its group.
        if self._group and work.endpoint_id is not None and not work.target:
            self._profile = self._begin(self._platform.profile(work.endpoint_id, self._group))
            self._seen = self._begin(self._count(work.endpoint_id))
        return await send(self, work, exclusive=True)

    def _begin(self, read: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.create_task(read)
        self._reads.add(task)
        return task

    async def perform(self, work: Work) -> Answer:
        """See domain.ports.Changing. A refusal in front of the platform is not the SIM's fault: it is tried again."""
        answer = await self._platform.perform(work)
        return replace(answer, because=Because.TURNED_AWAY) if answer.at_the_gate else answer

    async def assigned(self, endpoint_id: str, group: str) -> int | None:
        """See domain.ports.Changing."""
        seen, self._seen = self._seen, None
        return await (self._platform.assigned(endpoint_id, group) if seen is None else seen)

    async def profile(self, endpoint_id: str, group: str) -> EndpointProfile | None:
        """See domain.ports.Changing."""
        return await self._platform.profile(endpoint_id, group)

    async def tags_of(self, endpoint_id: str) -> frozenset[str] | None:
        """See domain.ports.Changing."""
        return await self._platform.tags_of(endpoint_id)

    async def sims_page(self, page: int) -> SimPage:
        """See domain.ports.Changing."""
        return await self._platform.sims_page(page)

    async def sim(self, iccid: str) -> SimRecord | None:
        """See domain.ports.Changing."""
        return await self._platform.sim(iccid)

    async def proves_absence(self, kind: Kind, target: str = "") -> bool:
        return await self._platform.proves_absence(kind, target)

    async def endpoint_exists(self, endpoint_id: str) -> bool | None:
        """See domain.ports.Changing."""
        return await self._platform.endpoint_exists(endpoint_id)

    async def iccid_on(self, endpoint_id: str) -> str | None:
        """See domain.ports.Changing."""
        return await self._platform.iccid_on(endpoint_id)

    async def close(self) -> None:
        """End reads that nobody waits for; they change nothing."""
        reads, self._reads, self._seen, self._profile = self._reads, set(), None, None
        for task in reads:
            task.cancel()
        await asyncio.gather(*reads, return_exceptions=True)
