"""Shows sales in the Prefect UI, beside the sales and never in their way.

A child process runs the flow `sell` for each sale, so that Prefect costs the service neither time nor memory. The run
begins when the child hears of a sale and ends when the sale does. When Prefect is slow or away, sales go on alone and
are shown later.

Both sides speak in lines of JSON: the service says `begin`, `end` and `tell`, the child says `shown` and `away`.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from domain.order import Order, SellRequest
from tasks import selling

_AT_ONCE = 2  # Prefect's SQLite does not like more, and its server shares the machine
_MOST_WAITING = 200
_AWAY_SECONDS = 10.0
_RUN_SECONDS = 900.0
_HANGS_SECONDS = 30.0  # a sale that ended, and nothing heard of any for so long
_AGAIN_SECONDS = 5.0  # before a child that ended is started again

_CHILD = (sys.executable, "-m", "flows.showing")

Shown = Callable[[int, str], None]


class Showcase:
    """The service's side: tells a child process of sales, and hears which run shows which order."""

    def __init__(self, shown: Shown, *, command: Sequence[str] = _CHILD) -> None:
        self._shown = shown
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._is_over = False
        self._waiting: dict[int, float | None] = {}  # with when they ended
        self._heard_at = 0.0
        self._silent_until = 0.0

    @property
    def is_away(self) -> bool:
        """Whether Prefect did not answer a short while ago, or hangs."""
        now = asyncio.get_running_loop().time()
        ended = min((at for at in self._waiting.values() if at is not None), default=now)
        return now < self._silent_until or now - max(ended, self._heard_at) > _HANGS_SECONDS

    @property
    def has_room(self) -> bool:
        """Whether another sale can be shown soon."""
        return not self.is_away and len(self._waiting) < _MOST_WAITING

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits to be shown."""
        return not self._waiting

    async def start(self) -> None:
        """Start the child, and again when it ends by itself. It ends with us, since its standard input does."""
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep())

    def begin(self, request: SellRequest, sale: int) -> None:
        """A sale has begun. It is shown if there is room, and otherwise handed in again later."""
        if self.has_room and sale not in self._waiting:
            self._waiting[sale] = None
            self._say({"begin": sale, "request": request.model_dump()})

    def end(self, sale: int, *, order: Order | None, message: str = "") -> None:
        """A sale has ended, with an order or with an error's message."""
        if sale in self._waiting:
            self._waiting[sale] = asyncio.get_running_loop().time()
            told = {} if order is None else {"order": order.id, "state": order.state, "message": order.sentence()}
            self._say({"end": sale, "message": message} | told)

    def tell(self, event: str, about: str, facts: Mapping[str, Any]) -> None:
        """Let Prefect know of an event, so that automations can act on it, if it answers at present."""
        if not self.is_away:
            self._say({"tell": event, "about": about, "facts": dict(facts)})

    async def stop(self) -> None:
        """Show no more; runs under way are given a moment."""
        self._is_over = True
        if self._process is None or self._keeper is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _AWAY_SECONDS)
        except TimeoutError:
            self._process.kill()
        self._keeper.cancel()
        await asyncio.gather(self._keeper, return_exceptions=True)

    async def _spawn(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True
        )

    async def _keep(self) -> None:
        await self._listen()
        while not self._is_over:
            self._waiting.clear()  # what the child knew of is handed in again later
            self._silent_until = asyncio.get_running_loop().time() + _AWAY_SECONDS
            await asyncio.sleep(_AGAIN_SECONDS)
            with contextlib.suppress(OSError):
                await self._spawn()
                await self._listen()

    def _say(self, words: dict[str, Any]) -> None:
        if self._process is not None and self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(json.dumps(words).encode() + b"\n")

    async def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            try:
                told = json.loads(line)
            except ValueError:
                continue  # something else of the child's wrote there
            self._heard_at = asyncio.get_running_loop().time()
            self._waiting.pop(told["sale"], None)
            if told.get("away"):
                self._silent_until = self._heard_at + _AWAY_SECONDS
            elif "order" in told:
                self._shown(told["order"], told["run"])
        await self._process.wait()


# --- the child's side ---


class Shower:
    """Runs the flow for each sale that it hears of."""

    def __init__(self) -> None:
        self._ends: dict[int, asyncio.Future[selling.Ended]] = {}
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._runs: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Until the service closes our standard input, which it also does by dying."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        async for line in reader:
            self._hear(json.loads(line))
        for end in self._ends.values():
            end.cancel()
        await asyncio.wait(self._runs, timeout=_AWAY_SECONDS / 2) if self._runs else None

    def _hear(self, told: dict[str, Any]) -> None:
        from tasks.events import tell

        if "begin" in told:
            sale = int(told["begin"])
            self._ends[sale] = asyncio.get_running_loop().create_future()
            run = asyncio.create_task(self._show(sale, SellRequest(**told["request"])))
            self._runs.add(run)
            run.add_done_callback(self._runs.discard)
        elif "tell" in told:
            with contextlib.suppress(Exception):  # whatever Prefect met, the order does not depend on it
                tell(told["tell"], told["about"], told["facts"])
        elif (end := self._ends.get(int(told["end"]))) is not None and not end.done():
            end.set_result(selling.Ended(told.get("order"), told.get("state", ""), told["message"]))

    async def _show(self, sale: int, request: SellRequest) -> None:
        from flows.sell import sell

        async with self._places:
            end = self._ends[sale]
            selling.shown_here.set(end)
            try:
                async with asyncio.timeout(_RUN_SECONDS):
                    state = await cast(Any, sell)(request, return_state=True)
                ended = await end
                told: dict[str, Any] = {"run": str(state.state_details.flow_run_id)}
                told |= {"order": ended.order} if ended.is_final else {}
            except Exception:  # whatever Prefect met, the sale does not depend on it
                told = {"away": True}
            finally:
                self._ends.pop(sale, None)
        print(json.dumps(told | {"sale": sale}), flush=True)


def main() -> None:
    """Be the child: last in line for the processor, and deaf to the terminal's Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(AttributeError, OSError):  # Linux only
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    asyncio.run(Shower().serve())


if __name__ == "__main__":
    main()
