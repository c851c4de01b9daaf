"""Facts are always kept; a decision counts only while it is still ours to make, and never contradicts a mapping."""

import sqlite3

import pytest
from sqlalchemy import Engine, event

from adapters.store import readback, sight
from domain.doubt import Evidence, Ruling, Sight
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.outcome import Because, Verdict
from domain.ports import Scope
from domain.sight import Finding
from tests.support.desk import came, done
from tests.support.works import iccid

UNKNOWN = (Verdict.UNKNOWN,)
THROTTLED = (Verdict.NOT_DONE, Because.THROTTLED)


async def sent(desk, ledger, scope, count=1):
    """Operations handed out to this process."""
    return (await ledger.step(scope, [], count)).work


async def in_doubt(desk, ledger, scope, count=1):
    """Operations whose outcome is unknown, due for their look-up."""
    works = await sent(desk, ledger, scope, count)
    await ledger.step(scope, [came(work, *UNKNOWN) for work in works], 0)
    desk.later(1000)
    return await ledger.doubts(scope, count)


async def ruled(ledger, doubt, state, *, endpoint_id=None, sight=Sight.PRESENT, **fields):
    await ledger.rule([(doubt, Evidence(sight, endpoint_id), Ruling(state, endpoint_id=endpoint_id, **fields))])


# --- fencing ---


@pytest.mark.parametrize("answer", [UNKNOWN, THROTTLED, (Verdict.NOT_DONE, Because.REFUSED), (Verdict.DONE,)])
async def test_an_answer_of_an_earlier_attempt_decides_nothing_and_is_kept(desk, answer):
    scope, ledger = desk.batch(1), await desk.ledger()
    (early,) = await sent(desk, ledger, scope)
    await ledger.step(scope, [came(early, *THROTTLED)], 0)
    (again,) = await sent(desk, ledger, scope)

    await ledger.step(scope, [came(early, *answer, endpoint_id="LATE")], 0)

    assert (early.token, again.token) == (1, 2)
    assert desk.operations() == ["sent"]
    assert desk.endpoint(1).endpoint_id is None
    verdict = answer[1].value if len(answer) > 1 else answer[0].value
    assert desk.facts("answer")[-1] == (1, verdict, "LATE")


@pytest.mark.parametrize("answer", [UNKNOWN, THROTTLED, (Verdict.NOT_DONE, Because.REFUSED)])
async def test_a_late_answer_without_news_does_not_undo_a_doubt(desk, answer):
    """Another process may be looking it up already; only its own good news changes that."""
    scope, ledger = desk.batch(1), await desk.ledger()
    (work,) = await sent(desk, ledger, scope)
    await ledger.step(scope, [came(work, *UNKNOWN)], 0)

    await ledger.step(scope, [came(work, *answer)], 0)

    assert desk.operations() == ["in_doubt"]
    assert len(desk.facts("answer")) == 2


@pytest.mark.parametrize("state", ["in_doubt", "needs_human", "planned"])
async def test_a_late_yes_of_the_same_attempt_is_used(desk, state):
    """The process was thought dead, or its call was given up; the id it received is the mapping all the same."""
    scope, ledger = desk.batch(1), await desk.ledger()
    (work,) = await sent(desk, ledger, scope)
    desk.do("UPDATE operations SET state = :state", state=state)

    await ledger.step(scope, [done(work, "E7")], 0)

    assert desk.operations() == ["confirmed"]
    assert (desk.endpoint(1).endpoint_id, desk.endpoint(1).state) == ("E7", "pre_active")


async def test_a_late_yes_does_not_undo_a_refusal_by_a_person(desk):
    scope, ledger = desk.batch(1), await desk.ledger()
    (work,) = await sent(desk, ledger, scope)
    desk.do("UPDATE operations SET state = 'refused'")

    await ledger.step(scope, [done(work)], 0)

    assert desk.operations() == ["refused"]
    assert desk.endpoint(1).endpoint_id is None


async def test_a_late_yes_does_not_turn_the_endpoint_back(desk):
    """It was found by look-up and has been activated since; the answer that comes now tells nothing new."""
    scope, ledger = desk.batch(1), await desk.ledger()
    (work,) = await sent(desk, ledger, scope)
    await ledger.step(scope, [came(work, *UNKNOWN)], 0)
    desk.later(1000)
    (doubt,) = await ledger.doubts(scope, 1)
    await ruled(ledger, doubt, State.CONFIRMED, endpoint_id="E1")
    activation = Scope(desk.select(tag="march").change)
    (activate,) = await sent(desk, ledger, activation)
    await ledger.step(activation, [came(activate, Verdict.DONE)], 0)

    await ledger.step(scope, [done(work, "E1")], 0)

    assert (desk.endpoint(1).state, desk.endpoint(1).endpoint_id) == ("active", "E1")
    assert desk.facts("answer")[-1] == (1, "done", "E1")


