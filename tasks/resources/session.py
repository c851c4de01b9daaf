"""Opens settings, store and platforms, and the session in which an account is written to."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from adapters import settings
from adapters.redaction import hide
from adapters.store.reading import Reader
from domain.bulk import BulkCreator, BulkPlatform
from domain.errors import Refused, SettingsError, Stopped, UsageError
from domain.executor import Executor
from domain.groups import Target
from domain.handing_in import KEEP_SECONDS
from domain.inbox import Meaning, PlatformEvent
from domain.lifecycle import Kind
from domain.operation import Work
from domain.options import Account
from domain.pacer import Pacer
from domain.pacing import Lane
from domain.ports import Changing, Steps
from domain.sale import Seller
from domain.settler import Settler
from domain.sight import Finding

if TYPE_CHECKING:
    from adapters.platforms.sft.client import SftPlatform
    from adapters.platforms.stacuity.client import StacuityPlatform
    from adapters.platforms.stacuity.receiver import Receiver
    from adapters.store.order_book import StoreOrders
    from adapters.store.store import AccountLedger, Store

    AnyPlatform = SftPlatform | StacuityPlatform


@dataclass(frozen=True, slots=True)
class Moment:
    """When something began: by the store's clock, to compare with what it holds, and by ours, to measure."""

    at: float
    ticks: float

    @property
    def seconds(self) -> float:
        """How long ago that was."""
        return time.monotonic() - self.ticks


