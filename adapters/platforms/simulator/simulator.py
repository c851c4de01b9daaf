"""The simulator as a running server."""

import asyncio
import functools
import gc
import signal
import ssl

from aiohttp import web

from adapters.platforms.simulator.admin import PREFIX, AdminDoor
from adapters.platforms.simulator.config import SimulatorConfig
from adapters.platforms.simulator.engine import Engine
from adapters.platforms.simulator.gateway import API, Gateway
from adapters.platforms.simulator.journal import Journal
from adapters.platforms.simulator.ledger import Ledger
from adapters.platforms.simulator.saver import Saver
from adapters.platforms.simulator.world import World

BODY_BYTES = 64 * 1024**2
SHUTDOWN_SECONDS = 0.2  # a hanging answer must not keep the simulator from ending


class Simulator:
    """A platform on a local port; use it in-process through `start` and `stop`, or from outside through `run`."""

    def __init__(self, config: SimulatorConfig | None = None) -> None:
        self.config = config or SimulatorConfig()
        self.port = self.config.port
        self._runner: web.ServerRunner | None = None
        self._saver: Saver | None = None
        self._furnish()

    def _furnish(self) -> None:
        """Put the platform behind the server; another platform's simulator replaces this."""
        self.engine = Engine(self.config)
        self._gateway = Gateway(self.engine)
        self._admin = AdminDoor(self.engine)
        self._saver = Saver(self.engine, self.config.state_file) if self.config.state_file else None

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return f"{self.root_url}{API}"

    @property
    def root_url(self) -> str:
        """Where the server is; the admin door is under it at `/_sim`."""
        host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
        scheme = "https" if self.config.tls_cert else "http"
        return f"{scheme}://{host}:{self.port}"

    @property
    def state(self) -> World:
        """The platform's true state."""
        return self.engine.world

    @property
    def stock(self) -> int:
        """How many SIMs the platform knows."""
        return len(self.engine.world.sims)

    @property
    def ledger(self) -> Ledger:
        """What truly happened."""
        return self.engine.ledger

    @property
    def journal(self) -> Journal:
        """What clients sent."""
        return self.engine.journal

    async def start(self) -> str:
        """Listen, and return the base URL."""
        loop = asyncio.get_running_loop()
        factory = functools.partial(web.BaseRequest, loop=loop, client_max_size=BODY_BYTES)
        server = web.Server(self._handle, request_factory=factory, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=SHUTDOWN_SECONDS)
        await self._runner.setup()
        context = _tls(self.config)
        await web.TCPSite(self._runner, self.config.host, self.config.port, backlog=1024, ssl_context=context).start()
        self.port = self._runner.addresses[0][1]
        if self._saver:
            self._saver.start()
        return self.base_url

    async def stop(self) -> None:
        """Stop listening, drop hanging requests and write the state file."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None
        await self._clear_away()

    async def _clear_away(self) -> None:
        self.engine.close()
        if self._saver:
            await self._saver.stop()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path.startswith(API + "/"):
            return await self._gateway.handle(request, path[len(API) :])
        if path.startswith(PREFIX + "/"):
            return await self._admin.handle(request, path[len(PREFIX) :])
        return web.Response(status=404, text="Not Found")


def _tls(config: SimulatorConfig) -> ssl.SSLContext | None:
    if config.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(config.tls_cert, config.tls_key)
    return context


def simulator_of(config: SimulatorConfig) -> Simulator:
    """The simulator of the platform that the knobs name."""
    if config.platform == "stacuity":
        from adapters.platforms.simulator.stacuity.server import StacuitySimulator  # noqa: PLC0415 - it builds on this

        return StacuitySimulator(config)
    return Simulator(config)


def run(config: SimulatorConfig) -> None:
    """Serve until SIGINT or SIGTERM; prints one line once the server listens."""
    asyncio.run(_serve(config))


async def _serve(config: SimulatorConfig) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    simulator = simulator_of(config)
    await simulator.start()
    gc.collect()
    gc.freeze()  # the stock lives as long as the process; each look at all of it is a pause of a tenth of a second
    try:
        print(_ready_line(simulator), flush=True)
        await stopped.wait()
    finally:
        await simulator.stop()


def _ready_line(simulator: Simulator) -> str:
    config = simulator.config
    return (
        f"simulator listening base_url={simulator.base_url} platform={config.platform} seed={config.seed} "
        f"stock={simulator.stock} fault_rules={len(config.faults)}"
    )
