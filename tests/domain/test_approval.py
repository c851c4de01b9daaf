"""Two persons sign, each with a code that works once; what does not count is counted too."""

import pytest

from domain.approval import (
    SENTENCES,
    TRIES,
    Answer,
    Change,
    Decision,
    Request,
    Standing,
    Verdict,
    digest_of,
    hash_code,
    judge,
    matching,
    new_code,
    new_salt,
    person,
)
from domain.errors import UsageError

S, W = Verdict.SIGNED, Verdict.WRONG_CODE


def asked(*answers):
    return Request(1, 10, tuple(Answer(name, verdict) for name, verdict in answers))


def judged(name="ann", decision=Decision.APPROVE, signers=(), *, known=True, locked=False, right=True):
    return judge(name, decision, signers=signers, known=known, locked=locked, right=right)


@pytest.mark.parametrize(
    ("answers", "standing"),
    [
        ([], Standing.WAITING),
        ([("ann", S)], Standing.WAITING),
        ([("ann", S), ("ann", Verdict.SAME_PERSON)], Standing.WAITING),
        ([("ann", S), ("bob", S)], Standing.APPROVED),
        ([("x", W), ("ann", S), ("x", W), ("bob", S)], Standing.APPROVED),
        ([("ann", S), ("bob", Verdict.REFUSED)], Standing.REFUSED),
        ([("ann", Verdict.REFUSED)], Standing.REFUSED),
        ([("ann", S), *[("x", W)] * TRIES], Standing.REFUSED),
        ([("ann", S), *[("ann", Verdict.SAME_PERSON)] * TRIES], Standing.REFUSED),
        ([("ann", S), *[("x", W)] * (TRIES - 1)], Standing.WAITING),
    ],
)
def test_a_request_stands_where_its_answers_put_it(answers, standing):
    assert asked(*answers).standing is standing


def test_the_second_signature_is_somebody_elses():
    assert judged("ann") is Verdict.SIGNED
    assert judged("ann", signers=["ann"]) is Verdict.SAME_PERSON
    assert judged("bob", signers=["ann"]) is Verdict.SIGNED


@pytest.mark.parametrize("signers", [(), ("ann",)])
def test_whoever_may_sign_may_refuse(signers):
    assert judged("ann", Decision.REFUSE, signers) is Verdict.REFUSED


@pytest.mark.parametrize(
    ("wrong", "verdict"),
    [({"known": False}, Verdict.UNKNOWN_PERSON), ({"locked": True}, Verdict.LOCKED), ({"right": False}, W)],
)
@pytest.mark.parametrize("decision", Decision)
def test_nobody_signs_or_refuses_without_a_name_and_a_code_that_count(wrong, verdict, decision):
    assert judged(decision=decision, **wrong) is verdict


def test_a_refusal_does_not_tell_whether_name_or_code_was_wrong():
    assert len({SENTENCES[each] for each in (W, Verdict.UNKNOWN_PERSON, Verdict.LOCKED)}) == 1
    assert set(SENTENCES) == set(Verdict)


def test_a_refused_request_says_by_whom_or_why():
    assert asked(("ann", S), ("bob", Verdict.REFUSED)).why_refused == "bob said no"
    assert "5 answers" in asked(*[("x", W)] * TRIES).why_refused


@pytest.mark.parametrize(("count", "fits"), [(5000, True), (5001, False)])
def test_what_is_too_much_for_the_rest_of_a_run_may_fit_another(count, fits):
    assert Change("travel", "create", "d", count, allowed=10, bound=5000).fits_another_run is fits


def test_a_code_is_found_however_it_is_typed_and_nowhere_else():
    salt, code = new_salt(), new_code()
    kept = [hash_code(new_code(), salt), hash_code(code, salt)]

    assert matching(hash_code(f" {code.lower().replace('-', ' ')} ", salt), kept) == kept[1]
    assert matching(hash_code(code, new_salt()), kept) is None
    assert matching(hash_code(code[:-1], salt), kept) is None


def test_codes_are_different_and_are_not_kept_in_plain():
    codes = {new_code() for _ in range(200)}

    assert len(codes) == 200
    assert all(len(code.replace("-", "")) == 12 for code in codes)
    assert "AAAA" not in hash_code("AAAA-AAAA-AAAA", "salt")


@pytest.mark.parametrize(("typed", "name"), [("Ann", "ann"), ("  bob.k ", "bob.k"), ("o-1_x", "o-1_x")])
def test_a_name_is_folded(typed, name):
    assert person(typed) == name


@pytest.mark.parametrize("typed", ["", " ", "a b", "-a", "x" * 65, "a\nb", "ä"])
def test_an_unusable_name_is_refused(typed):
    with pytest.raises(UsageError):
        person(typed)


def test_an_approval_is_for_one_change_exactly():
    assert digest_of("activate", "travel", "march", None) == digest_of("activate", "travel", "march", None)
    assert digest_of("activate", "travel", "march") != digest_of("activate", "travel", "april")
    assert digest_of("a", "bc") != digest_of("ab", "c")
