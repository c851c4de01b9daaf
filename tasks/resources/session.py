"""Opens settings, store and platforms, and the session in which an account is written to."""

import asyncio
import math
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from adapters import settings
from adapters.redaction import hide
from adapters.store import deadline
from adapters.store.reading import Reader
from domain.bulk import BulkCreator, BulkPlatform
from domain.carry import carry_out
from domain.controls import Controls
from domain.credential import Memory, Source, nowhere
from domain.errors import Refused, SettingsError, Stopped, UsageError
from domain.executor import Carry, Executor
from domain.handing_in import KEEP_SECONDS
from domain.inbox import OPEN, Judged, Meaning, PlatformEvent
from domain.lifecycle import Kind
from domain.operation import Work
from domain.options import Account
from domain.pacer import Pacer
from domain.pacing import Lane
from domain.polling import LastPoll
from domain.ports import Changing, Scope, Steps
from domain.readback import ReadBack
from domain.refunder import Refunder
from domain.sale import Seller
from domain.settler import Settler
from domain.sight import Expected, Finding
from domain.tenancy import Guard, marks_of
from domain.vacancy import Vacancies

if TYPE_CHECKING:
    from adapters.platforms.sft.client import SftPlatform
    from adapters.platforms.stacuity.client import StacuityPlatform
    from adapters.platforms.stacuity.receiver import Receiver
    from adapters.store.order_book import StoreOrders
    from adapters.store.store import AccountLedger, Store

    AnyPlatform = SftPlatform | StacuityPlatform


