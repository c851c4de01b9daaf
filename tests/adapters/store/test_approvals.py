"""Signatures in the store: counted once, from persons it knows, and read by what changes something."""

import getpass

import pytest
from sqlalchemy import text

from adapters.store import approvals, queries
from adapters.store.approvals import Signature
from adapters.store.reading import Reader
from adapters.store.store import Store
from adapters.store.tables import approval_answers, approver_codes, approvers
from domain.approval import LOCK_AFTER, LOCK_SECONDS, TRIES, Change, Decision, Standing, Verdict
from domain.errors import PreactiveError
from domain.trail import APPROVERS, SIGNED
from domain.trail import check as check_chain

CHANGE = Change("travel", "activate march", "d" * 64, 6000, 5000, 5000)
RUN = "5f2c0b8e-0000-4000-8000-000000000001"


@pytest.fixture
def store(store_url):
    made = Store(store_url)
    for name in ("ann", "bob"):
        made.write(approvals.set_approver, name, "salt", [f"{name}-{n}" for n in range(10)])
    yield made
    made.close()


@pytest.fixture
def ask(store):
    """Make the request of a run."""
    return lambda run=RUN, change=CHANGE: store.write(approvals.request, run, change)


@pytest.fixture
def sign(store):
    """Answer a request."""

    def sign(request, name, code, decision=Decision.APPROVE, number=None):
        number = len(request.answers) if number is None else number
        return store.write(approvals.answer, request.id, number, Signature(name, code, decision))

    return sign


def test_two_persons_approve_a_change_of_one_run_and_nothing_else(ask, sign):
    first = sign(ask(), "ann", "ann-0")
    second = sign(first, "bob", "bob-0")

    assert (first.standing, second.standing) == (Standing.WAITING, Standing.APPROVED)
    other = Change("travel", "activate march", "e" * 64, 6000, 5000, 5000)
    assert [ask(run="another").standing, ask(change=other).standing] == [Standing.WAITING] * 2


def test_the_first_person_cannot_be_the_second(ask, sign):
    request = sign(sign(ask(), "ann", "ann-0"), "ann", "ann-1")

    assert (request.answers[-1].verdict, request.standing) == (Verdict.SAME_PERSON, Standing.WAITING)


def test_a_code_works_once_whatever_came_of_it(store, ask, sign):
    request = sign(sign(ask(), "ann", "ann-0"), "ann", "ann-1")
    for code in ("ann-0", "ann-1"):
        other = sign(ask(run=code), "ann", code)
        assert other.answers[-1].verdict is Verdict.WRONG_CODE
    assert [answer.verdict for answer in request.answers] == [Verdict.SIGNED, Verdict.SAME_PERSON]


def test_the_code_of_another_person_does_not_count(ask, sign):
    assert sign(ask(), "ann", "bob-0").answers[-1].verdict is Verdict.WRONG_CODE


def test_an_answer_is_recorded_once_when_its_run_comes_twice(store, ask, sign):
    request = ask()
    first = sign(request, "ann", "ann-0", number=0)
    again = sign(request, "ann", "ann-0", number=0)

    assert first == again
    assert len(again.answers) == 1


def test_a_request_that_is_decided_takes_no_more_answers(ask, sign):
    refused = sign(sign(ask(), "ann", "ann-0"), "bob", "bob-0", Decision.REFUSE)
    after = sign(refused, "bob", "bob-1")

    assert after == refused
    assert refused.standing is Standing.REFUSED


def test_a_run_that_begins_anew_finds_its_request_with_its_answers(ask, sign):
    first = sign(ask(), "ann", "ann-0")

    assert ask() == first


def test_another_change_in_the_same_run_is_asked_about_anew(ask, sign):
    sign(sign(ask(), "ann", "ann-0"), "bob", "bob-0")
    other = ask(change=Change("travel", "activate april", "e" * 64, 6000, 5000, 5000))

    assert (other.answers, other.standing) == ((), Standing.WAITING)


def test_the_count_is_that_of_the_first_time(ask):
    request = ask()
    again = ask(change=Change("travel", "activate march", CHANGE.digest, 9000, 5000, 5000))

    assert again.count == request.count == 6000


def test_guessing_ends_the_request(ask, sign):
    request = ask()
    for _ in range(TRIES):
        request = sign(request, "nobody", "guess")

    assert request.standing is Standing.REFUSED


