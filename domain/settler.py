"""Settles operations in doubt by looking at the platform, with as few calls as the evidence needs."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from domain.doubt import Doubt, Evidence, Patience, Sight, judge
from domain.ending import evidence
from domain.errors import UsageError
from domain.evidence import sim_evidence
from domain.lifecycle import Kind
from domain.ports import Ledger, Platform, ReadFailed, ReadStopped, Scope
from domain.survey import Survey, survey

_AT_ONCE = 500
NEVER_SHOWN = "the platform shows none, and was never seen to show one on this account; that proves nothing"


class Settler:
    """Looks up what is in doubt and decides, over and over, until the scope has no doubt that is due."""

    def __init__(self, ledger: Ledger, platform: Platform, patience: Patience) -> None:
        self._ledger = ledger
        self._platform = platform
        self._patience = patience

    async def settle_due(self, scope: Scope) -> int:
        """Look up every doubt that is due once, and return how many there were."""
        doubts = await self._ledger.doubts(scope, _AT_ONCE)
        if not doubts:
            return 0
        now = (await self._ledger.outlook(scope)).now  # before looking: an answer shows what was true when it was asked
        seen = [(d, e) for d, e in zip(doubts, await self._evidence(doubts), strict=True) if e is not None]
        await self._ledger.rule([(d, e, judge(d, e, now=now, patience=self._patience)) for d, e in seen])
        return len(doubts)

    async def _evidence(self, doubts: Sequence[Doubt]) -> list[Evidence | None]:
        lost = await self._not_pinned({doubt.target for doubt in doubts if doubt.kind in _IN_A_GROUP and doubt.target})
        by_sim = [doubt.iccid for doubt in doubts if doubt.kind in _SEEN_ON_THE_SIM]
        sims = await survey(self._platform, by_sim) if by_sim else None
        return list(await asyncio.gather(*(self._look(doubt, sims or Survey(), lost) for doubt in doubts)))

    async def _not_pinned(self, groups: Iterable[str]) -> dict[str, Evidence | None]:
        """Make the groups known by name, and return what to say of those that cannot be found now."""
        lost: dict[str, Evidence | None] = {}
        for name in groups:
            try:
                await self._platform.pin_group(name)
            except ReadStopped:
                lost[name] = None
            except (ReadFailed, UsageError):
                lost[name] = Evidence(Sight.UNPROVEN, text=f"the group {name!r} cannot be found")
        return lost

    async def _look(self, doubt: Doubt, found: Survey, lost: Mapping[str, Evidence | None]) -> Evidence | None:
        """What was seen, or None when nobody looked because no further call may start."""
        if doubt.kind in _IN_A_GROUP and doubt.target in lost:
            return lost[doubt.target]
        if doubt.kind is Kind.TERMINATE and doubt.iccid in found.sims:
            assert doubt.endpoint_id is not None
            return await evidence(self._platform, found.sims[doubt.iccid], doubt.endpoint_id)
        if doubt.kind in _SEEN_ON_THE_SIM:
            known = doubt.iccid in found.sims
            return sim_evidence(doubt, found.sims.get(doubt.iccid), known=known) if known or not found.stopped else None
        try:
            if doubt.kind is Kind.TAG:
                return await self._tag_evidence(doubt)
            return await self._group_evidence(doubt)
        except ReadStopped:
            return None
        except ReadFailed as error:
            return Evidence(Sight.UNPROVEN, text=str(error))

    async def _tag_evidence(self, doubt: Doubt) -> Evidence:
        assert doubt.endpoint_id is not None
        tags = await self._platform.tags_of(doubt.endpoint_id)
        if tags is None:
            return Evidence(Sight.UNPROVEN, text="the platform does not list tags")
        return Evidence(Sight.PRESENT) if doubt.target in tags else await self._not_shown(doubt)

    async def _group_evidence(self, doubt: Doubt) -> Evidence:
        assert doubt.endpoint_id is not None
        count = await self._platform.assigned(doubt.endpoint_id, doubt.target)
        if count is None:
            return Evidence(Sight.UNPROVEN, text="the platform does not show whether the endpoint is in the group")
        if count > 1:
            return Evidence(Sight.CONTRADICTION, text=f"the endpoint is in the group {count} times")
        return Evidence(Sight.PRESENT) if count else await self._not_shown(doubt)

    async def _not_shown(self, doubt: Doubt) -> Evidence:
        """What is not shown is absent only where such look-ups were seen to show something."""
        if await self._platform.proves_absence(doubt.kind, doubt.target):
            return Evidence(Sight.ABSENT)
        return Evidence(Sight.UNPROVEN, text=NEVER_SHOWN)


_IN_A_GROUP = frozenset({Kind.ACTIVATE, Kind.ASSIGN})
_SEEN_ON_THE_SIM = frozenset({Kind.CREATE, Kind.ACTIVATE, Kind.SUSPEND, Kind.RESUME, Kind.TERMINATE})
