"""Settings come from a file and the environment, and what is wrong with them is named without its value."""

import os
import subprocess
import sys

import pytest

from adapters import settings
from domain.errors import SettingsError

CANARY = "hunter2-canary"
TRAVEL = """
[accounts.travel]
base_url = "https://sft.bics.com/api"
username = "me"
"""


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    """No settings but those of the test."""
    for name in [name for name in os.environ if name.startswith("PREACTIVE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    settings.load.cache_clear()
    yield
    settings.load.cache_clear()


@pytest.fixture
def write(tmp_path):
    def write(text, name="preactive.toml"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def refused():
    with pytest.raises(SettingsError) as told:
        settings.load()
    assert CANARY not in str(told.value)
    assert CANARY not in repr(told.value.__cause__)
    return str(told.value)


# --- where they come from ---


def test_without_any_settings_there_is_the_demo_account():
    name, account = settings.account(None)

    assert (name, account.base_url) == ("demo", "http://127.0.0.1:8765/api")
    assert account.group("eu-10gb").addon_plan_id == "654321"


def test_an_account_is_read_from_the_file(write):
    write(TRAVEL + '[accounts.travel.groups]\neu = { tag = "eu" }\n')

    name, account = settings.account("travel")

    assert (name, account.username, account.group("eu").tag) == ("travel", "me", "eu")
    assert settings.account("demo")[1].username == "api-user"


def test_the_file_may_stand_elsewhere(write, monkeypatch):
    monkeypatch.setenv("PREACTIVE_CONFIG", str(write(TRAVEL, "other.toml")))

    assert settings.account("travel")[1].username == "me"


def test_a_file_that_is_named_and_missing_is_said_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "missing.toml"))

    assert refused() == f"The settings file {tmp_path / 'missing.toml'} that PREACTIVE_CONFIG names does not exist."


def test_a_password_comes_from_the_environment(write, monkeypatch):
    write(TRAVEL)
    monkeypatch.setenv("PREACTIVE_ACCOUNTS__TRAVEL__PASSWORD", CANARY)

    account = settings.account("travel")[1]

    assert account.password.get_secret_value() == CANARY
    assert account.username == "me"


def test_the_environment_is_stronger_than_the_file_and_the_file_than_what_is_built_in(write, monkeypatch):
    write(
        'default_account = "travel"\nstore_url = "sqlite:///file.db"\n' + TRAVEL + "[accounts.demo]\nmax_change = 7\n"
    )
    monkeypatch.setenv("PREACTIVE_STORE_URL", "sqlite:///environment.db")
    monkeypatch.setenv("PREACTIVE_ACCOUNTS__TRAVEL__RATE_PER_SECOND", "0.5")
    loaded = settings.load()

    assert loaded.store_url == "sqlite:///environment.db"
    assert loaded.default_account == "travel"
    assert loaded.accounts["travel"].rate_per_second == 0.5
    assert (loaded.accounts["demo"].max_change, loaded.accounts["demo"].username) == (7, "api-user")


def test_a_whole_account_may_come_from_the_environment(monkeypatch):
    for name, value in {"BASE_URL": "https://sft.bics.com/api", "USERNAME": "me", "PASSWORD": CANARY}.items():
        monkeypatch.setenv(f"PREACTIVE_ACCOUNTS__TRAVEL__{name}", value)

    assert settings.account("travel")[1].password.get_secret_value() == CANARY


def test_a_password_may_stand_in_a_file_of_its_own(write):
    secret = write(f"{CANARY}\n", "secret")
    write(TRAVEL + f'password_file = "{secret}"\n')

    assert settings.account("travel")[1].password.get_secret_value() == CANARY


def test_a_password_file_that_is_missing_is_named_when_the_account_is_used(write, tmp_path):
    write(TRAVEL + f'password_file = "{tmp_path / "nowhere"}"\n')

    assert settings.account("demo")[0] == "demo"
    with pytest.raises(SettingsError, match="nowhere with the account's password cannot be read"):
        settings.account("travel")


def test_settings_are_read_once(write):
    write(TRAVEL)
    first = settings.load()
    write("")

    assert settings.load() is first


# --- what is wrong with them ---


def test_an_unknown_key_is_named_with_its_place(write):
    write('stroe_url = "x"\n' + TRAVEL + f'passwrod = "{CANARY}"\n')

    sentence = refused()

    assert "stroe_url: " in sentence
    assert "accounts.travel.passwrod: " in sentence
    assert "preactive.toml" in sentence


def test_all_that_is_wrong_is_named_at_once(write):
    write(TRAVEL + 'rate_per_second = -1\npage_size = "many"\n[accounts.other]\nusername = "x"\n')

    sentence = refused()

    for place in ("accounts.travel.rate_per_second", "accounts.travel.page_size", "accounts.other.base_url"):
        assert f"{place}: " in sentence


@pytest.mark.parametrize(
    "lines",
    [
        f'base_url = "https://me:{CANARY}@sft.bics.com/api"',
        f'base_url = "http://{CANARY}.example/api"',
        f'base_url = "https://sft.bics.com/api"\npassword = ["{CANARY}"]',
        f'base_url = "https://sft.bics.com/api"\ntoken = {{ value = "{CANARY}" }}',
        f'base_url = "https://sft.bics.com/api"\nname_template = "{{{CANARY}}}"',
        f'base_url = "https://sft.bics.com/api"\nrate_per_second = "{CANARY}"',
    ],
)
def test_a_wrong_value_is_not_shown(write, lines):
    write(f"[accounts.travel]\n{lines}\n")

    assert "accounts.travel." in refused()


@pytest.mark.parametrize(
    "text", [f"password = {CANARY}", f'password = "{CANARY}', f"= {CANARY}", f'a = 1\na = "{CANARY}"', f"[{CANARY}"]
)
def test_a_file_that_is_no_toml_is_refused_with_its_line(write, text):
    write(text)

    sentence = refused()

    assert sentence.startswith("The settings file preactive.toml cannot be read: ")
    assert "line" in sentence or "end of document" in sentence


def test_a_file_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "preactive.toml").write_bytes(f'a = "{CANARY}'.encode("utf-16"))

    assert "cannot be read" in refused()


