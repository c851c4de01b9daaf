"""What the store does for a platform that activates by assignment, replaces tags, and has SIMs to be claimed."""

import pytest

from adapters.store import bulk_changes, claims, pins, sight
from adapters.store.store import AccountLedger
from domain.lifecycle import Kind
from domain.operation import State
from domain.outcome import Because, Verdict
from domain.ports import Scope
from domain.sight import Finding
from tests.support.desk import ACCOUNT, came, done
from tests.support.works import iccid

STACUITY = {"platform": "stacuity"}


async def ledger_of(desk, **settings) -> AccountLedger:
    return await desk.ledger(**(STACUITY | settings))


async def test_an_activation_is_planned_with_its_group_and_no_second_operation(desk):
    desk.pre_active(2)
    scope = Scope(desk.select(tag="march", group="eu", platform="stacuity").change)
    ledger = await ledger_of(desk)
    works = (await ledger.step(scope, [], 9)).work
    await ledger.step(scope, [came(work, Verdict.DONE) for work in works], 0)

    assert [(work.kind, work.target) for work in works] == [(Kind.ACTIVATE, "eu")] * 2
    assert {(row.state, row.group) for row in desk.see('SELECT state, "group" FROM endpoints')} == {("active", "eu")}
    assert desk.select(tag="march", group="eu", platform="stacuity").already == 2


async def test_an_activation_that_was_not_done_leaves_the_endpoint_without_a_group(desk):
    desk.pre_active(1)
    scope = Scope(desk.select(tag="march", group="eu", platform="stacuity").change)
    ledger = await ledger_of(desk)
    (work,) = (await ledger.step(scope, [], 9)).work
    await ledger.step(scope, [came(work, Verdict.UNKNOWN)], 0)

    assert (desk.endpoint(1).state, desk.endpoint(1).group) == ("pre_active", None)


async def test_tags_of_one_endpoint_are_handed_out_one_after_the_other(desk):
    scope = desk.batch(2, tags=["a", "b", "c"], platform_tags="now")
    ledger = await ledger_of(desk)
    creates = (await ledger.step(scope, [], 9)).work
    first = (await ledger.step(scope, [done(work) for work in creates], 9)).work
    none = (await ledger.step(scope, [], 9)).work
    second = (await ledger.step(scope, [came(first[0], Verdict.DONE)], 9)).work
    third = (await ledger.step(scope, [came(second[0], Verdict.UNKNOWN)], 9)).work

    assert [work.endpoint for work in first] == sorted({work.endpoint for work in creates})
    assert none == ()
    assert [(work.endpoint, work.target) for work in second] == [(first[0].endpoint, "b")]
    assert third == (), "the lost write may still arrive and undo the next one"


async def test_where_tags_are_added_one_by_one_nothing_waits(desk):
    scope = desk.batch(1, tags=["a", "b"], platform_tags="now")
    ledger = await desk.ledger()
    creates = (await ledger.step(scope, [], 9)).work

    assert len((await ledger.step(scope, [done(work) for work in creates], 9)).work) == 2


# --- claims ---


async def test_a_code_comes_with_its_create_and_is_forgotten_once_the_sim_is_there(desk):
    scope = desk.batch(3)
    codes = {iccid(1): "AC-1", iccid(2): "AC-2", iccid(9): "AC-9"}
    desk.store.write(claims.keep_codes, "travel", codes)
    ledger = await ledger_of(desk, provision_by="claim")
    works = (await ledger.step(scope, [], 9)).work
    before = desk.one("SELECT count(*) FROM claim_codes")
    await ledger.step(scope, [done(works[0]), came(works[1], Verdict.UNKNOWN)], 0)

    assert [work.activation_code for work in works] == ["AC-1", "AC-2", ""]
    assert before == 2, "unknown ICCIDs have no place"
    assert [row.code for row in desk.see("SELECT code FROM claim_codes")] == ["AC-2"]


async def test_a_later_file_corrects_a_code_and_none_is_kept_for_what_is_there(desk):
    desk.batch(2)
    desk.store.write(claims.keep_codes, "travel", {iccid(1): "AC-old"})
    desk.do("UPDATE endpoints SET endpoint_id = 'E2', state = 'pre_active' WHERE iccid = :iccid", iccid=iccid(2))
    desk.store.write(claims.keep_codes, "travel", {iccid(1): "AC-new", iccid(2): "AC-2"})

    assert [row.code for row in desk.see("SELECT code FROM claim_codes")] == ["AC-new"]


