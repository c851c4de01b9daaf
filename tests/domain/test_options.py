"""The knobs of an account."""

import pytest
from pydantic import ValidationError

from adapters.platforms.sft.client import PATHS
from domain.errors import SettingsError, UnknownGroup
from domain.options import CALLS, Account, GroupTarget, check_tag, is_loopback, safe_name
from tests.support.works import account

SECRET = "hunter2-canary"


# --- the address ---


@pytest.mark.parametrize(
    "url",
    [
        "https://sft.bics.com/api",
        "https://sft.bics.com/api/",
        "http://127.0.0.1:8765/api",
        "http://127.8.9.1/api",
        "http://localhost/api",
        "http://LOCALHOST:1/api",
        "http://[::1]:80/api",
    ],
)
def test_an_address_is_https_or_on_this_machine(url):
    assert account(base_url=url).base_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://sft.bics.com/api",
        "http://10.0.0.1/api",
        "http://0.0.0.0/api",
        "http://localhost.evil.example/api",
        "http://127.0.0.1.evil.example/api",
        "http://127.1/api",
        "ftp://127.0.0.1/api",
        "file:///etc/passwd",
        "sft.bics.com/api",
        "https://",
        "https:///api",
        "",
        "https://[::1/api",
    ],
)
def test_any_other_address_is_refused(url):
    with pytest.raises(ValidationError, match="base_url"):
        account(base_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "https://user@sft.bics.com/api",
        "https://user:pass@sft.bics.com/api",
        "https://:pass@sft.bics.com/api",
        "http://127.0.0.1\\@evil.example/api",
        "https://sft.bics.com/api?key=1",
        "https://sft.bics.com/api#part",
    ],
)
def test_an_address_holds_no_credentials_query_or_fragment(url):
    with pytest.raises(ValidationError, match="must not hold"):
        account(base_url=url)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "127.255.0.1"])
def test_loopback_is_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["example.org", "10.0.0.1", "::", "", "localhost.", "2130706433"])
def test_nothing_else_is_loopback(host):
    assert not is_loopback(host)


# --- names ---


def test_an_unknown_key_is_refused_by_name():
    with pytest.raises(ValidationError, match="rate_per_minute"):
        account(rate_per_minute=3)


def test_an_account_cannot_be_changed_after_it_was_read():
    with pytest.raises(ValidationError, match="frozen"):
        account().rate_per_second = 100


@pytest.mark.parametrize("template", ["{batch}-{row:06d}", "{iccid}", "meter {row}", "fixed", "{{x}}"])
def test_a_name_template_may_use_batch_row_and_iccid(template):
    assert account(name_template=template).name_template == template


@pytest.mark.parametrize(
    "template",
    ["{}", "{0}", "{name}", "{row:x06d", "{row", "}", "{batch!x}", "{row[0]}", "{batch.x}", "{batch.__class__}"],
)
def test_a_name_template_with_anything_else_is_refused(template):
    with pytest.raises(ValidationError, match="name_template"):
        account(name_template=template)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rate_per_second", 0),
        ("rate_per_second", -1),
        ("rate_per_second", float("nan")),
        ("rate_per_second", float("inf")),
        ("max_in_flight", 0),
        ("max_in_flight", 513),
        ("deadline_seconds", 0),
        ("settle_seconds", -1),
        ("max_reject_ratio", 1.1),
        ("max_change", 0),
        ("page_size", 251),
        ("platform", "other"),
        ("platform_tags", "sometimes"),
        ("activate_with", "Magic"),
    ],
)
def test_a_knob_outside_its_bounds_is_refused(field, value):
    with pytest.raises(ValidationError, match=field):
        account(**{field: value})


def test_the_defaults_are_the_careful_ones():
    careful = Account(base_url="https://sft.bics.com/api")

    assert careful.rate_per_second < 2.0  # the platform's limit is said to be 2
    assert careful.deadline_seconds > 180  # the platform's own limit for a write
    assert careful.settle_seconds >= 300
    assert careful.max_in_flight <= 4
    assert careful.bulk is None


# --- groups ---


@pytest.mark.parametrize("target", [{"addon_plan_id": "1"}, {"plan_id": "1"}, {"tag": "eu"}])
def test_a_group_is_exactly_one_thing(target):
    assert GroupTarget.model_validate(target).model_dump(exclude_none=True) == target


@pytest.mark.parametrize("target", [{}, {"addon_plan_id": "1", "tag": "eu"}, {"plan_id": "1", "addon_plan_id": "1"}])
def test_a_group_of_nothing_or_of_two_things_is_refused(target):
    with pytest.raises(ValidationError, match="exactly one"):
        GroupTarget.model_validate(target)


