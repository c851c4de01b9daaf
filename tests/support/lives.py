"""Real processes of the program, forked within milliseconds, that end or freeze at any point of their way."""

import asyncio
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain import waypoints
from domain.lifecycle import Kind
from domain.order import SellRequest
from domain.pacing import Lane
from tests.support.program import Program
from tests.support.simulated_program import SimulatedProgram

KNOBS = {"rate_per_second": 0, "latency_read": 0.005, "latency_write": 0.01, "latency_login": 0, "read_lag": 0.05}
# Quick to believe that something is absent, and patient enough for a busy machine.
SETTINGS = {
    "rate_per_second": 200,
    "max_in_flight": 2,
    "deadline_seconds": 1,
    "read_deadline_seconds": 5,
    "settle_seconds": 0.5,
    "page_size": 10,
}
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.support.lives"])
_POLL = 0.01


@dataclass(frozen=True)
class Job:
    """What a process is to do: provision these SIMs, then activate so many of them into a group.

    Or take back an order that was placed already: `cancel` or `refund` is its number.
    """

    url: str
    base_url: str
    iccids: Sequence[str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    tags: Sequence[str] = ("spring",)
    activate: int = 0
    cancel: str = ""
    refund: str = ""


def _live(job: Job, deadly: int, reached: Any, writing: Any) -> None:
    """The whole life of a process. At its point number `deadly` it ends as by a power cut."""

    def listener(point: str) -> None:
        reached.value += 1
        writing.value += {"last look": 1, "written or given up": -1}.get(point, 0)
        if reached.value == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    waypoints.listen(listener)
    sys.exit(asyncio.run(_carry_out(job)))


async def _carry_out(job: Job) -> int:
    program = Program(job.url, base_url=job.base_url, iccids=job.iccids, **job.settings)
    try:
        if job.cancel or job.refund:
            return await _take_back(program, job)
        program.batch(*job.tags)
        session = await program.process()
        error = await program.run(session, look=Kind.CREATE)
        if error is None and job.activate:
            program.activation("eu", count=job.activate)
            error = await program.run(session, look=Kind.ACTIVATE)
        await session.ledger.close()
    finally:
        await program.close()
    if error is not None:
        print(f"process {os.getpid()} ended with {error!r}", file=sys.stderr, flush=True)
    return 0 if error is None else 1


async def _take_back(program: Program, job: Job) -> int:
    session = await program.process(lane=Lane.SALES)
    await session.platform.login()
    if job.cancel:
        await session.orders().cancel(job.cancel, by="the shop")
    else:
        await session.orders().record_refund(job.refund, by="the shop")
        await session.refunder().carry_on(job.refund, within=30)
    await session.ledger.close()
    return 0


class Life:
    """A process under way."""

    def __init__(self, job: Job, *, deadly: int = 0) -> None:
        self._reached = _FORKS.RawValue("i", 0)
        self._writing = _FORKS.RawValue("i", 0)
        arguments = (job, deadly, self._reached, self._writing)
        self._process = _FORKS.Process(target=_live, args=arguments, daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def points(self) -> int:
        """How many points it has reached."""
        return int(self._reached.value)

    @property
    def is_writing(self) -> bool:
        """Whether it is between its last look at the clock and the end of a request, of which nothing is promised."""
        return self._writing.value > 0

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._process.exitcode is not None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if not self.is_over:
            os.kill(self.pid, number)

    async def ended(self, seconds: float = 120.0) -> int:
        """Wait until it ends, and return its exit code; one that was killed has a negative one."""
        until = time.monotonic() + seconds
        while (code := self._process.exitcode) is None:
            assert time.monotonic() < until, f"process {self.pid} did not end in {seconds:g} s"
            await asyncio.sleep(_POLL)
        self._process.join()
        return code


class RealWorld(SimulatedProgram):
    """A simulated platform, a store, and real processes that work on it."""

    knobs = KNOBS
    account = SETTINGS

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(url, **options)
        self._lives: list[Life] = []

    def job(self, **details: Any) -> Job:
        """All SIMs of this world, as a process of its own is told."""
        return Job(self.desk.url, self.base_url, self.iccids, self.settings, **details)

    def live(self, job: Job, *, deadly: int = 0) -> Life:
        """Start a process."""
        self._lives.append(Life(job, deadly=deadly))
        return self._lives[-1]

    async def __aexit__(self, *error: object) -> None:
        for life in self._lives:
            life.signal(signal.SIGKILL)
        await super().__aexit__(*error)

    async def until(self, happened: Any, seconds: float = 60.0) -> None:
        """Wait for something that another process brings about."""
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end, f"waited {seconds:g} s in vain"
            await asyncio.sleep(_POLL)

    async def sold(self, order: str) -> tuple[str, str | None]:
        """Sell in this process: where the order stands then, and its SIM."""
        session = await self.process(lane=Lane.SALES)
        await session.platform.login()
        found = await session.seller().sell(SellRequest(order=order, account=session.name), within=30)
        return found.state.value, found.iccid

    def check_activated(self, count: int) -> None:
        """So many are active and have the add-on of their group once."""
        found = sorted((one.status, len(one.addons)) for one in self.simulator.state.endpoints.values())
        assert found == [("Active", 1)] * count + [("Pre-Active", 0)] * (len(self.iccids) - count)
        assert self.commits("activate") == self.commits("subscribe_addon") == count
