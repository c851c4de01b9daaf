"""A worker's run that would lose its record is refused, with what it lacks."""

import pytest

from adapters import settings
from domain.errors import SettingsError
from flows.checks import worker_places
from tasks.places import check_places

KEPT = {
    "PREACTIVE_STORE_URL": "sqlite:////srv/s.db",
    "PREACTIVE_REPORTS_DIR": "/srv/r",
    "PREACTIVE_INBOX_DIR": "/srv/i",
}
OWN = {"PREACTIVE_ACCOUNTS__DEMO__RATE_PER_SECOND": "10"}


@pytest.fixture
def given(tmp_path, monkeypatch):
    """Sets the variables of a process that works in an empty folder."""

    def give(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.load.cache_clear()

    monkeypatch.chdir(tmp_path)
    yield give
    settings.load.cache_clear()


def refused() -> str:
    """What a run of a worker is refused with."""
    with pytest.raises(SettingsError) as error:
        check_places("preactive")
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PREACTIVE_STORE_URL", "sqlite:///data/store.db"),
        ("PREACTIVE_REPORTS_DIR", "reports"),
        ("PREACTIVE_INBOX_DIR", "./inbox"),
    ],
)
def test_each_relative_place_is_named_alone(given, name, value):
    given(**(OWN | KEPT | {name: value}))

    wrong = name.removeprefix("PREACTIVE_").lower()
    assert f"when it ends; {wrong} would be lost with it, so nothing was sent. Give the worker" in refused()


def test_all_that_is_relative_is_named_at_once(given):
    given(**OWN)

    assert "; store_url, reports_dir, inbox_dir would be lost with it, so nothing was sent." in refused()


def test_a_worker_without_settings_is_told_that_it_has_none(given):
    given(**KEPT)

    assert "when it ends; it has no settings file, so nothing was sent." in refused()


def test_a_settings_file_that_is_named_and_not_there_is_refused(given):
    given(**KEPT, PREACTIVE_CONFIG="preactive.toml")

    assert refused() == "The settings file preactive.toml that PREACTIVE_CONFIG names does not exist."


@pytest.mark.parametrize("url", ["sqlite:////srv/s.db", "postgresql+psycopg://preactive@db.example/preactive"])
def test_absolute_places_and_accounts_are_enough(given, url):
    given(**(OWN | KEPT | {"PREACTIVE_STORE_URL": url}))

    check_places("preactive")


def test_without_a_work_pool_relative_places_are_kept(given):
    given()

    check_places(None)


@pytest.mark.parametrize(("named", "told"), [(False, "PREACTIVE_CONFIG is none"), (True, "settings name absolute")])
def test_the_doctor_names_a_settings_file_that_a_worker_would_not_find(given, tmp_path, named, told):
    file = tmp_path / "preactive.toml"
    file.write_text('store_url = "sqlite:////srv/s.db"\nreports_dir = "/srv/r"\ninbox_dir = "/srv/i"\n')
    given(**({"PREACTIVE_CONFIG": str(file)} if named else {}))

    assert told in worker_places().text