async def test_a_ruling_on_an_earlier_attempt_decides_nothing(desk):
    scope, ledger = desk.batch(1), await desk.ledger()
    (doubt,) = await in_doubt(desk, ledger, scope)
    await ruled(ledger, doubt, State.PLANNED, sight=Sight.ABSENT)
    (again,) = await sent(desk, ledger, scope)

    await ruled(ledger, doubt, State.PLANNED, sight=Sight.ABSENT)

    assert (again.token, desk.operations()) == (2, ["sent"])
    assert [fact[0] for fact in desk.facts("lookup")] == [1, 1]


@pytest.mark.parametrize("state", ["confirmed", "planned", "needs_human", "refused", "sent"])
async def test_a_ruling_decides_only_what_is_still_in_doubt(desk, state):
    scope, ledger = desk.batch(1), await desk.ledger()
    (doubt,) = await in_doubt(desk, ledger, scope)
    desk.do("UPDATE operations SET state = :state", state=state)

    await ruled(ledger, doubt, State.CONFIRMED, endpoint_id="E7")

    assert desk.operations() == [state]
    assert desk.endpoint(1).endpoint_id is None


async def test_what_was_seen_decides_only_what_is_still_planned(desk):
    scope, ledger = desk.batch(2), await desk.ledger()
    planned = desk.store.write(sight.planned, scope.change, Kind.CREATE)
    await sent(desk, ledger, scope)

    findings = [Finding(work, State.CONFIRMED, f"E{work.id}", "was on the platform already") for work in planned]
    desk.store.write(sight.settle, ledger.owner, findings)

    assert desk.operations() == ["sent", "confirmed"]
    assert [desk.endpoint(n).endpoint_id for n in (1, 2)] == [None, "E2"]


# --- contradictions ---


async def test_an_id_that_is_mapped_already_goes_to_a_person(desk):
    scope, ledger = desk.batch(2), await desk.ledger()
    first, second = await sent(desk, ledger, scope, 2)
    await ledger.step(scope, [done(first, "E7")], 0)

    await ledger.step(scope, [done(second, "E7")], 0)

    assert desk.operations() == ["needs_human", "needs_human"]  # one of the two answers was wrong
    assert [desk.endpoint(n).endpoint_id for n in (1, 2)] == ["E7", None]
    assert [row.text for row in desk.see("SELECT text FROM operations ORDER BY id")] == [
        "the platform gave its endpoint id for another ICCID too",
        "endpoint E7 is already recorded for another ICCID",
    ]
    assert desk.facts("answer")[-1] == (1, "done", "E7")
    assert len(desk.facts("differs")) == 1


async def test_an_id_given_for_two_iccids_at_once_maps_neither(desk):
    scope, ledger = desk.batch(3), await desk.ledger()
    works = await sent(desk, ledger, scope, 3)

    await ledger.step(scope, [done(works[0], "E7"), done(works[1], "E7"), done(works[2], "E8")], 0)

    assert desk.operations() == ["needs_human", "needs_human", "confirmed"]
    assert [desk.endpoint(n).endpoint_id for n in (1, 2, 3)] == [None, None, "E8"]


@pytest.mark.parametrize("kind", ["create", "activate"])
async def test_a_mapping_is_never_overwritten(desk, kind):
    desk.pre_active(1)
    desk.do("UPDATE operations SET state = 'planned', kind = :kind", kind=kind)
    desk.do("UPDATE endpoints SET state = 'stock' WHERE :kind = 'create'", kind=kind)
    scope, ledger = Scope(desk.one("SELECT id FROM changes")), await desk.ledger()
    (work,) = await sent(desk, ledger, scope)

    await ledger.step(scope, [done(work, "E999")], 0)

    assert desk.operations(kind) == ["needs_human"]
    assert desk.endpoint(1).endpoint_id == "E1"
    assert desk.one("SELECT text FROM operations") == "already recorded as endpoint E1, now said to be E999"


async def test_another_answer_to_a_confirmed_create_changes_nothing(desk):
    scope, ledger = desk.batch(1), await desk.ledger()
    (work,) = await sent(desk, ledger, scope)
    await ledger.step(scope, [done(work, "E1")], 0)

    await ledger.step(scope, [done(work, "E999")], 0)

    assert desk.endpoint(1).endpoint_id == "E1"
    assert [fact[2] for fact in desk.facts("answer")] == ["E1", "E999"]


async def test_the_same_id_on_another_account_is_no_contradiction(desk):
    scope, ledger = desk.batch(1), await desk.ledger()
    other_scope, other = desk.batch(1, account="other"), await desk.ledger(name="other")
    (work,) = await sent(desk, ledger, scope)
    (other_work,) = await sent(desk, other, other_scope)

    await ledger.step(scope, [done(work, "E7")], 0)
    await other.step(other_scope, [done(other_work, "E7")], 0)

    assert desk.operations() == ["confirmed", "confirmed"]


