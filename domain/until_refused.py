"""Stops taking SIMs from stock while the platform refuses one after the other."""

from collections.abc import Sequence

from domain.lifecycle import Kind
from domain.outcome import Because, Verdict
from domain.ports import Result, Scope, Step, Steps
from domain.replenish import REFUSALS_IN_A_ROW


class UntilRefused:
    """The ledger's steps until so many creates in a row were refused; from then on nothing more is handed out."""

    def __init__(self, ledger: Steps, *, most: int = REFUSALS_IN_A_ROW) -> None:
        self._ledger = ledger
        self._most = most
        self._in_a_row = 0
        self.is_over = False

    async def step(self, scope: Scope, results: Sequence[Result], room: int, *, bulk: bool = False) -> Step:
        """See domain.ports.Steps."""
        for result in results:
            self._note(result)
        return await self._ledger.step(scope, results, 0 if self.is_over else room, bulk=bulk)

    def _note(self, result: Result) -> None:
        if result.work.kind is not Kind.CREATE:
            return
        if result.answer.verdict is Verdict.DONE:
            self._in_a_row = 0
        elif result.answer.because is Because.REFUSED:
            self._in_a_row += 1
        self.is_over = self.is_over or self._in_a_row >= self._most
