"""The program without Prefect and without files: what a person asks for, what a process does, what the store says."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from adapters.store import bulk_changes, selection
from adapters.store.controls import StoredControls
from adapters.store.store import AccountLedger, Store
from domain import sight
from domain.errors import PreactiveError
from domain.finish import finish
from domain.lifecycle import Kind
from domain.manifest import ManifestRow, Outcome
from domain.operation import State
from domain.options import Account
from domain.pacing import Lane
from domain.ports import Scope
from domain.survey import survey
from tasks.resources.session import Session
from tests.support.desk import ACCOUNT, Desk, manifest


class Program:
    """A store with a batch of SIMs, and processes that work on it. `kind` is the store's class."""

    kind: type[Store] = Store

    def __init__(self, url: str, *, base_url: str, iccids: Sequence[str], **account: Any) -> None:
        self.base_url = base_url
        self.settings = account
        self.iccids = list(iccids)
        self.desk = Desk(url)
        self.sessions: list[Session] = []
        self.stores: list[Store] = []
        self.scope = Scope(0)

    async def close(self) -> None:
        """Let go of the platform and of the store."""
        for session in self.sessions:
            await session.platform.close()
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
        request = selection.Request(ACCOUNT, "sft", tag=tag, group=group, count=count)
        self.scope = Scope(self.desk.store.write(selection.select_endpoints, request).change)
        return self.scope

    def activation_again(self, tag: str) -> Scope:
        """Ask once more for a part of a tag's endpoints, of which more may be ready by now."""
        count = len(self.iccids)
        request = selection.Request(ACCOUNT, "sft", tag=tag, group="eu", count=count)
        return Scope(self.desk.store.write(selection.select_endpoints, request).change)

    def cancel(self) -> None:
        """Take the change back."""
        self.desk.store.write(bulk_changes.cancel, [self.scope.change])

    def allow(self) -> None:
        """Ask for the change again."""
        self.desk.store.write(bulk_changes.allow, self.scope.change)

    # --- as a process of the program does it ---

    async def process(self, *, lane: Lane = Lane.BULK, **settings: Any) -> Session:
        """One more process."""
        account = Account.model_validate({**self.settings, "base_url": self.base_url, **settings})
        store = self.kind(self.desk.url)
        self.stores.append(store)
        ledger = AccountLedger(store, ACCOUNT, account, lane)
        await ledger.open()
        session = Session(ACCOUNT, account, store, ledger, lane, controls=StoredControls(store, ACCOUNT))
        self.sessions.append(session)
        return session

    async def look_before(self, session: Session, kind: Kind) -> None:
        """Settle what the platform already has."""
        planned = await session.planned(self.scope.change, kind)
        seen = (await survey(session.platform, [work.iccid for work in planned], chase=False)).sims
        findings = [
            found
            for work in planned
            if (found := sight.before_write(work, seen.get(work.iccid), session.account.platform))
        ]
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

    # --- what the store says ---

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
