"""Operations are handed out only once their intent is durable, and only while they may be sent."""

import asyncio
import socket

import pytest

from adapters.store import bulk_changes
from adapters.store.store import AccountLedger
from adapters.store.work import _mark_sent
from domain.doubt import Patience
from domain.errors import StoreUnavailable
from domain.executor import Executor
from domain.lifecycle import Kind, Lifecycle, is_allowed
from domain.outcome import Because, Verdict
from domain.ports import Scope
from tests.support.desk import ACCOUNT, accepted, came, done, manifest
from tests.support.memory_ledger import Steady
from tests.support.memory_platform import MemoryPlatform
from tests.support.works import account, iccid


def ids(step):
    return [work.id for work in step.work]


# --- the intent ---


async def test_an_intent_is_committed_before_its_operation_is_handed_out(desk):
    scope = desk.batch(3)
    ledger = await desk.ledger()

    step = await ledger.step(scope, [], 2)

    seen = desk.see("SELECT state, token, owner FROM operations ORDER BY id")
    worker = ledger.owner.worker
    assert [tuple(row) for row in seen] == [("sent", 1, worker), ("sent", 1, worker), ("planned", 0, None)]
    facts = desk.see("SELECT operation_id, token, event, owner FROM attempts ORDER BY id")
    assert [tuple(row) for row in facts] == [(number, 1, "sent", worker) for number in ids(step)]


async def test_nothing_is_handed_out_when_one_of_the_intents_could_not_be_written(desk):
    scope, ledger = desk.batch(2), await desk.ledger()
    step = await ledger.step(scope, [], 2)
    desk.do("UPDATE operations SET state = 'planned' WHERE id = :id", id=step.work[0].id)

    def mark(connection):
        _mark_sent(connection, ledger.owner, step.work, 0.0, safe_after=0.0)

    with pytest.raises(StoreUnavailable, match="marked 1 of 2 operations as sent; none is sent"):
        await desk.store.awrite(mark)
    assert sorted(desk.operations()) == ["planned", "sent"]


async def test_no_call_goes_out_whose_intent_another_connection_cannot_see(desk):
    """The platform itself looks into the store, through a connection of its own, at each call."""
    scope = desk.batch(30)
    ledger = await desk.ledger(rate_per_second=1000, max_in_flight=8)
    seen = []

    class Suspicious(MemoryPlatform):
        async def perform(self, work):
            seen.append(tuple(desk.see("SELECT state, token FROM operations WHERE id = :id", id=work.id)[0]))
            return await super().perform(work)

    stop = asyncio.Event()
    settings = {"max_in_flight": 8, "turns": Steady(1000.0), "send_window": 30.0, "stop": stop, "halt": stop.set}
    await Executor(ledger, Suspicious(), **settings).run(scope)

    assert seen == [("sent", 1)] * 30
    assert desk.operations() == ["confirmed"] * 30


async def test_an_operation_is_handed_out_with_all_that_its_call_needs(desk):
    scope = desk.pre_active(1, platform_tags="now", tags=["eu"])
    ledger = await desk.ledger()

    (work,) = (await ledger.step(scope, [], 5)).work

    assert (work.kind, work.token, work.target) == (Kind.TAG, 1, "eu")
    assert (work.iccid, work.name, work.endpoint_id) == (iccid(1), "march-000002", "E1")
    assert work.sent_at == desk.one("SELECT updated_at FROM operations WHERE kind = 'tag'")


async def test_absence_may_count_only_long_after_the_intent(desk):
    scope = desk.batch(1)
    ledger = await desk.ledger(deadline_seconds=200, settle_seconds=300)

    (work,) = (await ledger.step(scope, [], 1)).work

    waits = desk.one("SELECT safe_after FROM operations") - work.sent_at
    assert waits == pytest.approx(200 + 30 + 300)
    assert ledger.owner.patience == Patience(deadline=230, settle=300)


async def test_every_attempt_has_a_token_of_its_own(desk):
    scope = desk.batch(1)
    ledger = await desk.ledger()
    tokens = []
    for _ in range(3):
        (work,) = (await ledger.step(scope, [], 1)).work
        tokens.append(work.token)
        await ledger.step(scope, [came(work, Verdict.NOT_DONE, Because.THROTTLED)], 0)

    assert tokens == [1, 2, 3]


# --- which ---


async def test_operations_come_in_the_order_of_their_rows(desk):
    scope = desk.batch(10)
    ledger = await desk.ledger()

    assert [work.iccid for work in (await ledger.step(scope, [], 4)).work] == [iccid(n) for n in (1, 2, 3, 4)]
    assert [work.iccid for work in (await ledger.step(scope, [], 2)).work] == [iccid(n) for n in (5, 6)]