def test_an_environment_that_is_no_json_is_refused_without_its_value(monkeypatch):
    monkeypatch.setenv("PREACTIVE_ACCOUNTS", f'{{"travel": {{"password": "{CANARY}"')

    assert "accounts" in refused()


def test_a_wrong_value_in_the_environment_is_not_shown(monkeypatch):
    monkeypatch.setenv("PREACTIVE_ACCOUNTS__TRAVEL__BASE_URL", f"https://me:{CANARY}@sft.bics.com/api")

    assert "accounts.travel.base_url" in refused()


def test_a_typing_error_in_the_environment_is_not_ignored(monkeypatch):
    """A setting that somebody believes to be set, and that is not, is worse than an error."""
    monkeypatch.setenv("PREACTIVE_STROE_URL", "sqlite:///elsewhere.db")

    assert "PREACTIVE_STROE_URL" in refused().upper()


def test_an_unknown_account_is_told_with_those_there_are(write):
    write(TRAVEL)

    with pytest.raises(SettingsError, match=r"There is no account 'travle' in the settings; there are: demo, travel\."):
        settings.account("travle")


def test_a_default_account_that_is_not_there_is_told(write):
    write('default_account = "gone"\n')

    with pytest.raises(SettingsError, match="no account 'gone'"):
        settings.account(None)


def test_secrets_are_not_shown_by_the_settings(write):
    write(TRAVEL + f'password = "{CANARY}"\ntoken = "{CANARY}"\n')
    loaded = settings.load()

    assert CANARY not in f"{loaded!r} {loaded} {loaded.model_dump()} {loaded.model_dump_json()}"


def test_a_process_that_has_read_secrets_leaves_no_image_of_its_memory():
    read = "from adapters import settings; import resource; settings.account(None); print(resource.getrlimit(4))"
    ended = subprocess.run([sys.executable, "-c", read], capture_output=True, text=True, check=True)

    assert ended.stdout.strip() == "(0, 0)"


@pytest.mark.parametrize("url", ["mysql://host/db", "postgresql://host/db", "store.db"])
def test_a_store_that_there_is_not_is_a_wrong_setting(url, monkeypatch):
    monkeypatch.setenv("PREACTIVE_STORE_URL", url)

    words = refused()
    assert "store_url: must begin with sqlite:/// or postgresql+psycopg://" in words
    assert "Value error" not in words
