"""What tells two tenants apart, in the words of the settings and in what a platform shows."""

from dataclasses import replace

import pytest

from domain.errors import WrongTenant
from domain.options import Account
from domain.tenancy import (
    Held,
    Marks,
    changed,
    check_settings,
    check_shown,
    doubles,
    is_same_tenant,
    marks_of,
    normalised,
    only_shown_tells,
)

PINNED = Marks("sft", "https://sft.example/api", "u")
LOCAL = Marks("sft", "http://127.0.0.1:8765/api", "u", tenant="t-1")


def settings(**values):
    return Account(base_url="https://sft.example/api", username="u", **values)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://SFT.example/api/", "https://sft.example/api"),
        ("https://sft.example:443/api", "https://sft.example/api"),
        ("http://127.0.0.1:80/api", "http://127.0.0.1/api"),
        ("https://sft.example./api", "https://sft.example/api"),
        ("https://a.example/", "https://a.example"),
    ],
)
def test_two_spellings_of_one_address_are_one(one, other):
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize("other", ["https://sft.example/api2", "https://sft.example:444/api", "http://sft.example/api"])
def test_another_path_port_or_scheme_is_another_address(other):
    assert normalised(other) != normalised("https://sft.example/api")


@pytest.mark.parametrize("secret", ["password", "token"])
def test_a_secret_is_no_mark(secret):
    assert marks_of(settings(**{secret: "a"})) == marks_of(settings(**{secret: "b"}))


def test_the_user_is_a_mark_where_users_log_in_only():
    assert marks_of(settings()).user == "u"
    assert marks_of(settings(platform="stacuity")).user == ""


@pytest.mark.parametrize("mark", ["platform", "address", "user", "target"])
def test_every_mark_of_the_settings_counts(mark):
    other = replace(PINNED, **{mark: "stacuity" if mark == "platform" else "https://x/y"})

    assert changed(PINNED, other)
    assert not is_same_tenant(PINNED, other)
    with pytest.raises(WrongTenant, match="account moved travel"):
        check_settings("travel", other, pinned=PINNED, former=None, is_used=True, others={}, held_by=lambda _: Held())


def test_where_both_showed_their_id_nothing_else_counts():
    assert is_same_tenant(replace(PINNED, tenant="t"), replace(PINNED, tenant="t", address="https://other/api"))
    assert not is_same_tenant(replace(PINNED, tenant="t"), replace(PINNED, tenant="x"))


def test_the_id_alone_decides_on_this_machine_only():
    moved = replace(LOCAL, address="http://127.0.0.1:9999/api")

    assert only_shown_tells(LOCAL, moved)
    assert not only_shown_tells(replace(LOCAL, tenant=""), moved)
    assert not only_shown_tells(LOCAL, replace(LOCAL, address="https://sft.example/api"))
    assert not only_shown_tells(replace(PINNED, tenant="t"), replace(PINNED, address="https://other/api"))


@pytest.mark.parametrize(
    ("pinned", "seen", "is_right"),
    [
        pytest.param(PINNED, PINNED, True, id="nothing is shown, a user logs in"),
        pytest.param(PINNED, replace(PINNED, tenant="t"), True, id="the first id"),
        pytest.param(replace(PINNED, tenant="t"), replace(PINNED, tenant="t"), True, id="the same id"),
        pytest.param(replace(PINNED, tenant="t"), replace(PINNED, tenant="x"), False, id="another id"),
        pytest.param(replace(PINNED, tenant="t"), PINNED, True, id="shown no more, the user is the same"),
        pytest.param(replace(PINNED, tenant="t"), replace(PINNED, credential="c"), False, id="shown no more, a token"),
        pytest.param(replace(PINNED, credential="c"), replace(PINNED, credential="c"), True, id="the same token"),
        pytest.param(replace(PINNED, credential="c"), replace(PINNED, credential="d"), False, id="another token"),
        pytest.param(
            replace(PINNED, credential="c"),
            replace(PINNED, credential="d", tenant="t"),
            False,
            id="another token, and an id nobody knew",
        ),
        pytest.param(LOCAL, replace(LOCAL, address="http://127.0.0.1:1/api", tenant=""), False, id="moved, no id"),
        pytest.param(LOCAL, replace(LOCAL, address="http://127.0.0.1:1/api"), True, id="moved, the same id"),
    ],
)
def test_what_is_shown_is_compared_with_what_was_shown(pinned, seen, is_right):
    if is_right:
        check_shown("travel", pinned, seen)
        return
    with pytest.raises(WrongTenant):
        check_shown("travel", pinned, seen)


def test_no_sentence_holds_a_hash():
    marks = replace(PINNED, credential="5ec2e7")

    assert "5ec2e7" not in marks.sentence()


def test_two_names_of_one_tenant_are_found_once():
    known = {"a": PINNED, "b": replace(PINNED, user="v"), "c": PINNED}

    assert doubles(known) == [("a", "c")]
