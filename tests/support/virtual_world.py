"""The real client, the real store and the real simulator in one loop, in virtual time: an hour costs a second."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from adapters.platforms.simulator import Simulator, SimulatorConfig
from adapters.store import bulk_changes, selection
from adapters.store.store import AccountLedger, Store
from domain import sight
from domain.errors import PreactiveError
from domain.finish import finish
from domain.lifecycle import Kind, Lifecycle
from domain.manifest import ManifestRow, Outcome
from domain.operation import State
from domain.options import Account
from domain.pacer import Pacer
from domain.ports import Scope
from domain.readback import check_tags
from domain.survey import survey
from tasks.resources.session import Session
from tests.support.desk import ACCOUNT, Desk, manifest
from tests.support.sft import ACCOUNT as SFT_ACCOUNT
from tests.support.sft import PASSWORD
from tests.support.virtual_time import EPOCH, played

KNOBS = {"latency_read": 0.1, "latency_write": 0.5, "latency_login": 0.1, "read_lag": 2, "rate_per_second": 0}
# A tenth of the times of production: a call may take 20 s, and may be carried out until 30 s after that.
SETTINGS = {
    "rate_per_second": 20,
    "max_in_flight": 4,
    "deadline_seconds": 20,
    "read_deadline_seconds": 10,
    "connect_seconds": 5,
    "settle_seconds": 30,
    "page_size": 10,
}
FINAL = (State.CONFIRMED, State.REFUSED, State.NEEDS_HUMAN)


class InlineStore(Store):
    """The store without its writer thread, which would live in real time."""

    async def awrite(self, function: Callable[..., Any], *args: object, **kwargs: object) -> Any:
        return self.write(function, *args, **kwargs)


class VirtualWorld:
    """A simulated platform, a store with a batch of its SIMs, and as many processes as a test wants."""

    def __init__(self, url: str, *, rows: int = 3, knobs: Any = None, faults: Sequence[Any] = (), **account: Any):
        values = {**KNOBS, "stock": rows + 9, "password": PASSWORD, **(knobs or {}), "faults": list(faults)}
        self.simulator = Simulator(SimulatorConfig.model_validate(values))
        self.settings = {**SFT_ACCOUNT, **SETTINGS, **account}
        self.iccids = list(self.simulator.state.sims)[:rows]
        self.desk = Desk(url)
        self.sessions: list[Session] = []
        self.stores: list[Store] = []
        self.scope = Scope(0)

    async def __aenter__(self) -> "VirtualWorld":
        await self.simulator.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in self.sessions:
            await session.platform.close()
        await self.simulator.stop()
        for store in self.stores:
            store.close()
        self.desk.close()

    # --- what a person asks for ---

    def batch(self, *tags: str, iccids: Sequence[str] = (), name: str = "march") -> Scope:
        """Hand SIMs in as a file: these, or all."""
        rows = [
            ManifestRow(row_no=number + 2, outcome=Outcome.ACCEPTED, iccid=iccid, name=None)
            for number, iccid in enumerate(iccids or self.iccids)
        ]
        options = {"platform_tags": "now" if tags else "off", "tags": tags, "batch": name}
        self.scope = Scope(self.desk.ingest(manifest(rows), **options).change)
        return self.scope

    def activation(self, group: str = "", count: int | None = None, tag: str = "spring") -> Scope:
        """Ask for endpoints to be activated."""
        request = selection.Request(ACCOUNT, tag=tag, group=group, count=count)
        self.scope = Scope(self.desk.store.write(selection.select_endpoints, request).change)
        return self.scope

    def activation_again(self, tag: str) -> None:
        """Ask once more for a part of a tag's endpoints, of which more may be ready by now."""
        count = len(self.iccids)
        request = selection.Request(ACCOUNT, tag=tag, group="eu", count=count)
        self.desk.store.write(selection.select_endpoints, request)

    def cancel(self) -> None:
        """Take the change back."""
        self.desk.store.write(bulk_changes.cancel, [self.scope.change])

    def allow(self) -> None:
        """Ask for the change again."""
        self.desk.store.write(bulk_changes.allow, self.scope.change)

    # --- as a process of the program does it ---

    async def process(self, **settings: Any) -> Session:
        """One more process."""
        account = Account.model_validate({**self.settings, "base_url": self.simulator.base_url, **settings})
        store = InlineStore(self.desk.url)
        self.stores.append(store)
        ledger = AccountLedger(store, ACCOUNT, account)
        await ledger.open()
        session = Session(ACCOUNT, account, store, ledger, Pacer(ledger, rate=account.rate_per_second))
        self.sessions.append(session)
        return session

    async def look_before(self, session: Session, kind: Kind) -> None:
        """Settle what the platform already has."""
        planned = await session.planned(self.scope.change, kind)
        seen = (await survey(session.platform, [work.iccid for work in planned], chase=False)).sims
        findings = [found for work in planned if (found := sight.before_write(work, seen.get(work.iccid)))]
        await session.settle_by_sight(findings)

    async def run(self, session: Session | None = None, *, look: Kind | None = None) -> PreactiveError | None:
        """Carry the change out as far as it goes, and return what a person would be told."""
        session = session or await self.process()
        try:
            await session.platform.login()
            if look is not None:
                await self.look_before(session, look)
            if session.account.bulk is not None:
                creator = session.bulk_creator()
                assert creator is not None
                await creator.run(self.scope)
            await finish(
                self.scope,
                ledger=session.ledger,
                settler=session.settler,
                executor=session.executor,
                stop=session.stop,
                halt=session.halt,
            )
        except PreactiveError as error:
            return error
        return None

    async def run_for(self, seconds: float) -> PreactiveError | None:
        """Carry the change out for so long at most, then stop as on Ctrl-C: what is under way is waited for."""
        session = await self.process()
        running = asyncio.create_task(self.run(session))
        await asyncio.wait([running], timeout=seconds)
        session.halt()
        error = await running
        await session.platform.close()
        await session.ledger.close()
        self.sessions.remove(session)
        return error

    def is_over(self, scope: Scope) -> bool:
        """Whether every operation of a change is final; one that waits for a refused create will not be sent."""
        rows = self.desk.see(
            "SELECT count(*) FROM operations o JOIN endpoints e ON e.id = o.endpoint WHERE o.change_id = :change "
            "AND (o.state IN ('sent', 'in_doubt') OR (o.state = 'planned' AND NOT "
            "((o.kind = 'create' AND e.state <> 'stock') OR (o.kind = 'tag' AND e.state = 'stock') "
            "OR (o.kind = 'activate' AND e.state <> 'pre_active') OR (o.kind = 'assign' AND e.state <> 'active'))))",
            change=scope.change,
        )
        return not rows[0][0]

    async def until_nothing_is_left_to_happen(self, seconds: float = 1000.0) -> None:
        """Wait for what the platform still does on its own."""
        await asyncio.sleep(seconds)

    async def run_on(self, *, pause: float = 60.0, times: int = 200) -> int:
        """Run again and again, as a schedule does, until everything is final; return how often."""
        for number in range(1, times + 1):
            session = await self.process()
            await self.run(session)
            await session.platform.close()
            await session.ledger.close()
            if set(self.states()) <= set(FINAL):
                return number
            await asyncio.sleep(pause)
        raise AssertionError(f"not final after {times} runs: {self.states()}")

    async def read_back(self, kind: Kind) -> dict[str, str]:
        """Hand to a person what answers confirmed and the platform shows otherwise."""
        session = await self.process()
        state = Lifecycle.PRE_ACTIVE if kind is Kind.CREATE else Lifecycle.ACTIVE
        confirmed = await session.confirmed_by_answer(self.scope.change, kind, 0.0)
        rows = self.desk.see("SELECT iccid FROM endpoints WHERE state = :state", state=state.value)
        confirmed = {row.iccid: confirmed[row.iccid] for row in rows if row.iccid in confirmed}
        seen = await survey(session.platform, confirmed, chase=False)
        differing = sight.differing(confirmed, seen.sims, state)
        await session.report_differences(self.scope.change, kind, differing)
        return differing

    async def read_back_tags(self) -> int:
        """Reconsider tags that answers confirmed and the platform does not show."""
        session = await self.process()
        tagged = await session.confirmed_tags(self.scope.change, 0.0)
        findings = await check_tags(session.platform, tagged, everything=True)
        await session.reconsider(findings)
        return len(findings)

    def faults(self, *rules: dict[str, Any]) -> None:
        """Let the platform go wrong from now on; the calls are numbered anew."""
        self.simulator.engine.set_faults(SimulatorConfig.model_validate({"faults": rules}).faults)

    # --- what is true ---

    def states(self, kind: str = "") -> Counter[State]:
        """How many operations are in which state."""
        rows = self.desk.see("SELECT state FROM operations WHERE :kind IN ('', kind)", kind=kind)
        return Counter(State(row.state) for row in rows)

    def state_of(self, iccid: str, kind: str = "create") -> tuple[State, str]:
        """State and text of one SIM's operation."""
        row = self.desk.see(
            "SELECT o.state, o.text FROM operations o JOIN endpoints e ON e.id = o.endpoint "
            "WHERE e.iccid = :iccid AND o.kind = :kind",
            iccid=iccid,
            kind=kind,
        )[0]
        return State(row.state), row.text

    def mapping(self) -> dict[str, str | None]:
        """Which ICCID is which endpoint, says the store."""
        return {row.iccid: row.endpoint_id for row in self.desk.see("SELECT iccid, endpoint_id FROM endpoints")}

    def made(self) -> dict[str, list[str]]:
        """The endpoints that we ever made for each ICCID."""
        made: dict[str, list[str]] = defaultdict(list)
        for entry in self.simulator.ledger.of_kind("create"):
            if entry.iccid is not None and entry.details["name"] != "somebody else's":
                made[entry.iccid].append(entry.endpoint_id or "")
        return dict(made)

    def commits(self, kind: str) -> int:
        """How many changes of a kind truly happened."""
        return len(self.simulator.ledger.of_kind(kind))

    def requests(self, path: str = "") -> int:
        """How many requests came, of this path or of all."""
        counts = self.simulator.engine.stats.requests
        return sum(count for route, count in counts.items() if not path or route.endswith(path))

    def times(self, path: str) -> list[float]:
        """When requests of this path came, in seconds since the beginning."""
        journal = self.simulator.journal.entries()
        return [one["time"] - EPOCH for one in journal if one["path"].partition("?")[0].endswith(f"/{path}")]

    def check_nothing_twice(self) -> None:
        """No SIM got two endpoints from us, and what the store says is what happened."""
        made = self.made()
        assert {iccid: ids for iccid, ids in made.items() if len(ids) > 1} == {}
        confirmed = {iccid: self.mapping()[iccid] for iccid in self.iccids if self.state_of(iccid)[0] == "confirmed"}
        assert confirmed == {iccid: made.get(iccid, [None])[0] for iccid in confirmed}

    def check_all_made(self) -> None:
        """Every SIM has its one endpoint, and the store knows it."""
        self.check_nothing_twice()
        assert self.states("create") == {State.CONFIRMED: len(self.iccids)}


def virtually(scenario: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Play a scenario with everything in it in virtual time."""
    return played(scenario(), everywhere=True)


def in_virtual_time(**options: Any) -> Callable[[Callable[..., Coroutine[Any, Any, None]]], Callable[..., None]]:
    """Make a test of a scenario; it needs the fixture `play`."""

    def decorate(scenario: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
        def test(play: Callable[..., None]) -> None:
            play(scenario, **options)

        test.__name__, test.__doc__, test.__module__ = scenario.__name__, scenario.__doc__, scenario.__module__
        return test

    return decorate