@pytest.mark.parametrize("room", [0, -3])
async def test_without_room_nothing_is_handed_out(desk, room):
    scope = desk.batch(2)

    assert not (await (await desk.ledger()).step(scope, [], room)).work


async def test_only_what_is_in_the_scope_is_handed_out(desk):
    scope = desk.batch(10)
    ledger = await desk.ledger()

    step = await ledger.step(Scope(scope.change, 2, 4), [], 99)

    assert [work.iccid for work in step.work] == [iccid(n) for n in (3, 4, 5)]


async def test_another_change_is_not_touched(desk):
    first = desk.batch(2)
    second = desk.ingest(manifest(accepted(3, 4)), batch="april")
    ledger = await desk.ledger()

    step = await ledger.step(Scope(second.change), [], 99)

    assert [work.iccid for work in step.work] == [iccid(3), iccid(4)]
    assert (await ledger.outlook(first)).ready == 2


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("platform", ["sft", "stacuity"])
async def test_an_operation_is_sent_only_when_the_endpoints_state_allows_it(desk, platform, kind):
    scope = desk.pre_active(len(Lifecycle))
    desk.do("DELETE FROM attempts")
    desk.do("UPDATE operations SET state = 'planned', kind = :kind", kind=kind.value)
    for number, state in enumerate(Lifecycle, 1):
        desk.do("UPDATE endpoints SET state = :state WHERE iccid = :iccid", state=state.value, iccid=iccid(number))
    ledger = await desk.ledger(platform=platform)

    step = await ledger.step(scope, [], 99)

    states = list(Lifecycle)
    assert {states[int(work.iccid[-2:]) - 1] for work in step.work} == {
        state for state in Lifecycle if is_allowed(platform, kind, state)
    }


async def test_a_tag_waits_for_its_create(desk):
    scope = desk.batch(1, platform_tags="now", tags=["eu"])
    ledger = await desk.ledger()

    (create,) = (await ledger.step(scope, [], 99)).work
    (tag,) = (await ledger.step(scope, [done(create)], 99)).work

    assert (create.kind, tag.kind, tag.endpoint_id) == (Kind.CREATE, Kind.TAG, f"E{create.endpoint}")


# --- who may not ---


async def test_a_cancelled_change_hands_out_nothing(desk):
    scope = desk.batch(3)
    ledger = await desk.ledger()
    (work, *_) = (await ledger.step(scope, [], 1)).work
    desk.store.write(bulk_changes.cancel, [scope.change])

    step = await ledger.step(scope, [done(work)], 99)

    assert (step.cancelled, step.work) == (True, ())
    assert desk.operations() == ["confirmed", "planned", "planned"]  # what was under way is recorded all the same
    assert (await ledger.outlook(scope)).cancelled


async def test_a_row_in_stops_halts_every_change_of_the_account(desk):
    scope = desk.batch(1)
    other = desk.ingest(manifest(accepted(1)), account="other")
    desk.do("INSERT INTO stops (account, reason, at) VALUES (:account, 'by hand', 0)", account=ACCOUNT)

    halted = await (await desk.ledger()).step(scope, [], 9)
    free = await (await desk.ledger(name="other")).step(Scope(other.change), [], 9)

    assert (halted.cancelled, halted.work) == (True, ())
    assert (free.cancelled, len(free.work)) == (False, 1)


async def test_nothing_is_handed_out_that_is_not_due(desk):
    scope = desk.batch(1)
    desk.do("UPDATE operations SET next_at = 4e9")
    ledger = await desk.ledger()

    assert not (await ledger.step(scope, [], 9)).work
    assert (await ledger.outlook(scope)).ready == 0


# --- outcomes ---


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((Verdict.DONE,), "confirmed"),
        ((Verdict.UNKNOWN,), "in_doubt"),
        ((Verdict.NOT_DONE, Because.REFUSED), "refused"),
        ((Verdict.NOT_DONE, Because.THROTTLED), "planned"),
        ((Verdict.NOT_DONE, Because.UNREACHABLE), "planned"),
        ((Verdict.NOT_DONE, Because.LOGIN), "planned"),
        ((Verdict.NOT_DONE, Because.STOPPED), "planned"),
        ((Verdict.NOT_DONE, Because.CONTRADICTION), "needs_human"),
    ],
)
async def test_an_outcome_is_recorded_with_its_evidence(desk, answer, state):
    scope = desk.batch(1)
    ledger = await desk.ledger()
    (work,) = (await ledger.step(scope, [], 1)).work
    details = {"code": "10117", "text": "because", "response_id": "r-1", "http_status": 200, "seconds": 1.25}

    await ledger.step(scope, [came(work, *answer, endpoint_id="E1", **details)], 0)

    row = desk.see("SELECT state, code, text FROM operations")[0]
    assert tuple(row) == (state, "10117", "because")
    fact = desk.see("SELECT * FROM attempts WHERE event = 'answer'")[0]
    assert (fact.token, fact.code, fact.text, fact.response_id) == (1, "10117", "because", "r-1")
    assert (fact.http_status, fact.seconds, fact.endpoint_id) == (200, 1.25, "E1")
    assert fact.owner == ledger.owner.worker