async def test_an_account_that_claims_nothing_gets_no_codes(desk):
    scope = desk.batch(1)
    desk.store.write(claims.keep_codes, "travel", {iccid(1): "AC-1"})
    ledger = await desk.ledger()

    assert [work.activation_code for work in (await ledger.step(scope, [], 9)).work] == [""]


# --- groups pinned by id ---


def test_the_first_use_of_a_groups_name_is_kept(desk):
    stands_for = [desk.store.write(pins.pin, "travel", "eu", group_id) for group_id in ("G1", "G2")]

    assert stands_for == ["G1", "G1"]
    assert desk.store.write(pins.pinned, "travel", "eu") == "G1"
    assert desk.store.write(pins.pinned, "other", "eu") is None


def test_a_group_without_an_id_is_not_pinned(desk):
    desk.store.write(pins.pin, "travel", "eu", "")

    assert desk.one("SELECT count(*) FROM pinned_groups") == 0


def test_the_groups_of_a_change_are_those_of_what_is_open(desk):
    desk.pre_active(3)
    change = desk.select(tag="march", group="eu", platform="stacuity").change
    desk.do("UPDATE operations SET target = 'us', state = 'confirmed' WHERE kind = 'activate' AND endpoint = 1")

    assert desk.store.write(pins.used_by, change) == ["eu"]


# --- tombstones ---


async def test_a_sim_that_the_platform_shows_as_terminated_never_becomes_stock_again(desk):
    scope = desk.batch(2)
    ledger = await ledger_of(desk)
    works = desk.store.write(sight.planned, scope.change, Kind.CREATE)
    findings = [
        Finding(works[0], State.REFUSED, None, "terminated", is_tombstone=True),
        Finding(works[1], State.REFUSED, None, "suspended"),
    ]
    desk.store.write(sight.settle, ledger.owner, findings)
    desk.store.write(bulk_changes.plan_refused, scope.change)

    assert [desk.endpoint(number).state for number in (1, 2)] == ["terminated", "stock"]
    assert desk.operations() == ["refused", "planned"], "a retry leaves it alone"


async def test_a_create_that_meets_a_terminated_sim_leaves_a_tombstone_too(desk):
    scope, ledger = desk.batch(2), await ledger_of(desk)
    ended, refused = (await ledger.step(scope, [], 2)).work
    answers = [came(ended, Verdict.NOT_DONE, Because.ENDED), came(refused, Verdict.NOT_DONE, Because.REFUSED)]
    await ledger.step(scope, answers, 0)
    desk.store.write(bulk_changes.plan_refused, scope.change)

    assert [desk.endpoint(number).state for number in (1, 2)] == ["terminated", "stock"]
    assert desk.operations() == ["refused", "planned"], "a retry leaves it alone"


async def test_an_answer_that_decides_nothing_any_more_leaves_no_tombstone(desk):
    scope, ledger = desk.batch(1), await ledger_of(desk)
    (work,) = (await ledger.step(scope, [], 1)).work
    await ledger.step(scope, [done(work)], 0)
    await ledger.step(scope, [came(work, Verdict.NOT_DONE, Because.ENDED)], 0)

    assert (desk.operations(), desk.endpoint(1).state) == (["confirmed"], "pre_active")


@pytest.fixture
def two_accounts(desk):
    """The SIMs 1 to 3 on two accounts: on the first one 1 was terminated and 2 is in service. Returns the change."""
    desk.pre_active(3, account="first")
    desk.do("UPDATE endpoints SET state = 'terminated' WHERE iccid = :iccid", iccid=iccid(1))
    return desk.batch(3).change


def ended_elsewhere(desk, change, *apart):
    return desk.store.write(sight.ended_elsewhere, ACCOUNT, change, apart)


async def test_a_sim_that_was_terminated_on_another_account_never_becomes_stock_here(desk, two_accounts):
    """A SIM that was lost or stolen is so on every account."""
    findings = ended_elsewhere(desk, two_accounts)
    desk.store.write(sight.settle, (await ledger_of(desk)).owner, findings)

    assert [found.work.iccid for found in findings] == [iccid(1)]
    assert findings[0].text == "terminated before; it never returns to stock (account first)"
    assert desk.see("SELECT state FROM endpoints WHERE account = :mine ORDER BY iccid", mine=ACCOUNT) == [
        ("terminated",),
        ("stock",),
        ("stock",),
    ]
    assert ended_elsewhere(desk, two_accounts) == []


def test_an_account_whose_sims_never_come_here_does_not_count(desk, two_accounts):
    assert ended_elsewhere(desk, two_accounts, "first") == []
    assert len(ended_elsewhere(desk, two_accounts, "third")) == 1
