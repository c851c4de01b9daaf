"""The Stacuity simulator as a running server: the program of every simulator, with another account behind it."""

from aiohttp import web

from adapters.platforms.simulator.admin import PREFIX
from adapters.platforms.simulator.config import SimulatorConfig
from adapters.platforms.simulator.journal import Journal
from adapters.platforms.simulator.ledger import Ledger
from adapters.platforms.simulator.simulator import Simulator
from adapters.platforms.simulator.stacuity.admin import StacuityAdminDoor
from adapters.platforms.simulator.stacuity.config import StacuityConfig
from adapters.platforms.simulator.stacuity.engine import StacuityEngine
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.gateway import API, StacuityGateway


class StacuitySimulator(Simulator):
    """A Stacuity account on a local port."""

    def __init__(self, config: SimulatorConfig | None = None) -> None:
        super().__init__(config or StacuityConfig())

    def _furnish(self) -> None:
        assert isinstance(self.config, StacuityConfig)
        self.account = StacuityEngine(self.config)
        self._front = StacuityGateway(self.account)
        self._door = StacuityAdminDoor(self.account)

    async def _clear_away(self) -> None:
        await self.account.close()

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return f"{self.root_url}{API}"

    @property
    def stock(self) -> int:
        """How many endpoints the account has."""
        return len(self.estate.endpoints)

    @property
    def estate(self) -> Estate:
        """The account's true state."""
        return self.account.world

    @property
    def ledger(self) -> Ledger:
        """What truly happened."""
        return self.account.ledger

    @property
    def journal(self) -> Journal:
        """What clients sent."""
        return self.account.journal

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.rel_url.raw_path  # the parts of a path are decoded one by one, and once
        if path.lower().startswith(API + "/"):
            return await self._front.handle(request, path[len(API) :])
        if path.startswith(PREFIX + "/"):
            return await self._door.handle(request, path[len(PREFIX) :])
        return web.Response(status=404, text="Not Found")