async def test_a_yes_without_an_id_maps_nothing(desk):
    scope, ledger = desk.batch(1), await desk.ledger()
    (work,) = await sent(desk, ledger, scope)

    await ledger.step(scope, [came(work, Verdict.DONE)], 0)

    assert desk.operations() == ["needs_human"]
    assert desk.one("SELECT text FROM operations") == "the platform named no endpoint id"


async def test_one_contradiction_keeps_no_other_outcome_from_being_recorded(desk):
    scope, ledger = desk.batch(3), await desk.ledger()
    works = await sent(desk, ledger, scope, 3)

    await ledger.step(scope, [done(works[0], "E7"), came(works[1], Verdict.DONE), came(works[2], *UNKNOWN)], 0)

    assert desk.operations() == ["confirmed", "needs_human", "in_doubt"]


async def test_a_look_up_that_finds_an_id_of_another_iccid_goes_to_a_person(desk):
    scope, ledger = desk.batch(2), await desk.ledger()
    (first,) = await sent(desk, ledger, scope)
    await ledger.step(scope, [done(first, "E7")], 0)
    (doubt,) = await in_doubt(desk, ledger, scope)

    await ruled(ledger, doubt, State.CONFIRMED, endpoint_id="E7")

    assert desk.operations() == ["needs_human", "needs_human"]
    assert [desk.endpoint(n).endpoint_id for n in (1, 2)] == ["E7", None]


# --- what the platform shows before and after ---


async def test_what_is_on_the_platform_already_is_taken_over(desk):
    scope, ledger = desk.batch(3), await desk.ledger()
    works = desk.store.write(sight.planned, scope.change, Kind.CREATE)
    findings = [
        Finding(works[0], State.CONFIRMED, "E7", "was on the platform already"),
        Finding(works[1], State.REFUSED, None, "the SIM already has endpoint E9 in state Active"),
    ]

    desk.store.write(sight.settle, ledger.owner, findings)

    assert [work.iccid for work in works] == [iccid(1), iccid(2), iccid(3)]
    assert desk.operations() == ["confirmed", "refused", "planned"]
    assert [bool(row.already) for row in desk.see("SELECT already FROM operations ORDER BY id")] == [True, True, False]
    assert (desk.endpoint(1).endpoint_id, desk.endpoint(1).state) == ("E7", "pre_active")
    assert [fact[1] for fact in desk.facts("seen")] == ["confirmed", "refused"]


@pytest.fixture
def few_values():
    """Connections that take only so many values in one statement, as every database has a limit."""

    def limit(connection, _record):
        if isinstance(connection, sqlite3.Connection):
            connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 2500)

    event.listen(Engine, "connect", limit)
    yield
    event.remove(Engine, "connect", limit)


async def test_what_was_found_may_be_more_than_one_statement_takes(few_values, desk):
    """An account of which the store was lost: everything is on the platform already."""
    count = 3000
    scope, ledger = desk.batch(count), await desk.ledger()
    works = desk.store.write(sight.planned, scope.change, Kind.CREATE)

    findings = [Finding(work, State.CONFIRMED, f"E{work.id}", "") for work in works]
    desk.store.write(sight.settle, ledger.owner, findings)
    assert desk.one("SELECT count(*) FROM endpoints WHERE state = 'pre_active'") == count

    differing = {work.iccid: f"E{work.id}" for work in works}
    looked = {"shown": differing.keys(), "differing": differing}
    desk.store.write(readback.keep_states, ledger.owner, scope.change, Kind.CREATE, **looked)
    assert set(desk.operations()) == {"needs_human"}


# --- the database itself ---


def test_the_database_refuses_an_endpoint_in_service_without_an_id(desk):
    desk.batch(1)
    with pytest.raises(Exception, match=r"(?i)check"):
        desk.do("UPDATE endpoints SET state = 'active'")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE endpoints SET endpoint_id = 'E1'",
        "UPDATE endpoints SET state = 'lost'",
        "UPDATE operations SET state = 'lost'",
        "UPDATE operations SET kind = 'destroy'",
        "UPDATE operations SET endpoint = 999",
        "UPDATE sources SET rows = 99",
        "INSERT INTO operations (account, change_id, position, endpoint, kind, state, updated_at) "
        "SELECT account, change_id, position, endpoint, kind, state, updated_at FROM operations",
    ],
)
def test_the_database_refuses_what_must_never_be(desk, change):
    desk.pre_active(2)
    with pytest.raises(Exception, match=r"(?i)constraint"):
        desk.do(change)


def test_the_states_are_those_of_the_rules(desk):
    desk.pre_active(1)
    for state in State:
        desk.do("UPDATE operations SET state = :state", state=state.value)
    for state in Lifecycle:
        desk.do("UPDATE endpoints SET state = :state", state=state.value)
