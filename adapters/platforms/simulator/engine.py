"""All parts of one simulated platform, put together and replaceable at run time."""

from typing import Any
from uuid import uuid4

from adapters.platforms.simulator.clock import Clock
from adapters.platforms.simulator.config import SimulatorConfig
from adapters.platforms.simulator.deferred import Deferred
from adapters.platforms.simulator.faults import FaultPlan, FaultRule
from adapters.platforms.simulator.journal import Journal
from adapters.platforms.simulator.ledger import Ledger
from adapters.platforms.simulator.persistence import load_state
from adapters.platforms.simulator.ratelimit import RateLimiter
from adapters.platforms.simulator.sft.context import Call, Platform, bulk_iccids, subject_of
from adapters.platforms.simulator.sft.envelope import Reply
from adapters.platforms.simulator.sft.routes import Route, routes_of
from adapters.platforms.simulator.sft.sessions import Sessions
from adapters.platforms.simulator.stats import Stats
from adapters.platforms.simulator.stock import distinct, generate_iccids, read_iccids
from adapters.platforms.simulator.world import World

PARTS = ("world", "faults", "stats", "journal")
CHANGEABLE = frozenset(
    {
        "rate_per_second",
        "burst",
        "rate_form",
        "retry_after",
        "latency_read",
        "latency_write",
        "latency_login",
        "read_lag",
        "access_seconds",
        "refresh_seconds",
        "expired_form",
        "login_revokes",
        "bulk",
        "bulk_row_seconds",
        "set_b_tags",
        "set_b_aliases",
        "oem",
        "token_calls",
        "duplicates",
        "max_per_page",
        "no_match",
    }
)


class Engine:
    """The state, the limits, the faults and the records of a run."""

    def __init__(self, config: SimulatorConfig) -> None:
        self.config = config
        self.clock = Clock()
        self.ledger = Ledger(config.ledger_file, clock=self.clock.wall)
        self.deferred = Deferred()
        self.sessions = Sessions(config, self.clock.wall)
        self.stats = Stats(self.clock)
        self.journal = Journal(on=config.journal, clock=self.clock.wall)
        self.faults = self._new_faults(config.faults)
        self.last_replies: dict[str, Reply] = {}
        self.tenant = config.tenant or str(uuid4())
        self.world = self._new_world()
        if config.state_file and config.state_file.exists():
            load_state(self.world, config.state_file)
            self.tenant = self.world.tenant = config.tenant or self.world.tenant
        self.sessions.tenant = self.tenant
        self.limiter = RateLimiter(config.rate_per_second, config.bucket_size, self.clock.monotonic)
        self.routes: dict[tuple[str, str], Route] = routes_of(config)
        self.platform = self._new_platform()

    def reset(self, parts: tuple[str, ...] = PARTS) -> None:
        """Start again with the parts named; logins stay valid."""
        if "world" in parts:
            self.deferred.cancel()
            self.ledger.clear()
            self.world = self._new_world()
        if "faults" in parts:
            self.set_faults(self.config.faults)
        if "stats" in parts:
            self.stats.clear()
        if "journal" in parts:
            self.journal.clear()
        self.platform = self._new_platform()

    def set_faults(self, rules: tuple[FaultRule, ...]) -> None:
        """Replace the fault plan; calls are numbered from 1 again."""
        self.faults = self._new_faults(rules)

    def change_settings(self, changes: dict[str, Any]) -> None:
        """Change knobs while the platform runs, as when a rate limit drops below what is documented."""
        if fixed := changes.keys() - CHANGEABLE:
            raise ValueError(f"cannot be changed while running: {', '.join(sorted(fixed))}")
        self.config = SimulatorConfig.model_validate({**dict(self.config), **changes})
        self.limiter.rate, self.limiter.burst = self.config.rate_per_second, self.config.bucket_size
        self.world.replica.lag = self.config.read_lag
        self.sessions.config = self.config
        self.routes = routes_of(self.config)
        self.platform = self._new_platform()

    def skip(self, seconds: float) -> None:
        """Let time pass at once: lags, token lifetimes, rate limits, fault times and late commits."""
        self.clock.skip(seconds)
        self.deferred.skip(seconds)

    def iccids_of(self, call: Call) -> list[str]:
        """Return the ICCIDs that a call is about, so that faults can be set per SIM."""
        iccid, endpoint_id = subject_of(call)
        if iccid is None and endpoint_id is not None and (endpoint := self.world.endpoints.get(endpoint_id)):
            iccid = endpoint.iccid
        return bulk_iccids(call) if iccid is None else [iccid]

    def close(self) -> None:
        """Drop what has not happened yet and close the ledger file."""
        self.deferred.cancel()
        self.ledger.close()

    def _new_world(self) -> World:
        config = self.config
        extra = read_iccids(config.iccids) if config.iccids else []
        iccids = distinct(generate_iccids(config.stock, config.seed), extra)
        world = World(iccids, ledger=self.ledger, read_lag=config.read_lag, clock=self.clock.monotonic)
        world.tenant = self.tenant
        return world

    def _new_faults(self, rules: tuple[FaultRule, ...]) -> FaultPlan:
        return FaultPlan(rules, seed=self.config.seed, clock=self.clock.monotonic)

    def _new_platform(self) -> Platform:
        return Platform(self.config, self.world, self.sessions, self.deferred.after)