@pytest.mark.parametrize("target", [{"addon_plan_id": ""}, {"tag": "a b"}, {"tag": ""}, {"tag": "eu\n"}, {"adon": "1"}])
def test_a_group_with_an_unusable_target_is_refused(target):
    with pytest.raises(ValidationError):
        GroupTarget.model_validate(target)


def test_an_unknown_group_is_named_with_those_there_are():
    settings = account(groups={"eu": {"tag": "eu"}, "us": {"tag": "us"}})

    with pytest.raises(UnknownGroup, match="no group 'asia'; its settings name: eu, us"):
        settings.group("asia")
    assert settings.group("eu").tag == "eu"


# --- secrets ---


def test_a_secret_is_not_shown_by_the_account():
    settings = account(password=SECRET, token=SECRET)

    assert SECRET not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"


def test_a_password_may_stand_in_a_file(tmp_path):
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n")

    assert account(password_file=file).with_secrets().password.get_secret_value() == SECRET


def test_a_token_may_stand_in_a_file(tmp_path):
    file = tmp_path / "token"
    file.write_text(SECRET)

    with_secrets = account(token_file=file, password="kept").with_secrets()

    assert with_secrets.token.get_secret_value() == SECRET
    assert with_secrets.password.get_secret_value() == "kept"


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xff"])
def test_a_secret_file_that_cannot_be_read_is_named(tmp_path, content):
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SettingsError, match=r"The file .*password with the account's password cannot be read"):
        account(password_file=file).with_secrets()


# --- patience ---


def test_the_settle_time_begins_when_a_call_can_no_longer_be_under_way():
    """A call starts at most one send window after its intent, and is given up a deadline later."""
    settings = account(deadline_seconds=200, settle_seconds=300, rate_per_second=1.5)

    assert settings.send_window == 30.0
    assert settings.patience.safe_after(0.0) == 200 + 30 + 300


def test_a_slow_account_has_a_longer_send_window():
    assert account(rate_per_second=0.1).send_window == 40.0
    assert account(deadline_seconds=5, rate_per_second=100).send_window == 5.0


# --- tags and names ---


@pytest.mark.parametrize("tag", ["a", "EU_10-gb", "x" * 100])
def test_a_usable_tag_stays_as_it_is(tag):
    assert check_tag(tag) == tag


@pytest.mark.parametrize("tag", ["", "a b", "é", "a\n", "x" * 101, "op:1"])
def test_an_unusable_tag_is_refused(tag):
    with pytest.raises(SettingsError):
        check_tag(tag)


@pytest.mark.parametrize(
    ("text", "name"),
    [("march 2026.csv", "march-2026-csv"), ("--x--", "x"), ("é", "batch"), ("", "batch"), ("y" * 99, "y" * 80)],
)
def test_a_name_becomes_a_safe_word(text, name):
    assert safe_name(text) == name


# --- paths ---


def test_a_path_of_a_call_that_does_not_exist_is_refused_by_name():
    with pytest.raises(ValidationError, match=r"paths has no call atach_tag; there are: activate, .*attach_tag"):
        account(paths={"atach_tag": "/createEndpointTag", "create": "/CreateEndPoint"})


def test_a_path_on_a_platform_that_takes_none_from_its_settings_is_refused():
    """A setting that somebody believes to have made, and has not, is worse than an error."""
    with pytest.raises(ValidationError, match="paths changes nothing on stacuity"):
        account(platform="stacuity", paths={"edit": "/endpoints"})


def test_the_paths_that_can_be_set_are_those_of_the_client():
    assert CALLS["sft"] == set(PATHS)


def test_a_sim_may_come_from_another_account_of_the_platform_and_never_from_a_simulator_or_another_platform():
    def on(platform, base_url):
        return Account(platform=platform, base_url=base_url)

    real, white_label = on("stacuity", "https://one.example"), on("stacuity", "https://two.example")
    others = [on("stacuity", "http://127.0.0.1:1"), on("sft", "https://one.example")]

    assert real.has_the_sims_of(white_label)
    assert [real.has_the_sims_of(other) for other in others] == [False, False]


def test_a_group_of_a_platform_that_is_longer_than_any_is_unknown():
    account = Account(platform="stacuity", base_url="https://example.test", groups={})

    assert account.group("g" * 64).endpoint_group == "g" * 64
    with pytest.raises(UnknownGroup):
        account.group("g" * 65)