class Session:
    """One account, opened for writing: store, ledger, platform, and the means to stop."""

    def __init__(
        self,
        name: str,
        account: Account,
        store: "Store",
        ledger: "AccountLedger",
        lane: Lane,
        *,
        groups: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.account = account
        self.store = store
        self.ledger = ledger
        # A sale makes its calls one after the other; its later ones find their turns taken already.
        ahead = account.capabilities.calls_per_sale - 1 if lane is Lane.SALES else None
        self.pacer = Pacer(ledger, rate=account.rate_per_second, ahead=ahead)
        self.platform = open_platform(account, self.pacer, groups or {})
        self.stop = asyncio.Event()
        self.settler = Settler(ledger, self.platform, account.patience)

    @property
    def calls(self) -> int:
        """HTTP requests sent in this session."""
        return self.pacer.calls

    async def now(self) -> Moment:
        """This moment."""
        return Moment(await self.ledger.now(), time.monotonic())

    def halt(self) -> None:
        """Let no new call start; what is under way is waited for."""
        self.stop.set()
        self.pacer.close()

    def bulk_creator(self) -> BulkCreator | None:
        """A means to create many endpoints with one call, if the account's settings name such a call."""
        bulk = self.account.bulk
        if bulk is None or not isinstance(self.platform, BulkPlatform):
            return None
        return BulkCreator(
            self.ledger,
            self.platform,
            size=bulk.size,
            at_once=self.account.max_in_flight,
            stop=self.stop,
            halt=self.halt,
        )

    async def planned(self, change: int, kind: Kind) -> list[Work]:
        """Operations of this kind for which nothing has been sent."""
        from adapters.store import sight

        return await self.store.awrite(sight.planned, change, kind)

    async def settle_by_sight(self, findings: Sequence[Finding]) -> None:
        """Apply what was seen on the platform before anything was sent."""
        from adapters.store import sight

        await self.store.awrite(sight.settle, self.ledger.owner, findings)

    async def confirmed_by_answer(self, change: int, kind: Kind, since: float) -> dict[str, str]:
        """ICCID and endpoint id of what answers confirmed since then."""
        from adapters.store import sight

        return await self.store.awrite(sight.confirmed_by_answer, change, kind, since)

    async def confirmed_tags(self, change: int, since: float) -> list[Work]:
        """Tags that answers confirmed since then."""
        from adapters.store import sight

        return await self.store.awrite(sight.confirmed_tags, change, since)

    async def reconsider(self, findings: Sequence[Finding]) -> None:
        """Apply what a later read showed of confirmed operations."""
        from adapters.store import sight

        await self.store.awrite(sight.reconsider, self.ledger.owner, findings)

    async def report_differences(self, change: int, kind: Kind, differing: Mapping[str, str]) -> None:
        """Hand to a person what the platform contradicts."""
        from adapters.store import sight

        await self.store.awrite(sight.report_differences, self.ledger.owner, change, kind, differing)

    async def new_tags(self, change: int) -> list[str]:
        """Tags that the change will write and that no endpoint of the account carries on the platform yet."""
        from adapters.store import tagging

        return await self.store.awrite(tagging.new_tags, change)

    async def check_not_stopped(self) -> None:
        """Hold a run on an account that a person stopped.

        Raises Refused.
        """
        from adapters.store import unfinished

        reason = await self.store.awrite(unfinished.stop_of, self.name)
        if reason is not None:
            raise Refused(
                f"Account {self.name} is stopped ({reason}); nothing was changed, "
                f"`preactive account start {self.name}` lets it go on."
            )

    async def cancel(self, change: int) -> None:
        """Let no process send anything more for this change, until somebody asks for it again."""
        from adapters.store import bulk_changes

        await self.store.awrite(bulk_changes.cancel, [change])

    async def open_positions(self, change: int) -> list[tuple[int, int]]:
        """Stretches of the change, counted from 1, in which something is still to be sent."""
        from adapters.store import bulk_changes

        return await self.store.awrite(bulk_changes.open_stretches, change)

    async def find_group(self, name: str, *, keep: bool) -> Target:
        """The group of this name, pinned by id for this run and, with `keep`, for every later one.

        Raises UnknownGroup, UnusableGroup, ReadFailed.
        """
        from adapters.store import pins

        known = await self.store.awrite(pins.pinned, self.name, name)
        target = await self.platform.pin_group(name, group_id=known)
        if keep:
            await self.store.awrite(pins.pin, self.name, name, target.id)
        return target

    async def keep_events(self, events: Sequence[PlatformEvent], source: str) -> int:
        """Keep events that are not known yet, and return how many those were."""
        from adapters.store import inbox

        return await self.store.awrite(inbox.keep, self.name, events, source)

    async def apply_events(self) -> dict[Meaning, int]:
        """Find out what new events mean, and return how many meant what."""
        from adapters.store import inbox

        total: Counter[Meaning] = Counter()
        while True:
            found = await self.store.awrite(inbox.apply, self.ledger.owner)
            total.update(found)
            if sum(found.values()) < inbox.AT_ONCE or found[Meaning.NEW] == inbox.AT_ONCE:
                return dict(total)

    async def latest_event(self) -> float | None:
        """The time of the latest event that a poll brought."""
        from adapters.store import inbox

        return await self.store.awrite(inbox.newest_at, self.name)

    def executor(self, ledger: Steps | None = None, platform: Changing | None = None) -> Executor:
        """A means to carry out operations of the account."""
        return Executor(
            ledger or self.ledger,
            platform or self.platform,
            max_in_flight=self.account.max_in_flight,
            turns=self.pacer,
            send_window=self.account.send_window,
            stop=self.stop,
            halt=self.halt,
            keep_seconds=KEEP_SECONDS if self.ledger.owner.lane is Lane.BULK else math.inf,
        )

    def orders(self) -> "StoreOrders":
        """The account's orders."""
        from adapters.store.order_book import StoreOrders

        return StoreOrders(self.store, self.ledger, hold=self.account.reservation_seconds)

    def seller(self) -> Seller:
        """A means to sell the account's SIMs."""
        return Seller(
            self.orders(),
            self.ledger,
            self.settler,
            self.platform,
            self.executor,
            at_once=self.account.max_in_flight,
            stop=self.stop,
        )


_sessions: dict[str, Session] = {}


def account(name: str | None = None) -> tuple[str, Account]:
    """An account's name and settings."""
    return settings.account(name)


def account_names() -> list[str]:
    """The accounts in the settings."""
    return sorted(settings.load().accounts)


def open_platform(account: Account, pacer: Pacer, groups: Mapping[str, str]) -> "AnyPlatform":
    """The platform client of an account; `groups` are the ids that names of groups stood for before.

    Raises SettingsError.
    """
    if account.platform == "stacuity":
        from adapters.platforms.stacuity.client import StacuityPlatform

        if not account.token.get_secret_value():
            raise SettingsError("The account has no token; set it by environment variable or token_file.")
        return StacuityPlatform(account, pacer, groups)
    from adapters.platforms.sft.client import SftPlatform

    return SftPlatform(account, pacer)


async def open_receiver(
    account: Account, keep: Callable[[PlatformEvent], Awaitable[None]], *, host: str, port: int
) -> "Receiver":
    """Listen for the platform's webhooks.

    Raises SettingsError, UsageError.
    """
    if account.platform != "stacuity":
        raise UsageError(f"The platform {account.platform} sends no webhooks that are known.")
    from adapters.platforms.stacuity.receiver import Receiver

    token = account.webhook_token.get_secret_value()
    if not token:
        raise SettingsError("The account has no webhook_token; set the one that the platform's event handler sends.")
    receiver = Receiver(token, keep)
    try:
        await receiver.start(host, port)
    except OSError as error:
        raise UsageError(f"Nothing can listen on {host}:{port}: {error.strerror}.") from None
    return receiver


def open_store() -> "Store":
    """The store, opened for writing and at the program's version."""
    from adapters.store.store import Store

    return Store(settings.load().store_url)


@contextmanager
def reader() -> Iterator[Reader]:
    """The store, opened for reading."""
    with Reader(settings.load().store_url).open() as opened:
        yield opened


@asynccontextmanager
async def session(name: str, lane: Lane = Lane.BULK) -> AsyncIterator[Session]:
    """Open an account for writing; tasks inside find it by `current`.

    Raises Stopped for whatever stops the work once something was sent.
    """
    from adapters.store import pins
    from adapters.store.store import AccountLedger

    name, options = account(name)
    if options.secrets_block:
        from tasks.blocks import with_block_secrets

        options = await with_block_secrets(options)
        hide(options.password, options.token)
    store = open_store()
    ledger = AccountLedger(store, name, options, lane)
    try:
        await ledger.open()
        known = await store.awrite(pins.all_pinned, name) if options.capabilities.has_groups else {}
        opened = Session(name, options, store, ledger, lane, groups=known)
        _sessions[name] = opened
        try:
            yield opened
        except Refused as error:
            if not ledger.has_sent:
                raise
            raise Stopped(str(error)) from error  # the exit code of Refused says that nothing was changed
        finally:
            del _sessions[name]
            await opened.platform.close()
            await ledger.close()
    finally:
        store.close()


def current(name: str) -> Session:
    """The session of this account, or of the default account, that the running flow opened."""
    return _sessions[name or account(name)[0]]


def stop_all() -> bool:
    """Stop every session of this process, and say whether there was one that was not stopping yet."""
    running = [one for one in _sessions.values() if not one.stop.is_set()]
    for one in running:
        one.halt()
    return bool(running)


def notify_block() -> str:
    """The block of Prefect that automations notify through, as type/name; empty for none."""
    return settings.load().notify


def reports_dir() -> Path:
    """Where reports are written."""
    return settings.load().reports_dir