_MARKED_AT_ONCE = 5000  # so that nobody waits long for a turn at the store


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
        source: Source = nowhere,
        memory: Memory | None = None,
        tenant: Guard | None = None,
        controls: Controls | None = None,
    ) -> None:
        self.name = name
        self.account = account
        self.store = store
        self.ledger = ledger
        # A sale makes its calls one after the other; its later ones find their turns taken already.
        ahead = account.capabilities.calls_per_sale - 1 if lane is Lane.SALES else None
        self.pacer = Pacer(ledger, rate=account.rate_per_second, ahead=ahead)
        self.platform = open_platform(account, self.pacer, groups or {}, source, memory, tenant, controls, name=name)
        self.stop = asyncio.Event()
        self.settler = Settler(ledger, self.platform, account.patience)

    @property
    def calls(self) -> int:
        """HTTP requests sent in this session."""
        return self.pacer.calls

    async def log_in_anyhow(self) -> None:
        """Log in; an accepted login ends what was refused before. Raises LoginRefused, PlatformUnreachable."""
        from adapters.store import logins

        await self.platform.login()
        await self.store.awrite(logins.forget, self.name)

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

    async def unseen(self, change: int, *, first: int = 0, last: int = 2**31 - 1) -> list[Work]:
        """Planned operations whose endpoints no read has shown with their SIMs for a while."""
        from adapters.store import sight

        return await self.store.awrite(sight.unseen, change, first=first, last=last)

    async def mark_seen(self, seen: Sequence[Work], at: float) -> None:
        """Keep when a read showed the endpoints of these operations with their SIMs."""
        from adapters.store import sight

        ids = sorted({work.endpoint for work in seen})
        for first in range(0, len(ids), _MARKED_AT_ONCE):
            await self.store.awrite(sight.mark_shown, ids[first : first + _MARKED_AT_ONCE], at)

    async def kinds_planned(self, change: int) -> list[Kind]:
        """The kinds of operations for which nothing has been sent."""
        from adapters.store import sight

        return await self.store.awrite(sight.kinds_planned, change)

    async def ended_elsewhere(self, change: int) -> list[Finding]:
        """Planned creates of SIMs that were terminated on another account, or that one of the same tenant has."""
        from adapters.store import sight

        apart = accounts_apart(self.account)
        ended = await self.store.awrite(sight.ended_elsewhere, self.name, change, apart)
        known = {found.work.id for found in ended}
        held = await self.store.awrite(sight.with_another_account, self.name, change)
        return [*ended, *(found for found in held if found.work.id not in known)]

    async def settle_by_sight(self, findings: Sequence[Finding]) -> None:
        """Apply what was seen on the platform before anything was sent."""
        from adapters.store import sight

        await self.store.awrite(sight.settle, self.ledger.owner, findings)

    async def kinds_unread(self, change: int) -> list[Kind]:
        """The kinds of which answers confirmed something that nobody has looked at since."""
        from adapters.store import readback

        return await self.store.awrite(readback.kinds_unread, self.ledger.owner, change)

    async def states_unread(self, change: int, kind: Kind) -> dict[str, Expected]:
        """What answers confirmed and nobody has looked at since, by ICCID."""
        from adapters.store import readback

        return await self.store.awrite(readback.states_unread, self.ledger.owner, change, kind)

    async def keep_read_back(self, change: int, kind: Kind, found: ReadBack) -> None:
        """Keep what was looked at, and hand to a person what the platform contradicts."""
        from adapters.store import readback

        looked = {"shown": found.shown, "differing": found.differing}
        await self.store.awrite(readback.keep_states, self.ledger.owner, change, kind, **looked)

    async def tags_unread(self, change: int) -> list[Work]:
        """Tags that answers confirmed and nobody has looked at since."""
        from adapters.store import readback

        return await self.store.awrite(readback.tags_unread, self.ledger.owner, change)

    async def keep_tags_read_back(self, tagged: Sequence[Work], findings: Sequence[Finding]) -> None:
        """Keep that tags were looked at, and hand to a person those that the platform does not show."""
        from adapters.store import readback, sight

        await self.store.awrite(sight.reconsider, self.ledger.owner, findings)
        await self.store.awrite(readback.keep_tags, self.ledger.owner, tagged)

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

    async def keep_events(self, events: Sequence[PlatformEvent], source: str) -> int:
        """Keep events that are not known yet, and return how many those were."""
        from adapters.store import inbox

        return await self.store.awrite(inbox.keep, self.name, events, source)

    async def apply_events(self, *, again: bool = False) -> Judged:
        """Find out what events mean, looking up the doubts they may be about, and return the numbers.

        `again` judges once more also those that differed.
        """
        judged, changes = await self._judge_events(again=again)
        if not changes:
            return judged
        for change in sorted(changes):
            await self.settler.settle_due(Scope(change))
        afterwards, _ = await self._judge_events(again=False)
        meant = {one: (0 if one in OPEN else judged.meant[one]) + afterwards.meant[one] for one in Meaning}
        return Judged(meant, judged.ahead + afterwards.ahead)

    async def _judge_events(self, *, again: bool) -> tuple[Judged, set[int]]:
        """What open events mean, and the changes of which they want doubts looked up."""
        from adapters.store import inbox

        total: Counter[Meaning] = Counter()
        changes: set[int] = set()
        ahead = 0
        after: inbox.Place | None = inbox.START
        while after is not None:
            found = await self.store.awrite(inbox.apply, self.ledger.owner, after=after, again=again)
            total.update(found.meant)
            ahead += found.ahead
            changes |= found.changes
            after = found.after
        return Judged({one: total[one] for one in Meaning}, ahead), changes

    async def keep_polled(self, events: Sequence[PlatformEvent], poll: LastPoll) -> int:
        """Keep the events that a poll brought and how far it went, and return how many were not known yet."""
        from adapters.store import polls

        return await self.store.awrite(polls.keep_polled, self.name, events, poll)

    async def last_poll(self) -> LastPoll | None:
        """How far the last poll of the account went."""
        from adapters.store import polls

        return await self.store.awrite(polls.last_poll, self.name)

    def executor(
        self, ledger: Steps | None = None, platform: Changing | None = None, carry: Carry = carry_out
    ) -> Executor:
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
            carry=carry,
        )

    def orders(self) -> "StoreOrders":
        """The account's orders."""
        from adapters.store.order_book import StoreOrders

        return StoreOrders(self.store, self.ledger, self.account)

    def refunder(self) -> Refunder:
        """A means to carry out refunds."""
        return Refunder(self.orders(), self.ledger, self.settler, self.platform, self.executor, stop=self.stop)

    def vacancies(self) -> Vacancies:
        """What is known of the groups that are sold into, where the platform has groups."""
        from tasks.resources.grouping import find_group, look_at_group

        return Vacancies(partial(find_group, self), partial(look_at_group, self))

    def seller(self, told: Callable[[str], None] = lambda _: None) -> Seller:
        """A means to sell the account's SIMs; `told` takes what an operator should hear of."""
        return Seller(
            self.orders(),
            self.ledger,
            self.settler,
            self.platform,
            self.executor,
            vacancies=self.vacancies(),
            tells_transitions=self.account.capabilities.tells_transitions,
            told=told,
            prepare=self.pacer.prepare,
            at_once=self.account.max_in_flight,
            stop=self.stop,
        )


_sessions: dict[str, Session] = {}
_stopping = threading.Event()


def account(name: str | None = None) -> tuple[str, Account]:
    """An account's name and settings."""
    return settings.account(name)


def plain_account(name: str | None = None) -> tuple[str, Account]:
    """The same without its secrets, for what needs none: one that cannot be read stops nothing then."""
    return settings.plain_account(name)


def account_names() -> list[str]:
    """The accounts in the settings."""
    return sorted(settings.load().accounts)


def accounts_apart(account: Account) -> list[str]:
    """The accounts in the settings whose SIMs never come to this one. One that is in no settings may have its SIMs."""
    return [name for name, one in settings.load().accounts.items() if not one.has_the_sims_of(account)]


def accounts_with_events(name: str = "") -> list[str]:
    """The accounts, this one or all, whose platform tells what happened."""
    names = [account(name)[0]] if name else account_names()
    return [each for each in names if settings.load().accounts[each].capabilities.has_events]


