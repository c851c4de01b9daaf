"""The main job without Prefect: a real store, the real executor and settler, and whatever platform is given."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from adapters.store import ingest, selection
from adapters.store.store import AccountLedger, Store
from domain.executor import Executor
from domain.lifecycle import Kind
from domain.operation import State
from domain.options import Account
from domain.pacer import Pacer
from domain.ports import Platform, Scope
from domain.settler import Settler

NAME = "t"


class Job:
    """One account's work in one store."""

    def __init__(self, url: str, account: Account, kind: type[Store] = Store) -> None:
        self.account = account
        self.store = kind(url)
        self.ledger = AccountLedger(self.store, NAME, account)
        self.pacer = Pacer(self.ledger, rate=account.rate_per_second)

    async def open(self) -> None:
        await self.ledger.open()

    async def close(self) -> None:
        await self.ledger.close()
        self.store.close()

    def batch(self, iccids: Sequence[str], *, tags: Sequence[str] = ("b",), row_tags: Any = ()) -> Scope:
        """Store the SIMs as a batch, planned to be created and tagged."""
        count = len(iccids)
        stored = self.store.write(
            ingest.ingest,
            account=NAME,
            batch="b",
            is_named=False,
            source=ingest.Source("b.csv", "0" * 64, "1" * 64, ("iccid",), count, count, 0, 0, 0),
            accepted=[(number + 2, iccid, None) for number, iccid in enumerate(iccids)],
            name_template=self.account.name_template,
            rejected=[],
            tags=list(tags),
            platform_tags="now",
            row_tags=list(row_tags),
        )
        return Scope(stored.change)

    def activation(self, tag: str, group: str, count: int | None = None) -> Scope:
        """Plan to activate what carries the tag."""
        wanted = selection.Request(NAME, tag=tag, group=group, count=count, platform=self.account.platform)
        return Scope(self.store.write(selection.select_endpoints, wanted).change)

    def assignment(self, tag: str, group: str) -> Scope:
        """Plan to put what carries the tag into another group."""
        wanted = selection.Request(NAME, tag=tag, group=group, kind=Kind.ASSIGN, platform=self.account.platform)
        return Scope(self.store.write(selection.select_endpoints, wanted).change)

    def ending(self, tag: str, count: int) -> Scope:
        """Plan to terminate the first of what carries the tag."""
        wanted = selection.Request(
            NAME, tag=tag, count=count, kind=Kind.TERMINATE, platform=self.account.platform, confirmed=count
        )
        return Scope(self.store.write(selection.select_endpoints, wanted).change)

    async def finish(self, platform: Platform, scope: Scope, *, until: Iterable[State] = (State.CONFIRMED,)) -> None:
        """Send and settle until every operation is in one of these states."""
        stop = asyncio.Event()
        executor = Executor(
            self.ledger,
            platform,
            max_in_flight=self.account.max_in_flight,
            turns=self.pacer,
            send_window=self.account.send_window,
            stop=stop,
            halt=stop.set,
        )
        settler = Settler(self.ledger, platform, self.account.patience)
        for _ in range(400):
            await executor.run(scope)
            await settler.settle_due(scope)
            outlook = await self.ledger.outlook(scope)
            if set(outlook.counts) <= set(until):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"not finished: {outlook.counts}")
