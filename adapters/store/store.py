"""The store as the rest of the program sees it."""

import os
import socket
import uuid
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import Connection, event

from adapters.store import account_pins, deadline, lanes, living, rates, work
from adapters.store.clock import store_now
from adapters.store.committer import Committer
from adapters.store.deadline import LOOK, PLANNING
from adapters.store.decisions import Owner
from adapters.store.engine import Turns, open_engine, translated
from adapters.store.handed_out import HandedOut, plan_lost
from adapters.store.lookups import Lookups
from adapters.store.migrate import prepare, still_ours, upgrade
from domain.doubt import Doubt, Evidence, Ruling
from domain.errors import StoreUnavailable
from domain.options import Account
from domain.pacing import Lane
from domain.ports import Outlook, Result, Scope, Slots, Step
from domain.tenancy import Marks
from domain.waypoints import reached

T = TypeVar("T")


class Store:
    """One store, opened by its URL. Functions that take a connection run inside one durable transaction."""

    def __init__(self, url: str) -> None:
        self.url = url
        with deadline.kept(PLANNING), translated(url):
            self._engine = open_engine(url)
            self._turns = Turns(url)
            try:
                with self._turns.mine():
                    prepare(self._engine)
                event.listen(self._engine, "begin", still_ours)
            except BaseException:
                self._engine.dispose()
                raise
        self._committer: Committer | None = None
        self._lookups: Lookups | None = None

    def write(self, function: Callable[..., T], *args: object, **kwargs: object) -> T:
        """Run a function in a transaction."""
        with deadline.kept(deadline.of(function)), translated(self.url), self._turns.mine():
            with self._engine.begin() as connection:
                result = function(connection, *args, **kwargs)
                reached("before commit")
            reached("after commit")
        return result

    def read(self, function: Callable[..., T], *args: object, **kwargs: object) -> T:
        """Run a function that only reads; nobody who writes waits for it, nor it for them."""
        return self._reading.read(lambda connection: function(connection, *args, **kwargs))

    async def look(self, function: Callable[..., T], *args: object, within: float = LOOK.seconds) -> T:
        """The same for a question that somebody waits for, answered in so many seconds or not at all.

        Raises StoreSilent.
        """
        return await self._reading.run(lambda connection: function(connection, *args), LOOK, within=within)

    async def survey(self, function: Callable[..., T], *args: object, **kwargs: object) -> T:
        """The same for a long question; a stop of the process ends it."""
        return await self._reading.run(lambda connection: function(connection, *args, **kwargs), PLANNING, within=None)

    def rehearse(self, function: Callable[..., object], *args: object, **kwargs: object) -> None:
        """Run a function in a transaction that is taken back, to see whether it could be done."""
        with deadline.kept(PLANNING), translated(self.url), self._turns.mine(), self._engine.connect() as connection:
            transaction = connection.begin()
            try:
                function(connection, *args, **kwargs)
            finally:
                transaction.rollback()

    async def awrite(self, function: Callable[..., T], *args: object, **kwargs: object) -> T:
        """Run a function in a transaction, committed together with others that wait."""
        if self._committer is None:
            self._committer = Committer(self._engine, self._turns, self.url)
        return await self._committer.run(
            lambda connection: function(connection, *args, **kwargs), deadline.of(function)
        )

    def close(self) -> None:
        """Finish what was handed in and let go of the database."""
        if self._committer is not None:
            self._committer.close()
        if self._lookups is not None:
            self._lookups.close()
        self._engine.dispose()

    @property
    def _reading(self) -> Lookups:
        if self._lookups is None:
            self._lookups = Lookups(open_engine(self.url, reads_only=True), self.url)
        return self._lookups


def upgrade_store(url: str, *, force: bool = False) -> str:
    """Bring a store to the program's version, and return that version.

    Raises Refused while processes work with it, unless forced.
    """
    with deadline.kept(PLANNING), translated(url):
        engine = open_engine(url)
        try:
            with Turns(url).mine():
                return upgrade(engine, force=force)
        finally:
            engine.dispose()


class AccountLedger:
    """The store, for carrying out one account's operations in this process: both its ledger and its buckets."""

    def __init__(self, store: Store, name: str, account: Account, lane: Lane = Lane.BULK) -> None:
        self._store = store
        self._rate = account.rate_per_second
        self._share = account.sales_share
        self.owner = Owner(
            worker=str(uuid.uuid4()),
            account=name,
            platform=account.platform,
            patience=account.patience,
            bulk_patience=account.bulk_patience,
            max_in_flight=account.max_in_flight,
            lane=lane,
            sales_places=account.sales_places,
            claims=account.capabilities.needs_activation_code,
        )
        self.has_sent = False
        self.handed_out = HandedOut()

    async def open(self, now: Marks | None = None, *, beside: Collection[str] = ()) -> bool:
        """Enter this process among the living, and strike those of this host that are not.

        `now` are the marks of the account's settings, which must be those that it was used with before; `beside` names
        accounts that may have them too. Says whether only the platform can tell whose they are.
        Raises WrongTenant.
        """
        await self._store.awrite(living.strike_dead)
        return await self._store.awrite(self._enter, now, beside)

    def _enter(self, connection: Connection, now: Marks | None, beside: Collection[str]) -> bool:
        shown_only = now is not None and account_pins.admit(connection, self.owner.account, now, beside)
        lanes.enter(connection, self.owner, host=socket.gethostname(), pid=os.getpid())
        return shown_only

    async def beat(self) -> None:
        """Show that this process lives, though it has nothing to send."""
        await self._plan_lost()
        await self._store.awrite(lanes.beat, self.owner)

    async def _plan_lost(self) -> None:
        if self.handed_out.is_doubted:
            await self._store.awrite(plan_lost, self.owner, *self.handed_out.known())

    async def close(self) -> None:
        """Leave the living; where that cannot be written, the lease tells it later."""
        with suppress(StoreUnavailable):
            await self._store.awrite(lanes.forget, [self.owner.worker])

    async def now(self) -> float:
        """The time by the store's clock."""
        return await self._store.awrite(store_now)

    async def step(self, scope: Scope, results: Sequence[Result], room: int, *, bulk: bool = False) -> Step:
        """See domain.ports.Ledger."""
        asked = self._store.awrite(work.step, self.owner, scope, results, room, bulk=bulk)
        step = await self.handed_out.by(asked, results, lambda made: made)
        self.has_sent = self.has_sent or bool(step.work)
        return step

    async def doubts(self, scope: Scope, limit: int) -> list[Doubt]:
        """See domain.ports.Ledger."""
        await self._plan_lost()
        return await self._store.awrite(work.doubts, self.owner, scope, limit)

    async def rule(self, rulings: Sequence[tuple[Doubt, Evidence, Ruling]]) -> None:
        """See domain.ports.Ledger."""
        await self._store.awrite(work.rule, self.owner, rulings)

    async def outlook(self, scope: Scope) -> Outlook:
        """See domain.ports.Ledger."""
        return await self._store.awrite(work.outlook, self.owner, scope)

    async def take(self, wanted: int) -> Slots:
        """See domain.ports.Buckets."""
        return await self._store.awrite(
            rates.take_slots,
            self.owner.account,
            rate=self._rate,
            wanted=wanted,
            lane=self.owner.lane,
            sales_share=self._share,
        )

    async def refused(self, sent_at: float, retry_after: float | None) -> None:
        """See domain.ports.Buckets."""
        await self._store.awrite(
            rates.refuse, self.owner.account, rate=self._rate, sent_at=sent_at, retry_after=retry_after
        )
