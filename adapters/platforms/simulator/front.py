"""What the front of every simulated API does with a request: count it, note it, and go wrong where planned."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, Protocol, TypeVar

from aiohttp import web

from adapters.platforms.simulator.answers import written
from adapters.platforms.simulator.config import SecondsRange, SimulatorConfig
from adapters.platforms.simulator.exchange import Exchange
from adapters.platforms.simulator.faults import FaultPlan, FaultRule, draw
from adapters.platforms.simulator.journal import Journal, Record
from adapters.platforms.simulator.stats import Stats

Answer = web.StreamResponse | None
Found = TypeVar("Found")
E = TypeVar("E", bound=Exchange)


class Kept(Protocol):
    """What the front needs of a simulated account."""

    @property
    def config(self) -> SimulatorConfig: ...
    @property
    def stats(self) -> Stats: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def faults(self) -> FaultPlan: ...


class Front(ABC, Generic[Found]):
    """Answers every request under the address of the API."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    async def handle(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """Answer one request; one that gets no answer has its connection closed by the fault."""
        kept, body = self._kept, await request.read()
        found = self._find(request.method, path)
        name, writes = self._named(found) if found is not None else ("unknown", False)
        kept.stats.arrived(name, writes=writes)
        record = kept.journal.open(request.method, request.path_qs, request.headers, body)
        try:
            response = await self._answer(request, found, body, record)
        finally:
            kept.stats.left()
        if response is None:
            return web.Response()  # goes nowhere: the connection is closed
        record.status = response.status
        return response

    @abstractmethod
    def _find(self, method: str, path: str) -> Found | None:
        """The route of a request."""

    @abstractmethod
    def _named(self, found: Found) -> tuple[str, bool]:
        """Under which name a request is counted, and whether it writes."""

    @abstractmethod
    async def _answer(self, request: web.BaseRequest, found: Found | None, body: bytes, record: Record) -> Answer:
        """Let the request in and carry it out, or say why not."""

    async def _carry_out(
        self,
        exchange: E,
        number: int,
        iccids: Callable[[], Iterable[str]],
        record: Record,
        inject: Callable[[E, FaultRule], Awaitable[Answer]],
    ) -> Answer:
        """Do what was asked, or what the fault plan has for this call."""
        rule = self._kept.faults.pick(exchange.path, number, iccids)
        if rule is None:
            return written(await exchange.apply())
        record.fault = rule.fault
        self._kept.stats.faults[rule.fault] += 1
        return await inject(exchange, rule)

    def _latency(self, span: SecondsRange, path: str, number: int) -> float:
        low, high = span
        return low if low == high else low + (high - low) * draw(self._kept.config.seed, path, number, "latency")


def bearer(request: web.BaseRequest, header: str) -> str | None:
    """The token that a request carries."""
    scheme, _, token = request.headers.get(header, "").partition(" ")
    return token if scheme == "Bearer" else None
