"""An executor with a platform, a ledger and a time of its own."""

import asyncio

from domain.executor import Executor
from domain.outcome import Answer, Because, Verdict
from tests.support.memory_ledger import EVERYTHING, MemoryLedger, Steady
from tests.support.memory_platform import MemoryPlatform
from tests.support.virtual_time import now, played
from tests.support.works import iccid

UNKNOWN = Answer(Verdict.UNKNOWN, text="no complete answer")
REFUSED = Answer(Verdict.NOT_DONE, Because.REFUSED)
UNREACHABLE = Answer(Verdict.NOT_DONE, Because.UNREACHABLE)
THROTTLED = Answer(Verdict.NOT_DONE, Because.THROTTLED)
GROUP = Answer(Verdict.NOT_DONE, Because.GROUP, text="It has no routing policy.")
LOGIN = Answer(Verdict.NOT_DONE, Because.LOGIN, text="wrong password")


class Play:
    """An executor with all it needs, in a time of its own."""

    def __init__(self, operations, *, max_in_flight=4, rate=10.0, waiting=0, platform=None, ledger=MemoryLedger):
        self.ledger = ledger(operations, clock=now)
        self.platform = platform or MemoryPlatform(seconds=1.0)
        self.stop = asyncio.Event()
        self.executor = Executor(
            self.ledger,
            self.platform,
            max_in_flight=max_in_flight,
            turns=Steady(rate, waiting),
            send_window=30.0,
            stop=self.stop,
            halt=self.stop.set,
        )
        self.ended_at = 0.0

    def answers(self, script):
        """What the next writes of each operation come to."""
        self.platform.script = {iccid(number): list(outcomes) for number, outcomes in script.items()}

    async def _run(self, *meanwhile):
        others = [asyncio.create_task(other) for other in meanwhile]
        try:
            await self.executor.run(EVERYTHING)
        finally:
            self.ended_at = now()
            await asyncio.gather(*others)

    def run(self, *meanwhile):
        played(self._run(*meanwhile))

    def states(self):
        return {state.value: count for state, count in self.ledger.states.items()}

    def sent_times(self):
        """How often each ICCID was written to the platform."""
        return [sum(w.iccid == iccid(n) for w in self.platform.performed) for n in self.ledger.entries]
