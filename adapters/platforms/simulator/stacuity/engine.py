"""All parts of one simulated account, put together."""

from collections.abc import Mapping
from uuid import uuid4

from adapters.platforms.simulator.clock import Clock
from adapters.platforms.simulator.deferred import Deferred
from adapters.platforms.simulator.faults import FaultPlan, FaultRule
from adapters.platforms.simulator.journal import Journal
from adapters.platforms.simulator.ledger import Ledger
from adapters.platforms.simulator.ratelimit import RateLimiter
from adapters.platforms.simulator.sft.envelope import Reply
from adapters.platforms.simulator.stacuity import fixtures, traffic
from adapters.platforms.simulator.stacuity.config import StacuityConfig
from adapters.platforms.simulator.stacuity.context import Call, Platform
from adapters.platforms.simulator.stacuity.editor import Editor
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.model import Endpoint
from adapters.platforms.simulator.stacuity.webhooks import Webhooks
from adapters.platforms.simulator.stats import Stats
from adapters.platforms.simulator.stock import distinct, generate_iccids, read_iccids

_LOOK_EVERY = 1.0


class StacuityEngine:
    """The account, the limits, the faults and the records of a run."""

    def __init__(self, config: StacuityConfig) -> None:
        self.config = config
        self.tenant = config.tenant or str(uuid4())
        self.clock = Clock()
        self.ledger = Ledger(config.ledger_file, clock=self.clock.wall)
        self.deferred = Deferred()
        self.stats = Stats(self.clock)
        self.journal = Journal(on=config.journal, clock=self.clock.wall)
        self.faults = FaultPlan(config.faults, seed=config.seed)
        self.limiter = RateLimiter(config.allowed_rate, max(1.0, config.allowed_rate), self.clock.monotonic)
        self.last_replies: dict[str, Reply] = {}
        self.fixtures: dict[str, Endpoint] = {}
        self._looked_at = 0.0
        self.world = self._new_world()
        self.webhooks = Webhooks(self.world)
        self._connect()

    def begin_again(self) -> None:
        """Load the fixtures anew; faults, records of calls and the clock stay as they are."""
        self.deferred.cancel()
        self.ledger.clear()
        self.world = self.webhooks.estate = self._new_world()
        self._connect()

    def _connect(self) -> None:
        self.editor = Editor(self.world)
        self.world.listeners.append(self.webhooks.take)
        self.platform = Platform(self.config, self.world)

    def set_faults(self, faults: tuple[FaultRule, ...], behaviours: frozenset[str] | None = None) -> None:
        """Replace the fault plan, and the ways in which the platform as a whole behaves."""
        self.faults = FaultPlan(faults, seed=self.config.seed)
        if behaviours is not None:
            self.config = self.config.model_copy(update={"behaviours": behaviours})
            self.world.behaviours = behaviours
            rate = self.config.allowed_rate
            self.limiter = RateLimiter(rate, max(1.0, rate), self.clock.monotonic)
            self.platform = Platform(self.config, self.world)

    def advance(self, seconds: float) -> None:
        """Move the account's clock on, with all that follows: erasure, retention, inactivity."""
        self.clock.skip(seconds)
        self.catch_up()

    def catch_up(self) -> None:
        """Let happen what is due; what needs a look at every endpoint, at most once a second."""
        self.world.let_happen()
        if self.world.now - self._looked_at < _LOOK_EVERY:
            return
        self._looked_at = self.world.now
        self.world.erase_old()
        traffic.watch_inactivity(self.world)

    def iccids_of(self, keys: Mapping[str, str], body: object) -> list[str]:
        """The ICCIDs that a call is about, so that faults can be set per SIM."""
        if endpoint := self.world.endpoints.get(keys.get("endpoint", "")):
            return [endpoint.iccid]
        found = body.get("iccid") if isinstance(body, dict) else None
        return [found] if isinstance(found, str) else []

    def subjects(self, call: Call) -> list[Endpoint]:
        """The endpoints that a call is about and that are there."""
        found = (self.world.with_iccid(iccid) for iccid in self.iccids_of(call.keys, call.body))
        return [one for one in found if one is not None]

    async def close(self) -> None:
        """Drop what has not happened yet."""
        self.deferred.cancel()
        await self.webhooks.close()
        self.ledger.close()

    def _new_world(self) -> Estate:
        config = self.config
        estate = Estate(self.ledger, self.clock, seed=config.seed, behaviours=config.behaviours, customer=self.tenant)
        fixtures.furnish(estate)
        extra = read_iccids(config.iccids) if config.iccids else []
        for iccid in distinct(generate_iccids(config.stock, config.seed), extra):
            estate.put(iccid, kind="allocate")
        if config.fixtures == "full":
            self.fixtures = fixtures.populate(estate)
        fixtures.stock_for_claims(estate, config.claim_stock)
        return estate
