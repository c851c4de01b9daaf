"""A batch on a simulated Stacuity account from the first look to its resumption, in virtual time, without Prefect."""

import asyncio
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from sqlalchemy import text

from adapters.platforms.simulator import StacuityConfig, StacuitySimulator
from adapters.platforms.simulator.stacuity.model import EventMap, Handler
from adapters.platforms.stacuity.receiver import Receiver
from adapters.store import selection
from domain.finish import finish
from domain.inbox import Meaning
from domain.lifecycle import Kind
from domain.options import Account
from domain.pacing import Lane
from domain.ports import Scope
from tasks.resources.session import Session, _sessions
from tasks.survey import look_before, read_back, read_back_tags
from tests.support.job import NAME, Job
from tests.support.stacuity import ACCOUNT, TOKEN
from tests.support.virtual_world import InlineStore

COUNT = 8
TAG, GROUP = "batch", "fleet-second"
KNOBS = {"fixtures": "objects", "claim_stock": 0, "token": TOKEN, "latency_write": 0.2}
SETTINGS = {"rate_per_second": 20, "max_in_flight": 4, "settle_seconds": 60, "page_size": 5, "read_back_tags": "all"}
STATES = {30: "pre_active", 50: "active", 60: "suspended", 70: "terminated"}
_EVENTS = [f"endpointprovisioningstatusset{word}_v1" for word in ("active", "suspended", "terminated")]
_HOOK_TOKEN = "hook-token"


def plain(step: Any) -> Callable[..., Any]:
    """What a Prefect task does, without Prefect around it."""
    found: Callable[..., Any] = step.__wrapped__
    return found


class Course:
    """The steps of the flows on one account; `profile` is how the platform behaves."""

    def __init__(self, url: str, profile: str | list[dict[str, Any]], *, seed: int = 1, others: int = 0) -> None:
        self._url = url
        knobs = {**KNOBS, "stock": COUNT + others, "faults": profile, "seed": seed}
        self.simulator = StacuitySimulator(StacuityConfig.model_validate(knobs))
        estate = self.simulator.estate
        self.iccids = [one.iccid for one in estate.endpoints.values()][:COUNT]
        self.group_id = estate.find(estate.groups, GROUP).id
        self.hooked = 0

    async def __aenter__(self) -> Self:
        address = await self.simulator.start()
        account = Account.model_validate({**ACCOUNT, **SETTINGS, "base_url": address})
        self.job = Job(self._url, account, InlineStore)
        await self.job.open()
        self.session = Session(NAME, account, self.job.store, self.job.ledger, Lane.BULK)
        _sessions[NAME] = self.session
        self._receiver = Receiver(_HOOK_TOKEN, self._keep)
        await self._receiver.start("127.0.0.1", 0)
        self._subscribe()
        return self

    async def __aexit__(self, *_error: type[BaseException] | BaseException | TracebackType | None) -> None:
        del _sessions[NAME]
        await self.session.platform.close()
        await self.simulator.stop()
        await self._receiver.stop()
        await self.job.close()

    async def _keep(self, event: Any) -> None:
        """Keep an event that a webhook brought; the very first is not taken."""
        self.hooked += 1
        if self.hooked == 1:
            raise web.HTTPServiceUnavailable
        await self.session.keep_events([event], "webhook")

    def _subscribe(self) -> None:
        estate, url = self.simulator.estate, f"http://127.0.0.1:{self._receiver.port}/"
        hook = Handler("h", "hook", "Hook", "webhook", url, 5.0, bearer_token=_HOOK_TOKEN)
        estate.handlers["h"] = hook
        estate.maps["m"] = EventMap("m", "map", "Map", "global", [(kind, "h", kind) for kind in _EVENTS])

    # --- the steps of the flows ---

    async def provision(self) -> None:
        """Find the SIMs, name and tag them, and read the tags back."""
        scope = self.job.batch(self.iccids, tags=(TAG,))
        await self._carry_out(scope, Kind.CREATE)
        await plain(read_back_tags)(NAME, scope.change)
        await self._carry_out(scope)

    async def change(self, kind: Kind, group: str = "") -> int:
        """Change everything that carries the tag, read it back, and return how many differ."""
        request = selection.Request(NAME, tag=TAG, group=group, kind=kind, platform="stacuity")
        scope = Scope(self.job.store.write(selection.select_endpoints, request).change)
        await self._carry_out(scope)
        differing: int = await plain(read_back)(NAME, scope.change, kind.value)
        return differing

    async def _carry_out(self, scope: Scope, look: Kind | None = None) -> None:
        one = self.session
        if look is not None:
            await plain(look_before)(NAME, scope.change, look.value)
        await finish(scope, ledger=one.ledger, settler=one.settler, executor=one.executor, stop=one.stop, halt=one.halt)

    async def poll(self) -> dict[Meaning, int]:
        """Let what is under way happen, ask for all events, and say what they mean."""
        await asyncio.sleep(60)
        now = self.simulator.account.clock.wall()
        await self.session.keep_events(await self.session.platform.events(now - 3600, now + 1), "poll")
        return (await self.session.apply_events()).meant

    # --- what came of it ---

    def done(self, kind: str) -> Counter[str]:
        """How often each SIM truly had this done to it."""
        return Counter(entry.iccid for entry in self.simulator.ledger.of_kind(kind) if entry.iccid)

    def requests(self, route: str) -> int:
        """How many requests of this kind came."""
        return self.simulator.account.stats.requests[route]

    def shown(self) -> dict[str, tuple[str, str, bool]]:
        """What the platform has: state, endpoint id, and whether the tag is there."""
        found = self.simulator.estate.endpoints.values()
        return {one.iccid: (STATES[one.status], one.id, TAG in one.tags) for one in found if one.iccid in self.iccids}

    def stored(self) -> dict[str, tuple[str, str, bool]]:
        """What the store says of the same."""
        rows = self._see(
            "SELECT e.iccid, e.state, e.endpoint_id, t.state AS tag FROM endpoints e "
            "LEFT JOIN operations t ON t.endpoint = e.id AND t.kind = 'tag'"
        )
        return {row.iccid: (row.state, row.endpoint_id, row.tag == "confirmed") for row in rows}

    def operations(self) -> Counter[tuple[str, str]]:
        """How many operations of each kind are in each state."""
        return Counter((row.kind, row.state) for row in self._see("SELECT kind, state FROM operations"))

    def events_kept(self) -> Counter[str]:
        """How many different events the store has, by what brought them first."""
        return Counter(row.source for row in self._see("SELECT source FROM inbox"))

    def _see(self, query: str) -> list[Any]:
        return self.job.store.write(lambda connection: list(connection.execute(text(query)).all()))
