"""Stories about endpoints: any order of commands, faults, crashes and jumps of the clock, against a plain model."""

import asyncio
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from adapters.store import queries, repairs, selection
from adapters.store import sight as seeing
from adapters.store.bulk_changes import allow
from adapters.store.reading import Reader
from adapters.store.selection import Request
from adapters.store.store import AccountLedger, Store
from domain.drift import Drift, Held
from domain.executor import Executor
from domain.lifecycle import Kind, Lifecycle
from domain.operation import Work
from domain.ports import Result, Scope
from domain.reconcile import Comparison, compare
from domain.repair import Side, choose, plan_repairs
from domain.settler import Settler
from domain.sight import before_write
from domain.survey import survey
from tests.stories.platform import FAULTS, StoryPlatform
from tests.support.desk import ACCOUNT, Desk, accepted, manifest
from tests.support.memory_ledger import Steady
from tests.support.virtual_time import played
from tests.support.works import account, iccid

SETTINGS = account(deadline_seconds=20, settle_seconds=60, max_in_flight=3, rate_per_second=10)
DAY = 86_400.0
SENDABLE = {
    "create": {"stock"},
    "tag": {"pre_active", "active", "suspended"},
    "activate": {"pre_active"},
    "assign": {"active"},
    "suspend": {"active"},
    "resume": {"suspended"},
    "terminate": {"pre_active", "active", "suspended"},
}
IN_SERVICE = ("pre_active", "active", "suspended")
CHANGES = [Kind.ACTIVATE, Kind.SUSPEND, Kind.RESUME, Kind.ASSIGN, Kind.TERMINATE]
GROUPS = st.sampled_from(["", "eu", "us"])
FAULT = st.sampled_from(FAULTS)
pick = st.integers(0, 99)


class AtOnce(Store):
    """The store without its writing thread, so that a story runs in one thread and in virtual time."""

    async def awrite(self, function, *args, **kwargs):
        return self.write(function, *args, **kwargs)


