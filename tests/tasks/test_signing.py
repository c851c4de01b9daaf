"""What two persons must sign before a run goes on, and what a person at a terminal answers for alone."""

import json
import uuid

import pytest
from openpyxl import Workbook
from prefect.logging import disable_run_logger

from domain.errors import NotConfirmed, RunIsFull, TooManyRejects, TooMuchChange, Unsigned
from domain.replenish import ReplenishRequest
from domain.requests import Action, ActivateRequest, LifecycleRequest, ProvisionRequest, RetryRequest
from tasks import resources
from tasks.approval import approved
from tasks.bound import by_command, in_run, is_bounded, run_key
from tasks.ingest import ingest_file
from tasks.replenish import plan_fill, take_in
from tasks.retry import reopen
from tasks.select import select_endpoints
from tasks.signing import file_to_sign, retry_to_sign, selection_to_sign
from tests.support.desk import Desk
from tests.tasks.test_planning import file_of, good, request

FIVE = [good(number) for number in (1, 12, 23, 34, 45)]
END = LifecycleRequest(account="travel", action=Action.TERMINATE, tag="april", confirm_count=5)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A run may change three endpoints by itself."""
    monkeypatch.setenv("PREACTIVE_ACCOUNTS__TRAVEL__MAX_CHANGE", "3")
    with disable_run_logger(), in_run("a run of Prefect"):
        yield


@pytest.fixture
def desk(folder):
    """Five endpoints that carry the tag april."""
    made = Desk(f"sqlite:///{folder / 'store.db'}")
    made.pre_active(5, tags=["april"])
    yield made
    made.close()


def lifecycle(action: Action, **fields) -> LifecycleRequest:
    return LifecycleRequest(account="travel", action=action, tag="april", **fields)


# --- who asks ---


def test_whatever_was_not_started_by_a_command_is_bounded_and_shares_the_bound_of_its_run():
    assert (is_bounded(), run_key()) == (True, "a run of Prefect")
    with in_run("a flow that it calls"):
        assert run_key() == "a run of Prefect"
    with by_command():
        first = run_key()
        with by_command():
            assert (is_bounded(), run_key()) == (False, first)
    with by_command():
        assert run_key() != first


@pytest.mark.parametrize("limit", [None, 1000])
def test_a_limit_in_a_form_or_a_schedule_raises_nothing(folder, limit):
    asked = request(file_of(folder, *FIVE), limit=limit)

    change = file_to_sign(asked)
    assert (change.count, change.allowed, change.words) == (5, 3, "create 5 endpoints from march.csv")
    with by_command():
        assert file_to_sign(asked) is None


def test_what_a_run_may_change_by_itself_needs_no_signature(folder):
    assert file_to_sign(request(file_of(folder, *FIVE[:3]))) is None


def test_nobody_is_asked_to_sign_what_is_refused_anyway(folder, desk):
    with pytest.raises(TooMuchChange, match="1 are allowed"):
        file_to_sign(request(file_of(folder, *FIVE), limit=1))
    with pytest.raises(TooManyRejects):
        file_to_sign(request(file_of(folder, *FIVE, "123")))
    with pytest.raises(NotConfirmed, match="4 was given"):
        selection_to_sign(END.model_copy(update={"confirm_count": 4}))


async def test_where_nobody_can_be_asked_too_much_is_refused_and_what_fits_another_run_waits(folder):
    with pytest.raises(TooMuchChange, match=r"create 5 endpoints .* nobody can be asked here"):
        await approved(file_to_sign(request(file_of(folder, *FIVE))))
    async with resources.session("travel"):
        await ingest_file.__wrapped__(request(file_of(folder, *FIVE[:2])))

    with pytest.raises(RunIsFull, match="1 are allowed without an approval, of 3 in one run"):
        await approved(file_to_sign(request(file_of(folder, *FIVE[2:]))))


async def test_all_marks_of_stock_together_create_what_one_run_may(folder, monkeypatch):
    marks = [{"tag": tag, "low": 1, "high": 2} for tag in ("a", "b", "c")]
    monkeypatch.setenv("PREACTIVE_ACCOUNTS__TRAVEL__STOCK", json.dumps(marks))
    for tag, first in (("a", 0), ("b", 2), ("c", 4)):
        some = [good(number * 11 + 1) for number in (first, first + 1)]
        await take_in(request(file_of(folder, *some), batch=tag, tags=[tag]))

    wanted = [need.create for need in resources.needs(["travel"])["travel"]]
    asked = ReplenishRequest(account="travel", dry_run=False)
    async with resources.session("travel") as session:
        with in_run(str(uuid.uuid4())):
            fills = [await plan_fill.__wrapped__("travel", mark, 1000, asked) for mark in resources.marks_of(session)]
        planned = [fill.need.create for fill in fills]

    assert wanted == planned == [2, 1, 0]


# --- what is signed ---


def test_a_signature_counts_for_the_file_as_it_is_read_and_for_every_word_of_the_request(configure):
    folder = configure("[suppliers.acme]\nlengths = [19]")
    book = Workbook()
    for name in ("A", "B"):
        sheet = book.create_sheet(name)
        for row in [["iccid"], *([iccid] for iccid in FIVE)]:
            sheet.append(row)
    path = folder / "two.xlsx"
    book.save(path)
    asked = ProvisionRequest(file=str(path), account="travel", sheet="A", batch="b")
    changed = [{"sheet": "B"}, {"supplier": "acme"}, {"tags": ["x"]}, {"batch": "c"}, {"name_template": "{iccid}"}]
    changes = [file_to_sign(asked.model_copy(update=one)) for one in [{}, {}, *changed]]

    assert changes[0] == changes[1]
    assert len({change.digest for change in changes}) == 1 + len(changed)


def test_a_signature_counts_for_the_rows_that_would_be_created(folder):
    first = file_to_sign(request(file_of(folder, *FIVE), digest=None))
    other = file_to_sign(request(file_of(folder, *FIVE[:4], good(56))))

    assert first.count == other.count
    assert first.digest != other.digest


def test_a_signature_counts_for_the_members_and_for_every_word_of_the_request(desk):
    desk.do("UPDATE endpoints SET state = 'active'")
    asked = lifecycle(Action.SUSPEND)
    again = selection_to_sign(asked)
    others = [
        selection_to_sign(lifecycle(Action.TERMINATE, confirm_count=5)),
        selection_to_sign(lifecycle(Action.ASSIGN, group="eu")),
        selection_to_sign(lifecycle(Action.SUSPEND, retry_refused=True)),
        selection_to_sign(lifecycle(Action.SUSPEND, limit=9)),
    ]
    desk.do("DELETE FROM tags WHERE endpoint = 5")
    fewer = selection_to_sign(asked)

    assert selection_to_sign(asked) == fewer
    assert (again.count, fewer.count) == (5, 4)
    assert len({change.digest for change in [again, fewer, *others]}) == 6
    assert others[1].words == "assign 5 endpoints of april and put into eu"


def test_every_termination_must_be_signed_and_other_changes_only_above_the_bound(desk):
    activation = ActivateRequest(account="travel", tag="april", count=3)

    assert selection_to_sign(activation) is None
    assert selection_to_sign(activation.model_copy(update={"count": 4})).count == 4
    desk.do("DELETE FROM tags WHERE endpoint > 1")
    assert selection_to_sign(END.model_copy(update={"confirm_count": 1})).count == 1


def test_at_a_terminal_terminations_above_their_own_bound_must_be_signed_and_nothing_else(configure, desk):
    configure("max_terminate = 4")
    with by_command():
        change = selection_to_sign(END.model_copy(update={"limit": 5}))
        assert (change.count, change.allowed) == (5, 4)
        assert selection_to_sign(ActivateRequest(account="travel", tag="april", limit=5)) is None
        desk.do("DELETE FROM tags WHERE endpoint > 4")
        assert selection_to_sign(END.model_copy(update={"confirm_count": 4, "limit": 4})) is None


def test_refused_rows_of_a_batch_are_tried_again_by_a_few_alone(desk):
    again = RetryRequest(batch="march", account="travel")
    desk.do("UPDATE operations SET state = 'refused', token = 1")

    change = retry_to_sign(again)
    assert (change.count, change.words) == (5, "try again 5 refused endpoints of march")
    assert retry_to_sign(again.model_copy(update={"refused": False})) is None
    desk.do("UPDATE operations SET state = 'confirmed' WHERE id > 3")
    assert retry_to_sign(again) is None


# --- the steps that plan ---


async def test_no_step_plans_what_must_be_signed_and_is_not(folder, desk):
    desk.do("UPDATE changes SET cancelled_at = 1")
    desk.do("UPDATE operations SET state = 'refused', token = 1")
    async with resources.session("travel"):
        for step, asked in (
            (ingest_file, request(file_of(folder, *FIVE))),
            (select_endpoints, END),
            (reopen, RetryRequest(batch="march", account="travel")),
        ):
            with pytest.raises(Unsigned, match=r"5 endpoints, [03] are allowed without an approval, and two persons"):
                await step.__wrapped__(asked)

    assert desk.one("SELECT count(*) FROM operations WHERE state = 'planned'") == 0
    assert desk.one("SELECT count(*) FROM changes WHERE cancelled_at IS NULL") == 0


@pytest.mark.parametrize("said", [None, 2])
def test_nobody_is_asked_to_sign_for_terminations_whose_number_is_not_confirmed(folder, said):
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    desk.pre_active(3, tags=["april"])
    desk.close()
    asked = LifecycleRequest(action=Action.TERMINATE, account="travel", tag="april", confirm_count=said)

    with pytest.raises(NotConfirmed, match=r"3 endpoints would be terminated .* with 3 as its Confirm count") as held:
        selection_to_sign(asked)
    assert "--" not in str(held.value)
