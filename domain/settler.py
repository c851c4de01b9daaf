"""Settles operations in doubt by looking at the platform, with as few calls as the evidence needs."""

import asyncio
from collections.abc import Iterable, Sequence

from domain.doubt import Doubt, Evidence, Patience, Sight, judge
from domain.endpoint import SimRecord
from domain.errors import UsageError
from domain.lifecycle import Kind, Lifecycle
from domain.ports import Ledger, Platform, ReadFailed, Scope
from domain.survey import survey

_AT_ONCE = 500


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
        evidence = await self._evidence(doubts)
        rulings = [(d, e, judge(d, e, now=now, patience=self._patience)) for d, e in zip(doubts, evidence, strict=True)]
        await self._ledger.rule(rulings)
        return len(doubts)

    async def _evidence(self, doubts: Sequence[Doubt]) -> list[Evidence]:
        lost = await self._not_pinned({doubt.target for doubt in doubts if doubt.kind in _IN_A_GROUP and doubt.target})
        by_sim = [doubt.iccid for doubt in doubts if doubt.kind in _SEEN_ON_THE_SIM]
        sims = await survey(self._platform, by_sim) if by_sim else None
        found = sims.sims if sims else {}
        return list(await asyncio.gather(*(self._look(doubt, found, lost) for doubt in doubts)))

    async def _not_pinned(self, groups: Iterable[str]) -> frozenset[str]:
        """Make the groups known by name, and return those that cannot be found now."""
        lost = set()
        for name in groups:
            try:
                await self._platform.pin_group(name)
            except (ReadFailed, UsageError):
                lost.add(name)
        return frozenset(lost)

    async def _look(self, doubt: Doubt, sims: dict[str, SimRecord | None], lost: frozenset[str]) -> Evidence:
        if doubt.kind in _IN_A_GROUP and doubt.target in lost:
            return Evidence(Sight.UNPROVEN, text=f"the group {doubt.target!r} cannot be found")
        if doubt.kind in _SEEN_ON_THE_SIM:
            return sim_evidence(doubt, sims.get(doubt.iccid), known=doubt.iccid in sims)
        try:
            if doubt.kind is Kind.TAG:
                return await self._tag_evidence(doubt)
            return await self._group_evidence(doubt)
        except ReadFailed as error:
            return Evidence(Sight.UNPROVEN, text=str(error))

    async def _tag_evidence(self, doubt: Doubt) -> Evidence:
        assert doubt.endpoint_id is not None
        tags = await self._platform.tags_of(doubt.endpoint_id)
        if tags is None:
            return Evidence(Sight.UNPROVEN, text="the platform does not list tags")
        return Evidence(Sight.PRESENT if doubt.target in tags else Sight.ABSENT)

    async def _group_evidence(self, doubt: Doubt) -> Evidence:
        assert doubt.endpoint_id is not None
        count = await self._platform.assigned(doubt.endpoint_id, doubt.target)
        if count is None:
            return Evidence(Sight.UNPROVEN, text="the platform does not show this kind of group")
        if count > 1:
            return Evidence(Sight.CONTRADICTION, text=f"the endpoint is in the group {count} times")
        return Evidence(Sight.PRESENT if count else Sight.ABSENT)


_IN_A_GROUP = frozenset({Kind.ACTIVATE, Kind.ASSIGN})
_SEEN_ON_THE_SIM = frozenset({Kind.CREATE, Kind.ACTIVATE, Kind.SUSPEND, Kind.RESUME})
_WANTED = {Kind.ACTIVATE: Lifecycle.ACTIVE, Kind.SUSPEND: Lifecycle.SUSPENDED, Kind.RESUME: Lifecycle.ACTIVE}
_BEFORE = {Kind.ACTIVATE: Lifecycle.PRE_ACTIVE, Kind.SUSPEND: Lifecycle.ACTIVE, Kind.RESUME: Lifecycle.SUSPENDED}


def sim_evidence(doubt: Doubt, sim: SimRecord | None, *, known: bool) -> Evidence:
    """What a SIM's row says about a create or a change of state in doubt. `known`: a look-up was answered."""
    if not known:
        return Evidence(Sight.UNPROVEN, text="the look-up gave no usable answer")
    if doubt.kind is Kind.CREATE:
        return _create_evidence(sim)
    if sim is None or sim.endpoint_id != doubt.endpoint_id:
        return Evidence(Sight.CONTRADICTION, text="the platform shows another endpoint, or none, for this SIM")
    if sim.state is _WANTED[doubt.kind] and not sim.is_in(doubt.target):
        return Evidence(Sight.CONTRADICTION, text="the platform shows the endpoint in another group")
    if sim.state is _WANTED[doubt.kind]:
        return Evidence(Sight.PRESENT, endpoint_id=sim.endpoint_id)
    if sim.state is _BEFORE[doubt.kind]:
        return Evidence(Sight.ABSENT)
    return Evidence(Sight.CONTRADICTION, text=f"the platform shows the state {sim.state_text!r}")


def _create_evidence(sim: SimRecord | None) -> Evidence:
    if sim is None or sim.endpoint_id is None:
        return Evidence(Sight.ABSENT)
    if sim.state is Lifecycle.PRE_ACTIVE:
        return Evidence(Sight.PRESENT, endpoint_id=sim.endpoint_id, text="found by look-up")
    return Evidence(
        Sight.CONTRADICTION,
        endpoint_id=sim.endpoint_id,
        text=f"the SIM has endpoint {sim.endpoint_id} in state {sim.state_text!r}, not pre-active",
    )
