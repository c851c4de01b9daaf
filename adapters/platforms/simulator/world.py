"""The true state of the platform; every method that changes it is one commit, noted in the ledger."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from adapters.platforms.simulator.ledger import Ledger
from adapters.platforms.simulator.model import DELETED, HOLD, PRE_ACTIVE, READY, Addon, Endpoint, Sim, Tag
from adapters.platforms.simulator.replica import Replica

FIRST_ENDPOINT_ID = 2_000_000_001
FIRST_ADDON_ID = 70_000_001
FIRST_TAG_ID = 5_001


class World:
    """SIMs, endpoints and tags, with the lagging copy that reads see."""

    def __init__(
        self,
        iccids: Iterable[str],
        *,
        ledger: Ledger,
        read_lag: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.sims = {iccid: Sim(iccid, number) for number, iccid in enumerate(iccids, start=1)}
        self.endpoints: dict[str, Endpoint] = {}
        self.tags: dict[str, Tag] = {}
        self.ledger = ledger
        self.replica = Replica(self.sims.values(), lag=read_lag, clock=clock)
        self.tenant = ""
        self.version = 0
        self._from_factory = len(self.sims)
        self.next_endpoint = FIRST_ENDPOINT_ID
        self.next_addon = FIRST_ADDON_ID
        self.next_tag = FIRST_TAG_ID

    def add_stock(self, iccids: Iterable[str]) -> int:
        """Put new SIMs into the stock and return how many were new."""
        before = len(self.sims)
        for iccid in iccids:
            if iccid not in self.sims:
                self._put_sim(Sim(iccid, len(self.sims) + 1))
        self.replica.show_all()
        return len(self.sims) - before

    def create_endpoint(self, *, addon_plan_ids: Iterable[str] = (), **fields: Any) -> Endpoint:
        """Create an endpoint, linked to its SIM when it names one."""
        endpoint = Endpoint(id=str(self.next_endpoint), **fields)
        self.next_endpoint += 1
        if endpoint.iccid:
            self._put_sim(replace(self.sims[endpoint.iccid], status=endpoint.status, endpoint_id=endpoint.id))
        self._commit(
            "create",
            endpoint,
            name=endpoint.name,
            status=endpoint.status,
            isDefaultActivation=endpoint.default_activation,
            planId=endpoint.plan_id,
        )
        for plan_id in addon_plan_ids:
            endpoint, _ = self.subscribe_addon(endpoint, plan_id)
        return endpoint

    def change_status(self, endpoint: Endpoint, status: str, *, kind: str) -> Endpoint:
        """Move the endpoint and its SIM to another lifecycle state."""
        previous, endpoint = endpoint.status, replace(endpoint, status=status)
        if endpoint.iccid:
            self._put_sim(replace(self.sims[endpoint.iccid], status=status))
        return self._commit(kind, endpoint, status=status, previous=previous)

    def subscribe_addon(self, endpoint: Endpoint, plan_id: str) -> tuple[Endpoint, Addon]:
        """Add one more instance of an add-on plan."""
        addon = Addon(self.next_addon, plan_id, time.time())
        self.next_addon += 1
        endpoint = replace(endpoint, addons=(*endpoint.addons, addon))
        return self._commit("subscribe_addon", endpoint, planId=plan_id, uniqueId=addon.unique_id), addon

    def remove_addon(self, endpoint: Endpoint, unique_id: int) -> Endpoint:
        """Take one add-on instance away."""
        kept = tuple(addon for addon in endpoint.addons if addon.unique_id != unique_id)
        return self._commit("remove_addon", replace(endpoint, addons=kept), uniqueId=unique_id)

    def change_plan(self, endpoint: Endpoint, plan_id: str) -> Endpoint:
        """Give the endpoint another base plan."""
        return self._commit(
            "change_plan", replace(endpoint, plan_id=plan_id), planId=plan_id, previous=endpoint.plan_id
        )

    def link(self, endpoint: Endpoint, iccid: str) -> Endpoint:
        """Attach a SIM; both are Pre-Active then."""
        return self._attach(endpoint, iccid, PRE_ACTIVE)

    def _attach(self, endpoint: Endpoint, iccid: str, status: str) -> Endpoint:
        self._put_sim(replace(self.sims[iccid], status=status, endpoint_id=endpoint.id))
        return self._commit("link", replace(endpoint, iccid=iccid, status=status))

    def delink(self, endpoint: Endpoint) -> Endpoint:
        """Detach the SIM: it goes back to stock, and its endpoint waits in Hold."""
        assert endpoint.iccid is not None
        iccid = endpoint.iccid
        self._put_sim(replace(self.sims[iccid], status=READY, endpoint_id=None))
        return self._commit("delink", replace(endpoint, iccid=None, status=HOLD), ledger_iccid=iccid)

    def swap(self, endpoint: Endpoint, iccid: str) -> Endpoint:
        """Put another SIM on an endpoint, as people do in the portal; the old one is free, and the state stays."""
        status = endpoint.status
        return self._attach(self.delink(endpoint) if endpoint.iccid else endpoint, iccid, status)

    def delete(self, endpoint: Endpoint) -> None:
        """Remove an endpoint for good."""
        self._commit("delete", replace(endpoint, status=DELETED))
        del self.endpoints[endpoint.id]

    def create_tag(self, name: str, description: str = "") -> Tag:
        """Create a label that no endpoint carries yet."""
        tag = self.tags[name] = Tag(str(self.next_tag), name, description)
        self.next_tag += 1
        self.version += 1
        self.ledger.record("create_tag", None, None, tagName=name, tagId=tag.id)
        return tag

    def tag(self, endpoint: Endpoint, name: str) -> Endpoint:
        """Put a label on an endpoint."""
        return self._commit("tag", replace(endpoint, tags=(*endpoint.tags, name)), tagName=name)

    def untag(self, endpoint: Endpoint, name: str) -> Endpoint:
        """Take a label off an endpoint."""
        kept = tuple(tag for tag in endpoint.tags if tag != name)
        return self._commit("untag", replace(endpoint, tags=kept), tagName=name)

    def note(self, kind: str, endpoint: Endpoint, **details: Any) -> None:
        """Note a change that leaves nothing readable behind."""
        self._commit(kind, endpoint, **details)

    def changed_sims(self) -> list[Sim]:
        """Return the SIMs that a fresh world of the same seed would not have like this."""
        return [
            sim
            for sim in self.sims.values()
            if sim.status != READY or sim.endpoint_id or sim.number > self._from_factory
        ]

    def restore(self, item: Sim | Endpoint) -> None:
        """Put back what a state file held; that is no commit."""
        if isinstance(item, Sim):
            self.sims[item.iccid] = item
        else:
            self.endpoints[item.id] = item
        self.replica.publish(item)

    def _put_sim(self, sim: Sim) -> None:
        self.version += 1
        self.sims[sim.iccid] = sim
        self.replica.publish(sim)

    def _commit(self, kind: str, endpoint: Endpoint, *, ledger_iccid: str | None = None, **details: Any) -> Endpoint:
        self.version += 1
        self.endpoints[endpoint.id] = endpoint
        self.replica.publish(endpoint)
        self.ledger.record(kind, endpoint.id, ledger_iccid or endpoint.iccid, **details)
        return endpoint