def test_guessing_locks_the_person_in_every_run_for_a_while(store, ask, sign):
    for run in range(LOCK_AFTER):
        assert sign(ask(run=f"run-{run}"), "ann", "guess").answers[-1].verdict is Verdict.WRONG_CODE

    assert sign(ask(run="right"), "ann", "ann-0").answers[-1].verdict is Verdict.LOCKED
    assert sign(ask(run="other"), "bob", "bob-0").answers[-1].verdict is Verdict.SIGNED
    earlier = approvers.update().values(locked_until=approvers.c.locked_until - LOCK_SECONDS)
    store.write(lambda connection: connection.execute(earlier))
    assert sign(ask(run="later"), "ann", "ann-1").answers[-1].verdict is Verdict.SIGNED


def test_a_right_code_ends_the_counting_of_wrong_ones(store, ask, sign):
    for run in range(LOCK_AFTER - 1):
        sign(ask(run=f"run-{run}"), "ann", "guess")
    sign(ask(run="right"), "ann", "ann-0")

    assert sign(ask(run="wrong"), "ann", "guess").answers[-1].verdict is Verdict.WRONG_CODE
    assert sign(ask(run="again"), "ann", "ann-1").answers[-1].verdict is Verdict.SIGNED


def test_new_codes_make_the_earlier_ones_void(store, ask, sign):
    store.write(approvals.set_approver, "ann", "other salt", ["new-0"])

    assert sign(ask(), "ann", "ann-0").answers[-1].verdict is Verdict.WRONG_CODE
    assert sign(ask(run="x"), "ann", "new-0").answers[-1].verdict is Verdict.SIGNED


def test_who_was_removed_cannot_sign_and_what_was_signed_stays(store, ask, sign):
    request = sign(ask(), "ann", "ann-0")
    assert store.write(approvals.remove_approver, "ann")
    assert not store.write(approvals.remove_approver, "ann")

    assert sign(ask(run="x"), "ann", "ann-1").answers[-1].verdict is Verdict.UNKNOWN_PERSON
    assert ask() == request
    assert store.write(approvals.able_to_sign) == 1


def test_who_has_no_code_left_cannot_sign(store):
    spent = approver_codes.update().where(approver_codes.c.approver == "bob").values(used_at=1.0)
    store.write(lambda connection: connection.execute(spent))

    assert store.write(approvals.able_to_sign) == 1


def test_approvers_are_listed_with_the_codes_they_have_left(store, store_url, ask, sign):
    sign(ask(), "ann", "ann-0")
    with Reader(store_url).open() as opened:
        rows = queries.approvers(opened)

    assert [(row["name"], row["codes_left"]) for row in rows] == [("ann", 9), ("bob", 10)]


def test_no_code_is_kept_where_an_answer_is(store, ask, sign):
    sign(ask(), "ann", "ann-0")
    rows = store.write(lambda connection: connection.execute(approval_answers.select()).all())

    assert [tuple(row)[1:4] for row in rows] == [(0, "ann", "signed")]


# --- what is kept for ever ---


def facts(store_url):
    """The facts about approvers, after a check that none is missing or changed."""
    with Reader(store_url).open() as opened:
        found = queries.approver_facts(opened)
        assert check_chain(APPROVERS, found, **queries.chain(opened, APPROVERS), covered=SIGNED).broken == ""
    return found


def test_who_is_made_an_approver_signs_and_is_struck_again_stays_on_record(store, store_url, ask, sign):
    store.write(approvals.set_approver, "eve", "salt", ["eve-0"])
    sign(sign(ask(), "eve", "eve-0"), "nobody", "a code by mistake")
    store.write(approvals.set_approver, "eve", "salt", ["eve-1"])
    store.write(approvals.remove_approver, "eve")
    told = facts(store_url)

    assert [(fact["event"], fact["name"]) for fact in told] == [
        *(("added", name) for name in ("ann", "bob", "eve")),
        *(("signed", "eve"), ("unknown_person", ""), ("new_codes", "eve"), ("removed", "eve")),
    ]
    assert {fact["os_user"] for fact in told} == {getpass.getuser()}
    assert [fact["text"] for fact in told if fact["event"] == "signed"] == [
        f"activate march on account travel, digest {CHANGE.digest}"
    ]


@pytest.mark.parametrize("table", ["approver_facts", "approval_answers"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET name = 'ann'"])
def test_what_persons_did_is_neither_changed_nor_deleted(store, ask, sign, table, change):
    sign(ask(), "ann", "ann-0")

    with pytest.raises(PreactiveError, match="only ever added"):
        store.write(lambda connection: connection.execute(text(change.format(table))))


def test_a_fact_that_was_changed_behind_the_guards_is_noticed(store_url, ask, sign):
    sign(ask(), "ann", "ann-0")
    told = facts(store_url)
    told[0]["os_user"] = "somebody else"
    chain = check_chain(APPROVERS, told, length=len(told), head=told[-1]["hash"], covered=SIGNED)

    assert "added" in chain.broken