class Stories(RuleBasedStateMachine):
    """Drives the rules and a real store; `platform.truth` is the model."""

    new_url: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(type(self).new_url())
        self.store = AtOnce(self.desk.url)
        self.platform = StoryPlatform(self._look_at_call)
        self.changes: list[tuple[int, tuple[Kind, ...]]] = []
        self.count = 0
        self.mapped: dict[str, str] = {}
        self.touched: set[str] = set()  # by somebody else; the store cannot know
        self.facts = 0
        self.frozen: list[tuple[AccountLedger, Scope, list[Result]]] = []
        self.start()

    def teardown(self) -> None:
        try:
            self.calm_down()
        finally:
            self.store.close()
            self.desk.close()

    # --- what people do ---

    @initialize(count=st.integers(2, 4), active=st.booleans())
    def first_batch(self, count, active):
        self.ingest(count, True, None)
        if active:
            self.change(Kind.ACTIVATE, "", None, None, False)

    @precondition(lambda self: self.count < 8)
    @rule(count=st.integers(1, 2), tagged=st.booleans(), fault=st.none() | FAULT)
    def ingest(self, count, tagged, fault):
        numbers = range(self.count + 1, self.count + count + 1)
        self.count += count
        self.platform.stock(iccid(number) for number in numbers)
        tags = ("fleet",) if tagged else ("other",)
        made = self.desk.ingest(manifest(accepted(*numbers)), batch=f"b{self.count}", tags=tags, platform_tags="now")
        self.changes.append((made.change, (Kind.CREATE,)))
        self.go_wrong(fault)
        self.carry_out(-1)

    @precondition(lambda self: self.count < 8)
    @rule(pauses=st.lists(st.sampled_from([4.0, 13.0, 15.0]), min_size=3, max_size=4))
    def a_create_shows_late(self, pauses):
        """It is looked for again and again while it is still on its way."""
        self.ingest(1, True, "late")
        self.look_again_and_again(pauses)

    @rule(again=pick)
    def hand_in_the_same_sims_again(self, again):
        number = again % self.count + 1
        made = self.desk.ingest(manifest(accepted(number)), batch=f"again{again}", tags=("fleet",))
        self.changes.append((made.change, (Kind.CREATE,)))

    @rule(
        kind=st.sampled_from(CHANGES), group=GROUPS, one=st.none() | pick, count=st.integers(1, 3), retry=st.booleans()
    )
    def select(self, kind, group, one, count, retry):
        if kind not in (Kind.ACTIVATE, Kind.ASSIGN):
            group = ""
        if kind is Kind.ASSIGN:
            group = group or "eu"
        if kind is Kind.TERMINATE and one is None:
            one = 0  # ending everything ends the story
        which = {"tag": "fleet"} if one is None else {"iccids": (iccid(one % self.count + 1),)}
        total = count if kind is Kind.ACTIVATE else None
        request = Request(ACCOUNT, "sft", group=group, kind=kind, count=total, retry=retry, **which)
        before = self.store.write(selection.preview, request)
        selected = self.store.write(selection.select_endpoints, request)

        assert (selected.new, selected.open, selected.already) == (before.new, before.open, before.already)
        again = self.store.write(selection.preview, request)
        assert again.new == 0, "the same request again selects nothing new"
        if selected.change:
            self.store.write(allow, selected.change)
            self.changes.append((selected.change, (kind,)))

    @rule(one=pick, choice=pick, group=GROUPS, fault=st.none() | FAULT)
    def change_one(self, one, choice, group, fault):
        self.change(self._fitting(one, choice), group, one, fault, choice % 3 == 0)

    @rule(one=pick, choice=pick, fault=FAULT)
    def change_one_and_it_goes_wrong(self, one, choice, fault):
        self.change(self._fitting(one, choice), "eu", one, fault, True)

    @rule(kind=st.sampled_from(CHANGES[:-1]), group=GROUPS, fault=st.none() | FAULT, retry=st.booleans())
    def change_the_fleet(self, kind, group, fault, retry):
        self.change(kind, group, None, fault, retry)

    def change(self, kind, group, one, fault, retry):
        self.select(kind, group, one, None, retry)
        self.go_wrong(fault)
        self.carry_out(-1)

    def _fitting(self, one, choice):
        """Mostly a change that the endpoint can undergo."""
        state = self.platform.truth[iccid(one % self.count + 1)]
        fitting = [kind for kind in CHANGES if state in SENDABLE[kind.value]] if choice > 10 else []
        return (fitting or CHANGES)[choice % len(fitting or CHANGES)]

    @rule(pauses=st.lists(st.sampled_from([2.0, 6.0, 12.0, 30.0]), min_size=1, max_size=5))
    def look_again_and_again(self, pauses):
        for seconds in pauses:
            self.time_passes(seconds)
            for change, _ in self.changes:
                played(self._settler().settle_due(Scope(change)))
        for which in range(len(self.changes)):
            self.carry_out(which)

    @rule()
    def settle_and_carry_out_all(self):
        for which in range(len(self.changes)):
            self.settle(which)
            self.carry_out(which)

    def carry_out(self, which):
        change, kinds = self.changes[which]
        played(self._carry_out(change, kinds))

    def settle(self, which):
        change, _ = self.changes[which]
        played(self._settler().settle_due(Scope(change)))

    @rule()
    def reconcile(self):
        performed = len(self.platform.performed)
        found = played(self._compare())

        assert len(self.platform.performed) == performed
        assert {one.iccid for one in found.found} == self._differing()

    @rule(side=st.sampled_from(Side))
    def repair(self, side):
        found = played(self._compare())
        plan = plan_repairs(choose(found.found, drifts=[Drift.DIFFERENT], iccids=[]), side, "sft")
        if not plan.repairs:
            return
        change = self.store.write(repairs.apply_repairs, ACCOUNT, plan.repairs)
        self.changes.append((change, ()))
        states = {row.iccid: row.state for row in self._endpoints()}
        self.touched -= {one.iccid for one in plan.repairs if states[one.iccid] == self.platform.truth[one.iccid]}

    # --- what goes wrong ---

    def go_wrong(self, fault):
        """Let the next call for each SIM go wrong in this way."""
        self.platform.faults = {} if fault is None else {iccid(n): fault for n in range(1, self.count + 1)}

    @rule(one=st.none() | pick, choice=pick, performed=st.integers(0, 2), fault=st.none() | FAULT, wakes=st.booleans())
    def crash(self, one, choice, performed, fault, wakes):
        """A process dies in the middle of its calls, or is only frozen and wakes up later."""
        self.select(self._fitting(one or 0, choice), "eu", one, None, False)
        self.go_wrong(fault)
        frozen = self._freeze(-1, performed)
        if wakes:
            self.frozen.append(frozen)

    def _freeze(self, which, performed):
        change, _ = self.changes[which]
        step = played(self.ledger.step(Scope(change), [], 2))
        results = [Result(work, played(self.platform.perform(work))) for work in step.work[:performed]]
        ledger = self.ledger
        self.start()
        return ledger, Scope(change), results

    @precondition(lambda self: self.frozen)
    @rule()
    def wake_up(self):
        """A process that was thought dead says what it learned."""
        ledger, scope, results = self.frozen.pop()
        played(ledger.step(scope, results, 0))

    def start(self):
        """A new process; what the one before had in memory is gone."""
        self.ledger = AccountLedger(self.store, ACCOUNT, SETTINGS)
        played(self.ledger.open())

    @rule(which=pick)
    def somebody_else_changes_an_endpoint(self, which):
        number = iccid(which % self.count + 1)
        if self.platform.outside(number):
            self.touched.add(number)

    @rule(seconds=st.sampled_from([1.0, 25.0, 70.0, 400.0]))
    def time_passes(self, seconds):
        self.platform.pass_time(seconds)
        self.desk.later(seconds)

    @rule(ahead=st.booleans())
    def the_clock_jumps_by_a_day(self, ahead):
        if ahead:
            self.platform.arrive()  # a clock that runs ahead of what is still on its way is not survived yet
        self.desk.later(DAY if ahead else -DAY)

    # --- what must be true at any time ---

    @invariant()
    def no_endpoint_is_made_twice(self):
        assert {key: n for key, n in self.platform.commits.items() if key[0] == "create" and n > 1} == {}

    @invariant()
    def a_mapping_is_right_and_stays(self):
        now = {row.iccid: row.endpoint_id for row in self._endpoints() if row.endpoint_id is not None}
        assert now == {number: f"E{number}" for number in now}
        assert self.mapped.items() <= now.items()
        self.mapped = now

    @invariant()
    def the_store_says_what_is_true_where_nothing_is_open(self):
        unsure = self._open_iccids() | self.touched | {work.iccid for work, _ in self.platform.late}
        said = {row.iccid: row.state for row in self._endpoints() if row.iccid not in unsure}
        assert said == {number: self.platform.truth[number] for number in said}

    @invariant()
    def facts_are_only_added(self):
        facts = self.desk.one("SELECT count(*) FROM attempts")
        assert facts >= self.facts
        self.facts = facts

    def calm_down(self) -> None:
        """When faults stop, everything becomes final within a few rounds, and the store says what is true."""
        self.platform.faults.clear()
        self.platform.arrive()
        rounds = 0
        while not rounds or self._is_unfinished():
            rounds += 1
            assert rounds < 12, "it does not come to rest"
            self.desk.later(DAY * 30 if rounds == 1 else 400.0)  # the clock may have been put back
            for change, kinds in self.changes:
                played(self._settler().settle_due(Scope(change)))
                played(self._carry_out(change, kinds))
        self.the_store_says_what_is_true_where_nothing_is_open()
        self.no_endpoint_is_made_twice()

    # --- how it is done ---

    def _look_at_call(self, work: Work) -> None:
        """At the moment of a call its intent is on disk, and the state on disk allows it."""
        row = self.desk.see(
            "SELECT o.state, o.token, e.state AS lifecycle FROM operations o JOIN endpoints e ON e.id = o.endpoint "
            "WHERE o.id = :id",
            id=work.id,
        )[0]
        assert (row.state, row.token) == ("sent", work.token)
        assert row.lifecycle in SENDABLE[work.kind.value]

    async def _carry_out(self, change: int, kinds: tuple[Kind, ...]) -> None:
        for kind in kinds:
            planned = self.store.write(seeing.planned, change, kind)
            seen = (await survey(self.platform, [work.iccid for work in planned], chase=False)).sims
            findings = [found for work in planned if (found := before_write(work, seen.get(work.iccid), "sft"))]
            self.store.write(seeing.settle, self.ledger.owner, findings)
        stop = asyncio.Event()
        executor = Executor(
            self.ledger, self.platform, max_in_flight=3, turns=Steady(10), send_window=20, stop=stop, halt=stop.set
        )
        await executor.run(Scope(change))

    def _settler(self) -> Settler:
        return Settler(self.ledger, self.platform, SETTINGS.patience)

    async def _compare(self) -> Comparison:
        return await compare(self.platform, self._held)

    def _held(self, iccids) -> dict[str, Held]:
        with Reader(self.desk.url).open() as reader:
            rows = list(queries.held(reader, ACCOUNT, since=float("inf")))
        return {
            row["iccid"]: Held(row["endpoint_id"], Lifecycle(row["state"]), bool(row["busy"]))
            for row in rows
            if iccids is None or row["iccid"] in iccids
        }

    def _differing(self) -> set[str]:
        """Which SIMs differ, found without the rules."""
        busy = {number for number, held in self._held(None).items() if held.busy}
        differing = set()
        for row in self._endpoints():
            shown = self.platform.sims[row.iccid]
            ours = (row.endpoint_id, row.state) if row.state in IN_SERVICE else None
            theirs = (shown.endpoint_id, shown.state.value) if shown.endpoint_id else None
            if ours != theirs and row.iccid not in busy:
                differing.add(row.iccid)
        return differing

    def _endpoints(self):
        return self.desk.see("SELECT iccid, endpoint_id, state FROM endpoints ORDER BY id")

    def _open_iccids(self) -> set[str]:
        rows = self.desk.see(
            "SELECT DISTINCT e.iccid FROM operations o JOIN endpoints e ON e.id = o.endpoint "
            "WHERE o.state IN ('sent', 'in_doubt', 'needs_human')"
        )
        return {row.iccid for row in rows}

    def _is_unfinished(self) -> bool:
        """Whether anything is under way, in doubt, or ready to be sent."""
        outlooks = [played(self.ledger.outlook(Scope(change))) for change, _ in self.changes]
        return any(outlook.waiting or outlook.ready for outlook in outlooks)