def open_platform(
    account: Account,
    pacer: Pacer,
    groups: Mapping[str, str],
    source: Source = nowhere,
    memory: Memory | None = None,
    tenant: Guard | None = None,
    controls: Controls | None = None,
    *,
    name: str = "",
) -> "AnyPlatform":
    """The platform client of an account; `groups` are the ids or targets that names of groups stood for before.

    `source` is where its password or token is read again once the platform refuses the one that it has; `memory` knows
    of passwords that were refused before; `tenant` compares what the platform shows with what the account stood for.

    `controls` know of endpoints by which look-ups are tried.

    Raises SettingsError.
    """
    if account.platform == "stacuity":
        from adapters.platforms.stacuity.client import StacuityPlatform

        if not account.token.get_secret_value():
            variable = f"PREACTIVE_ACCOUNTS__{name.upper()}__TOKEN"
            raise SettingsError(f"The account {name} has no token; set {variable}, token_file or secrets_block.")
        return StacuityPlatform(account, pacer, groups, source=source, tenant=tenant)
    from adapters.platforms.sft.client import SftPlatform

    return SftPlatform(
        account.with_groups(groups), pacer, source=source, memory=memory, tenant=tenant, controls=controls
    )


async def _with_secrets(name: str) -> Account:
    """The account with its secrets as they are now, in its files and in its block.

    Raises SettingsError.
    """
    _, options = account(name)
    if options.secrets_block:
        from tasks.blocks import with_block_secrets

        options = await with_block_secrets(options)
        hide(options.password, options.token)
    return options


def _source(name: str, platform: str) -> Source:
    """Where the secret of an account is read again."""

    async def read() -> str:
        options = await _with_secrets(name)
        return (options.token if platform == "stacuity" else options.password).get_secret_value()

    return read


async def open_receiver(
    account: Account, keep: Callable[[PlatformEvent], Awaitable[None]], *, host: str, port: int
) -> "Receiver":
    """Listen for the platform's webhooks.

    Raises SettingsError, UsageError.
    """
    if not account.capabilities.has_events:
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
async def session(name: str, lane: Lane = Lane.BULK, *, tries_again: bool = False) -> AsyncIterator[Session]:
    """Open an account for writing; tasks inside find it by `current`.

    `tries_again`: log in also with a password that was refused a short while ago.

    Raises WrongTenant before anything is sent, Stopped for whatever stops the work once something was sent, and when
    this process is stopping.
    """
    from adapters.store import pins
    from adapters.store.controls import StoredControls
    from adapters.store.logins import StoredMemory
    from adapters.store.store import AccountLedger
    from adapters.store.tenants import StoredTenant

    name, _ = account(name)
    if _stopping.is_set():
        raise Stopped(f"The run was stopped before it began on account {name}; run it again to go on.")
    options = await _with_secrets(name)
    store = open_store()
    ledger = AccountLedger(store, name, options, lane)
    try:
        now = marks_of(options)
        shown_only = await ledger.open(now, beside=options.same_tenant_as)
        if options.capabilities.has_groups:
            known = await store.awrite(pins.all_pinned, name)
        else:
            targets = {group: options.groups[group].words() for group in options.groups}
            known = await store.awrite(pins.kept_targets, name, ledger.owner.worker, targets)
        source = _source(name, options.platform)
        memory = StoredMemory(store, name, options.username, tries_again=tries_again)
        tenant = StoredTenant(store, name, now, options.same_tenant_as)
        controls = StoredControls(store, name)
        opened = Session(
            name,
            options,
            store,
            ledger,
            lane,
            groups=known,
            source=source,
            memory=memory,
            tenant=tenant,
            controls=controls,
        )
        try:
            if shown_only:
                await opened.platform.login()  # the tenant is not compared before
            with entered(opened):
                yield opened
        except Refused as error:
            if not ledger.has_sent:
                raise
            raise Stopped(str(error)) from error  # the exit code of Refused says that nothing was changed
        finally:
            await opened.platform.close()
            await ledger.close()
    finally:
        store.close()


@contextmanager
def entered(opened: Session) -> Iterator[Session]:
    """Let tasks find this session for the length of a with block."""
    _sessions[opened.name] = opened
    if _stopping.is_set():  # since a moment ago
        opened.halt()
    try:
        yield opened
    finally:
        del _sessions[opened.name]


def current(name: str) -> Session:
    """The session of this account, or of the default account, that the running flow opened."""
    return _sessions[name or account(name)[0]]


def stop_all() -> bool:
    """Stop every session of this process, let none be opened any more, and say whether that is news."""
    is_news = not _stopping.is_set() or not all(one.stop.is_set() for one in _sessions.values())
    _stopping.set()
    hurry_store()
    for one in _sessions.values():
        one.halt()
    return is_news


def is_stopping() -> bool:
    """Whether this process was told to stop: nothing new is begun."""
    return _stopping.is_set()


def forget_stop() -> None:
    """Let sessions be opened again, now that what was told to stop has ended."""
    _stopping.clear()
    deadline.go_on()


def hurry_store() -> None:
    """End what this process plans in the store, and let it wait only shortly for what it records."""
    deadline.stop()


def longest_call() -> float:
    """How long a call of the open sessions may take. Units: s."""
    return max((one.account.deadline_seconds for one in _sessions.values()), default=0.0)


def notify_block() -> str:
    """The block of Prefect that automations notify through, as type/name; empty for none."""
    return settings.load().notify


def reports_dir() -> Path:
    """Where reports are written."""
    return settings.load().reports_dir