async def test_a_create_that_was_done_is_the_mapping(desk):
    scope = desk.batch(1)
    ledger = await desk.ledger()
    (work,) = (await ledger.step(scope, [], 1)).work

    await ledger.step(scope, [done(work, "1000042")], 0)

    assert (desk.endpoint(1).endpoint_id, desk.endpoint(1).state) == ("1000042", "pre_active")


async def test_a_create_that_was_not_done_maps_nothing(desk):
    scope = desk.batch(3)
    ledger = await desk.ledger()
    works = (await ledger.step(scope, [], 3)).work
    answers = [(Verdict.UNKNOWN,), (Verdict.NOT_DONE, Because.REFUSED), (Verdict.NOT_DONE, Because.CONTRADICTION)]

    await ledger.step(
        scope, [came(w, *answer, endpoint_id=f"E{w.id}") for w, answer in zip(works, answers, strict=True)], 0
    )

    assert [tuple(row) for row in desk.see("SELECT endpoint_id, state FROM endpoints")] == [(None, "stock")] * 3


async def test_an_activation_and_its_group_change_the_endpoint_one_after_the_other(desk):
    desk.pre_active(1)
    scope = Scope(desk.select(tag="march", group="eu").change)
    ledger = await desk.ledger()

    (activate,) = (await ledger.step(scope, [], 9)).work
    assert activate.kind is Kind.ACTIVATE
    (assign,) = (await ledger.step(scope, [came(activate, Verdict.DONE)], 9)).work
    assert (assign.kind, assign.target) == (Kind.ASSIGN, "eu")
    assert (desk.endpoint(1).state, desk.endpoint(1).group) == ("active", None)
    await ledger.step(scope, [came(assign, Verdict.DONE)], 0)

    assert (desk.endpoint(1).state, desk.endpoint(1).group, desk.endpoint(1).endpoint_id) == ("active", "eu", "E1")


@pytest.mark.parametrize("field", ["code", "text", "response_id"])
@pytest.mark.parametrize("value", ["x" * 5000, "a\x00b", "a\ud800b"])
async def test_no_text_of_the_platform_can_keep_an_outcome_from_being_recorded(desk, field, value):
    scope = desk.batch(2)
    ledger = await desk.ledger()
    first, second = (await ledger.step(scope, [], 2)).work

    await ledger.step(scope, [done(first, "E1", **{field: value}), done(second, "E2")], 0)

    assert desk.operations() == ["confirmed", "confirmed"]
    assert desk.endpoint(1).endpoint_id == "E1"


# --- the settings ---


async def test_a_process_is_entered_among_the_living_and_leaves_again(desk):
    ledger = await desk.ledger()
    assert desk.one("SELECT id FROM workers") == ledger.owner.worker

    await ledger.close()

    assert desk.one("SELECT count(*) FROM workers") == 0


async def test_processes_of_this_host_that_have_ended_are_struck_at_the_start(desk):
    values = {"host": socket.gethostname(), "account": ACCOUNT, "at": 4e9}
    insert = "INSERT INTO workers (id, host, pid, account, heartbeat_at) VALUES (:id, :host, :pid, :account, :at)"
    desk.do(insert, id="dead", pid=2**22 + 5, **values)
    desk.do(insert, id="elsewhere", pid=2**22 + 5, **(values | {"host": "another"}))

    ledger = await desk.ledger()

    alive = {row.id for row in desk.see("SELECT id FROM workers")}
    assert alive == {"elsewhere", ledger.owner.worker}


def test_the_account_decides_how_patient_and_how_busy_a_process_is(desk):
    settings = account(max_in_flight=7, settle_seconds=60, resend_after_absence=False)
    owner = AccountLedger(desk.store, ACCOUNT, settings).owner

    assert (owner.account, owner.max_in_flight, owner.patience) == (ACCOUNT, 7, settings.patience)
